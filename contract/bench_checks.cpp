// The Bench contract, sentence by sentence: who is there, and a whole run with everything.
#include "contract/bench_run.h"
#include "contract/checks.h"
#include "contract/trial.h"

namespace opal::contract {

namespace {

void bench_new(Trial& trial) {
    hal::Bench& bench = trial.bench();
    OPAL_EQUAL(bench.laser().status().state, hal::LaserState::off);
    OPAL_EXPECT(!bench.dmd().status().running);
    OPAL_EXPECT(!bench.camera().status().armed);
    OPAL_EXPECT(!bench.name().empty());
    OPAL_EXPECT(bench.laser_limit_mw() > 0);
    OPAL_EXPECT(bench.laser_limit_mw() <= bench.laser().info().max_power_mw);
}

void bench_info(Trial& trial) {
    hal::Bench& bench = trial.bench();
    OPAL_EXPECT(!bench.dmd().info().model.empty());
    OPAL_EXPECT(!bench.camera().info().model.empty());
    OPAL_EXPECT(!bench.laser().info().model.empty());
    OPAL_EXPECT(bench.dmd().info().rows > 0);
    OPAL_EXPECT(bench.dmd().info().columns > 0);
    OPAL_EXPECT(bench.dmd().info().pitch_um > 0);
    OPAL_EXPECT(bench.dmd().info().max_entries > 0);
    OPAL_EXPECT(bench.camera().info().pitch_um > 0);
    OPAL_EXPECT(bench.camera().info().region_step_px > 0);
    OPAL_EXPECT(bench.camera().info().max_exposure > bench.camera().info().min_exposure);
    OPAL_EXPECT(bench.laser().info().wavelength_nm > 0);
    OPAL_EQUAL(&bench.dmd(), &bench.dmd());
    OPAL_EQUAL(&bench.camera().info(), &bench.camera().info());
}

void bench_identity(Trial& trial) {
    const std::string first = trial.bench().identity();
    OPAL_EXPECT(!first.empty());
    if (!trial.rig().reopen()) trial.skip("this bench cannot be closed and opened again");
    OPAL_EQUAL(trial.bench().identity(), first);
    OPAL_EQUAL(trial.bench().laser().status().state, hal::LaserState::off);
}

void bench_run(Trial& trial) {
    hal::Bench& bench = trial.bench();
    const RunTiming timing = comfortable_timing(bench, trial.lit_exposure());
    const auto light = full_light(bench);
    const auto patterns = striped_patterns(bench.dmd().info(), 4);
    bench.dmd().load(0, patterns);
    bench.dmd().program(sequence_of(4, timing));
    std::vector<hal::Frame> runs[2];
    for (auto& frames : runs) {
        bench.camera().arm(4);
        bench.dmd().start();
        frames = receive_all(bench, 4);
        bench.camera().disarm();
        OPAL_REQUIRE_EQUAL(frames.size(), 4);
    }
    // Frame k of the second run looks most like frame k of the first: the interferograms of
    // different patterns differ by more than the noise.
    for (std::size_t k = 0; k < 4; ++k)
        for (std::size_t other = 0; other < 4; ++other)
            if (other != k)
                OPAL_EXPECT(rms_difference(runs[1][k], runs[0][k]) <
                            rms_difference(runs[1][k], runs[0][other]));
}

}  // namespace

std::vector<Check> bench_checks() {
    return {
        {"bench", "Bench: a new one is dark, stopped and disarmed", Light::none, true, &bench_new},
        {"bench", "Bench: the devices say who they are and what they can do", Light::none, false,
         &bench_info},
        {"bench", "Bench: closed and opened again it has the same identity", Light::none, false,
         &bench_identity},
        {"bench", "Bench: a whole run gives one frame per pattern, twice", Light::emits, false,
         &bench_run},
    };
}

}  // namespace opal::contract
