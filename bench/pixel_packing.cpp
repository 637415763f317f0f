// How many pixels a second are packed and unpacked, and what bounds it: "bytes" is what moves
// through memory, packed and unpacked together, per second.
//
//   bench_pixel_packing                          all formats, 2048 x 1024 pixels, one thread
//   bench_pixel_packing --benchmark_filter=plain the definitions, bit by bit
#include "protocol/pixel_packing.h"

#include <benchmark/benchmark.h>

#include <vector>

namespace {

using namespace opal::protocol;

template <class Work>
void run(benchmark::State& state, Packing packing, const Work& work) {
    constexpr std::size_t pixels = 2048 * 1024;
    std::vector<std::uint16_t> counts(pixels, 0x2A5);
    std::vector<std::byte> bytes(packed_size(packing, pixels));
    for (auto _ : state) {
        work(bytes, counts);
        benchmark::ClobberMemory();
    }
    const auto runs = static_cast<double>(state.iterations());
    const auto moved = static_cast<double>(bytes.size() + 2 * pixels);
    state.counters["pixels"] = benchmark::Counter(runs * pixels, benchmark::Counter::kIsRate);
    state.counters["bytes"] = benchmark::Counter(runs * moved, benchmark::Counter::kIsRate);
}

void unpack(benchmark::State& state, Packing packing) {
    run(state, packing, [&](auto& bytes, auto& counts) { unpack_pixels(packing, bytes, counts); });
}
void pack(benchmark::State& state, Packing packing) {
    run(state, packing, [&](auto& bytes, auto& counts) { pack_pixels(packing, counts, bytes); });
}
void unpack_plain(benchmark::State& state, Packing packing) {
    run(state, packing,
        [&](auto& bytes, auto& counts) { unpack_pixels_plain(packing, bytes, counts); });
}
void copy(benchmark::State& state) {
    run(state, Packing::mono12p, [](auto& bytes, auto& counts) {
        std::copy_n(reinterpret_cast<const std::byte*>(counts.data()), bytes.size(), bytes.data());
    });
}

BENCHMARK_CAPTURE(unpack, mono10_packed, Packing::mono10_packed);
BENCHMARK_CAPTURE(unpack, mono12_packed, Packing::mono12_packed);
BENCHMARK_CAPTURE(unpack, mono10p, Packing::mono10p);
BENCHMARK_CAPTURE(unpack, mono12p, Packing::mono12p);
BENCHMARK_CAPTURE(pack, mono10_packed, Packing::mono10_packed);
BENCHMARK_CAPTURE(pack, mono12_packed, Packing::mono12_packed);
BENCHMARK_CAPTURE(pack, mono10p, Packing::mono10p);
BENCHMARK_CAPTURE(pack, mono12p, Packing::mono12p);
BENCHMARK_CAPTURE(unpack_plain, mono12p, Packing::mono12p);
BENCHMARK(copy);

}  // namespace

BENCHMARK_MAIN();
