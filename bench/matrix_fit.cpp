// How long the transmission matrix takes to compute, frames given: demodulation of all frames, then
// gains and matrix from their fields; and what bounds it.
//
//   bench_matrix_fit                                 4,096 inputs x 16,384 modes and smaller
//   bench_matrix_fit --benchmark_filter=inputs:1024  one size
//
// Modes form a square of `side` by `side`; the largest size needs 2.7 GiB. "demodulate_s" and
// "fit_s" are seconds each; frames have 8 pixels per mode and come from memory, 16 different ones
// in turn. "bytes" is what one round of the fit must read at least, per second: every
// field once. "error" is the relative error of the matrix found.
#include "calibration/matrix_fit.h"
#include "calibration/demodulator.h"
#include "calibration/hadamard_tile.h"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <complex>
#include <cstdint>
#include <random>
#include <vector>

namespace {

using namespace opal;
using Field = std::complex<float>;

std::vector<Field> random_fields(std::size_t size, float rms, std::uint32_t seed) {
    std::mt19937 bits(seed);
    // Uniform in a square: the time does not depend on the distribution.
    const auto part = [&] {
        return rms * 1.2247449F * (static_cast<float>(bits()) / 2147483648.0F - 1.0F);
    };
    std::vector<Field> fields(size);
    for (Field& f : fields) f = {part(), part()};
    return fields;
}

// One repeat of a whole measurement without noise, gains wandering once around the circle.
struct Measurement {
    Measurement(int inputs, std::size_t modes)
        : plan(inputs, 1, signs(inputs)),
          truth(random_fields(inputs * modes, 1, 1)),
          store(plan.frames(), modes, plan.frames() * modes * sizeof(Field), {}) {
        identity.columns = random_fields(calibration::code_blocks * modes, 10, 2);
        identity.background = random_fields(modes, 1, 3);
        std::vector<Field> fields(plan.frames() * modes);
        calibration::HadamardTile tile(plan, modes);
        for (std::size_t first = 0; first < modes; first += tile.most_modes) {
            tile.move_to(first, std::min(tile.most_modes, modes - first));
            tile.predict(truth, [&](std::size_t f, std::span<const Field> light) {
                const auto turn = static_cast<float>(f) / static_cast<float>(plan.frames());
                const Field gain = std::polar(1.0F, 6.2831853F * turn);
                for (std::size_t m = 0; m < light.size(); ++m) {
                    Field sum = light[m] + identity.background[first + m];
                    for (int j = 0; j < calibration::code_blocks; ++j)
                        if (calibration::Layout::code_bit(plan.word(f), j))
                            sum +=
                                identity.columns[static_cast<std::size_t>(j) * modes + first + m];
                    fields[f * modes + first + m] = gain * sum;
                }
            });
        }
        for (std::size_t f = 0; f < plan.frames(); ++f)
            store.write(f, std::span(fields).subspan(f * modes, modes));
    }
    static std::vector<std::int8_t> signs(int inputs) {
        std::mt19937 bits(4);
        std::vector<std::int8_t> drawn;
        for (int i = 0; i < inputs; ++i) drawn.push_back(bits() >> 31 ? 1 : -1);
        return drawn;
    }

    calibration::HadamardPlan plan;
    std::vector<Field> truth;
    calibration::Identity identity;
    calibration::FieldStore store;  // in memory
};

double relative_error(const std::vector<Field>& found, const std::vector<Field>& truth) {
    double off = 0;
    double all = 0;
    for (std::size_t k = 0; k < truth.size(); ++k) {
        off += std::norm(std::complex<double>(found[k] - truth[k]));
        all += std::norm(std::complex<double>(truth[k]));
    }
    return std::sqrt(off / all);
}

void matrix(benchmark::State& state) {
    using Clock = std::chrono::steady_clock;
    const auto inputs = static_cast<int>(state.range(0));
    const auto side = static_cast<int>(state.range(1));
    calibration::Holography h;
    h.region = {0, 0, 2 * side, 4 * side};
    h.carrier_rows_cpp = 0.25;
    h.carrier_columns_cpp = 0.3641;
    h.pitch_rows_px = 2;
    h.pitch_columns_px = 4;
    h.mode_rows = side;
    h.mode_columns = side;
    h.reference_dn.assign(h.region.pixels(), 60.0F);
    const calibration::Demodulator demodulator(h);
    const std::size_t modes = demodulator.modes();
    Measurement measured(inputs, modes);

    std::vector<hal::Frame> frames(16);
    std::mt19937 bits(5);
    for (hal::Frame& frame : frames) {
        frame.reshape(h.region, h.format);
        for (auto& count : frame.as_u8()) count = static_cast<std::uint8_t>(bits() & 0xFF);
    }
    std::vector<Field> field(modes);
    calibration::Demodulator::Workspace workspace;
    double demodulate_s = 0;
    double fit_s = 0;
    calibration::MatrixFit fit;
    for (auto _ : state) {
        const auto begin = Clock::now();
        for (std::size_t f = 0; f < measured.plan.frames(); ++f) {
            demodulator.demodulate(frames[f % frames.size()], field, workspace);
            benchmark::ClobberMemory();
        }
        const auto middle = Clock::now();
        fit = calibration::fit_matrix(measured.plan, measured.identity, measured.store);
        benchmark::DoNotOptimize(fit.entries.data());
        const auto end = Clock::now();
        demodulate_s += std::chrono::duration<double>(middle - begin).count();
        fit_s += std::chrono::duration<double>(end - middle).count();
    }
    const auto runs = static_cast<double>(state.iterations());
    state.counters["demodulate_s"] = demodulate_s / runs;
    state.counters["fit_s"] = fit_s / runs;
    const auto bytes = static_cast<double>(measured.store.in_memory().size() * sizeof(Field));
    state.counters["bytes"] = bytes * runs / fit_s;
    state.counters["error"] = relative_error(fit.entries, measured.truth);
}

BENCHMARK(matrix)
    ->ArgNames({"inputs", "side"})
    ->Args({1024, 64})
    ->Args({4096, 64})
    ->Args({4096, 128})
    ->Unit(benchmark::kSecond)
    ->UseRealTime()
    ->Iterations(1);

}  // namespace

BENCHMARK_MAIN();
