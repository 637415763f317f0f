// How long a training run waits for a projection through the simulated light: batches of 128 errors
// of ten components, ternarised, on the scene `lab`, as `opal train mnist -m optical` makes them.
// The bench is calibrated first, which takes some seconds.
//
//   bench_optical_projection
//
// "vectors" and "exposures" are per second. What bounds it: exposures cannot come faster than
// bench_sim_training renders and demodulates them.
#include "calibration/calibrate.h"
#include "projection/optical_projector.h"
#include "sim/scene_file.h"
#include "sim/simulated_bench.h"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>

namespace {

using namespace opal;

constexpr Eigen::Index batch = 128;
constexpr Eigen::Index inputs = 10;

// Softmax errors of a network that is mostly right: the label's component against the rest, with
// one rival each.
dfa::Matrix errors(std::uint32_t seed) {
    std::uint32_t state = seed * 2654435761u + 12345u;
    const auto next = [&](std::uint32_t below) {
        state = state * 1664525u + 1013904223u;
        return (state >> 16) % below;
    };
    dfa::Matrix made = dfa::Matrix::Zero(batch, inputs);
    for (Eigen::Index b = 0; b < batch; ++b) {
        const auto label = static_cast<Eigen::Index>(next(inputs));
        const auto rival = static_cast<Eigen::Index>(next(inputs));
        const float wrong = static_cast<float>(1 + next(999)) / 1000;
        made.row(b).setConstant(0.01F * wrong);
        made(b, rival) += 0.9F * wrong;
        made(b, label) -= wrong;
    }
    return made;
}

const calibration::Record& record() {
    static const calibration::Record measured = [] {
        const auto bench = sim::make_simulated_bench(sim::load_scene("lab"), {});
        calibration::Options options;
        options.inputs = inputs;
        calibration::Observer nobody;
        return calibration::calibrate(*bench, options, nobody);
    }();
    return measured;
}

void project(benchmark::State& state) {
    const auto bench = sim::make_simulated_bench(sim::load_scene("lab"), {});
    projection::OpticalOptions how;
    how.threads = static_cast<int>(state.range(0));
    how.quantiser.kind = projection::Quantisation::stochastic;
    projection::OpticalProjector projector(*bench, record(), how);
    dfa::Matrix feedback;
    std::uint32_t number = 0;
    for (; number < 50; ++number) projector.project(errors(number), feedback);
    const auto exposures = projector.stats().acquisitions;
    for (auto _ : state) {
        projector.project(errors(number++), feedback);
        benchmark::DoNotOptimize(feedback.data());
    }
    const auto rate = [&](double count) {
        return benchmark::Counter(count, benchmark::Counter::kIsRate);
    };
    state.counters["vectors"] = rate(static_cast<double>(state.iterations() * batch));
    state.counters["exposures"] =
        rate(static_cast<double>(projector.stats().acquisitions - exposures));
}

BENCHMARK(project)
    ->ArgName("demodulating")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

}  // namespace

BENCHMARK_MAIN();
