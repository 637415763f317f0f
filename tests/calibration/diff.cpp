// What two records have to differ in to be called different: numbers of one, put in by hand.
#include "calibration/record_diff.h"

#include <doctest/doctest.h>

#include <chrono>

using namespace opal;
using calibration::Node;
using calibration::Record;

TEST_CASE("an exposure chosen otherwise is no change; less light in the same exposure is one") {
    // What two calibrations of `lab` found (--seed 1 and 5): 121.2 us with frames of 1510 DN on
    // average, 108.5 us with 1359 DN, black at 69 DN. The exposure rests on the few brightest
    // pixels and differs by a tenth, the light per time by 0.1 %.
    const auto with = [&](std::chrono::nanoseconds exposure, double mean_dn) {
        Record r;
        r.holography.black_level_dn = 69;
        r.drift.emplace();
        r.exposure.emplace().laser_power_mw = 50;
        r.exposure->timing.exposure = exposure;
        r.exposure->mean_dn = mean_dn;
        return r;
    };
    const auto kind = [&](const Record& after) {
        return calibration::compare(with(std::chrono::nanoseconds(121200), 1510), after,
                                    Node::exposure)
            .kind;
    };
    using Kind = calibration::NodeDiff::Kind;
    using std::chrono::nanoseconds;
    CHECK(kind(with(nanoseconds(108500), 1359)) == Kind::within);
    CHECK(kind(with(nanoseconds(121200), 69 + 0.96 * 1441)) == Kind::changed);
    // A longer exposure does not hide that the laser has aged.
    CHECK(kind(with(nanoseconds(126300), 1510)) == Kind::changed);
    // Half of the power gives half of the light.
    Record dimmed = with(nanoseconds(121200), 69 + 0.5 * 1441);
    dimmed.exposure->laser_power_mw /= 2;
    for (const auto& change : calibration::compare(with(nanoseconds(121200), 1510), dimmed).nodes)
        for (const auto& c : change.changes)
            if (c.what == "light of half-lit frames") CHECK_FALSE(c.significant);
    // One percent of power noise: eight frames know their mean to 0.35 %, four times that twice.
    Record noisy = with(nanoseconds(121200), 69 + 0.975 * 1441);
    CHECK(kind(noisy) == Kind::changed);
    noisy.drift->power_rms = 0.01;
    CHECK(kind(noisy) == Kind::within);
}
