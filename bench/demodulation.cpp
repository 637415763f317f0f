// How many pixels a second become fields: off-axis demodulation of whole frames, and what bounds
// it.
//
//   bench_demodulation                           all sizes, 1 and 2 threads
//   bench_demodulation --benchmark_filter=2048   one size
//
// "pixels" is pixels per second of all threads together. "mac" is real multiply-adds per second
// of the two passes; its bound is the multiply and add rate of the vector units. "bytes" is what
// must come from memory at least: the counts and the two tables beside them.
#include "calibration/demodulator.h"
#include "calibration/low_pass.h"

#include <benchmark/benchmark.h>

#include <complex>
#include <cstdint>
#include <random>
#include <vector>

namespace {

using namespace opal;

calibration::Holography holography(int rows, int columns, int pitch, hal::PixelFormat format) {
    calibration::Holography h;
    h.region = {0, 0, rows, columns};
    h.format = format;
    h.black_level_dn = 4;
    h.carrier_rows_cpp = 0.3713;
    h.carrier_columns_cpp = 0.3641;
    h.pitch_rows_px = pitch;
    h.pitch_columns_px = pitch;
    h.mode_rows = rows / pitch;
    h.mode_columns = columns / pitch;
    h.reference_dn.assign(h.region.pixels(), format == hal::PixelFormat::mono8 ? 60.0F : 900.0F);
    return h;
}

void demodulate(benchmark::State& state) {
    const auto rows = static_cast<int>(state.range(0));
    const auto columns = static_cast<int>(state.range(1));
    const auto format = state.range(2) == 8 ? hal::PixelFormat::mono8 : hal::PixelFormat::mono12;
    constexpr int pitch = 4;
    const calibration::Holography h = holography(rows, columns, pitch, format);
    const calibration::Demodulator own(h);
    hal::Frame frame;
    frame.reshape(h.region, h.format);
    std::mt19937 bits(1);
    if (format == hal::PixelFormat::mono8) {
        for (auto& count : frame.as_u8()) count = static_cast<std::uint8_t>(bits() & 0xFF);
    } else {
        for (auto& count : frame.as_u16()) count = static_cast<std::uint16_t>(bits() & 0xFFF);
    }
    std::vector<std::complex<float>> field(own.modes());
    calibration::Demodulator::Workspace workspace;
    for (auto _ : state) {
        own.demodulate(frame, field, workspace);
        benchmark::ClobberMemory();
    }
    const auto pixels = static_cast<double>(h.region.pixels());
    const auto frames = static_cast<double>(state.iterations());
    const double taps = 2 * calibration::low_pass_reach_px(pitch) + 1;
    const double mac = pixels / pitch * 2 * taps + pixels / (pitch * pitch) * 4 * taps;
    const double bytes = pixels * static_cast<double>(hal::bytes_per_pixel(format) + 8);
    state.counters["pixels"] = benchmark::Counter(frames * pixels, benchmark::Counter::kIsRate);
    state.counters["mac"] = benchmark::Counter(frames * mac, benchmark::Counter::kIsRate);
    state.counters["bytes"] = benchmark::Counter(frames * bytes, benchmark::Counter::kIsRate);
}

BENCHMARK(demodulate)
    ->ArgNames({"rows", "columns", "bits"})
    ->Args({128, 128, 8})
    ->Args({256, 256, 12})
    ->Args({1024, 2048, 12})
    ->Args({4096, 4096, 8})
    ->UseRealTime()
    ->ThreadRange(1, 2);

}  // namespace

BENCHMARK_MAIN();
