// BenchMoment: a bench that begins where another one stood takes the frames the other would have
// taken next.
#include "sim/simulated_bench.h"
#include "tests/contract/bench_run.h"
#include "tests/contract/small_bench.h"

#include <doctest/doctest.h>

#include <vector>

using namespace opal;
using namespace opal::sim;
using namespace std::chrono_literals;

namespace {

// A day in the life of a bench: light on, one sequence, light off.
std::vector<hal::Frame> one_run(SimulatedBench& bench) {
    const auto patterns = contract::striped_patterns(bench.dmd().info(), 3);
    const auto timing = contract::comfortable_timing(bench, 200us);
    bench.camera().configure(contract::line_settings(bench.camera(), timing));
    bench.dmd().load(0, patterns);
    bench.dmd().program(contract::sequence_of(3, timing));
    const auto light = contract::full_light(bench);
    bench.camera().arm(64);
    bench.dmd().start();
    const auto frames = contract::receive_all(bench);
    bench.dmd().stop();
    bench.camera().disarm();
    return frames;
}

bool same(const std::vector<hal::Frame>& a, const std::vector<hal::Frame>& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t k = 0; k < a.size(); ++k) {
        if (a[k].bytes != b[k].bytes || a[k].device_time != b[k].device_time) return false;
    }
    return true;
}

}  // namespace

TEST_CASE("a bench goes on where another one of its scene stood") {
    // Everything that depends on time or on the exposure's number: drift, vibration, all noises.
    Scene scene = contract::small_scene();
    scene.name = "moments";
    const auto first = make_simulated_bench(scene);
    CHECK(first->moment().exposures == 0);
    const auto begun = one_run(*first);
    REQUIRE(begun.size() == 3);
    const BenchMoment moment = first->moment();
    CHECK(moment.exposures == 3);
    CHECK(moment.time > 0ns);
    const auto went_on = one_run(*first);

    const auto second = make_simulated_bench(scene, {.begin = moment});
    CHECK(second->clock().now().time_since_epoch() == moment.time);
    CHECK(same(one_run(*second), went_on));
    CHECK(second->moment().exposures == 6);

    // Noise goes by the number, drift by the time: with either missing, the frames are others.
    const auto fresh = make_simulated_bench(scene);
    CHECK(!same(one_run(*fresh), went_on));
    const auto early = make_simulated_bench(scene, {.begin = {0ns, moment.exposures}});
    CHECK(!same(one_run(*early), went_on));
    const auto unnumbered = make_simulated_bench(scene, {.begin = {moment.time, 0}});
    CHECK(!same(one_run(*unnumbered), went_on));
}
