// The score of `opal soak`: it has to see what nobody noticed. With the frames' own check switched
// off, pixels that changed places are used as if nothing had happened; the score says so.
#include "cli/soak.h"

#include "cli/calibration_run.h"
#include "tests/cli/scratch_folder.h"

#include <doctest/doctest.h>

#include <string>

using namespace opal::cli;

namespace {

// The bench of opal_program.py.
SoakOptions small_soak(const ScratchFolder& folder, Session& session) {
    SoakOptions options;
    options.bench.overrides = {"dmd.rows=240",          "dmd.columns=320",
                               "dmd.macro_pixel_px=10", "dmd.illumination_waist_px=300",
                               "sensor.rows=128",       "sensor.columns=128",
                               "laser.warm_up_s=0.1"};
    options.bench.record = folder / "record.h5";
    options.bench.threads = 1;
    options.faults = folder / "faults.yaml";
    std::ofstream(options.faults) << "seed: 1\nfaults:\n  - fault: pixels_swapped\n"
                                     "    every_frames: 400\n";
    options.frames = 4000;
    CalibrationRunOptions calibration;
    calibration.calibration.region_rows = 64;
    calibration.calibration.region_columns = 64;
    calibration.record_file = options.bench.record;
    const auto bench = options.bench.open(session);
    REQUIRE(run_calibration(session, bench->bench(), calibration).complete());
    return options;
}

}  // namespace

TEST_CASE("wrong pairs are seen where nobody checks, and none are where somebody does") {
    const ScratchFolder folder;
    Interruption interruption;
    Session session{interruption, Terminal(), {}};
    SoakOptions options = small_soak(folder, session);

    const SoakReport checked = soak(session, options);
    CHECK(checked.total().injected >= 3);
    CHECK(checked.total().detected == checked.total().injected);
    CHECK(checked.pairs > 0);
    CHECK(checked.wrong_pairs == 0);
    CHECK(checked.vectors == checked.asked);
    CHECK(checked.lost_vectors() == 0);
    CHECK(checked.passed());

    options.check_frames = false;
    const SoakReport believed = soak(session, options);
    CHECK(believed.total().injected >= 3);
    // Each swap puts two frames into each other's places; both are used.
    CHECK(believed.wrong_pairs == 2 * believed.total().injected);
    CHECK(believed.total().missed == believed.total().injected);
    CHECK_FALSE(believed.passed());
}

TEST_CASE("nothing is no success, and what was not answered is lost") {
    SoakReport report;
    CHECK_FALSE(report.passed());
    report.pairs = 1;
    CHECK(report.passed());
    report.asked = 5;
    report.vectors = 2;
    report.refused = 2;
    CHECK(report.lost_vectors() == 1);
    CHECK_FALSE(report.passed());
}
