// How fast light passes a medium too large to store: the layered one's transforms and the dense
// one's drawn entries, each beside its plain twin. One thread; bytes and entries per second show
// what limits (docs/scale.md).
#include "sim/physics/entry_sums.h"
#include "sim/physics/layered_kernels.h"
#include "sim/physics/layered_medium.h"

#include <benchmark/benchmark.h>

#include <span>
#include <vector>

namespace {

using namespace opal::sim;

std::vector<std::int32_t> half_lit(std::size_t channels) {
    std::vector<std::int32_t> q12(channels);
    std::uint32_t seed = 1;
    for (auto& a : q12) {
        seed = seed * 1664525u + 1013904223u;
        a = (seed >> 24 & 1u) != 0 ? 4096 : 92;
    }
    return q12;
}

// n = 2^range channels and modes.
struct Square {
    explicit Square(int log2)
        : rows(1 << log2 / 2),
          columns(1 << (log2 - log2 / 2)),
          medium(1, rows * columns, rows, columns),
          window{0, 0, rows, columns, rows, columns},
          q12(half_lit(window.modes())),
          field(2 * window.modes()) {}
    int rows;
    int columns;
    LayeredMedium medium;
    ModeWindow window;
    std::vector<std::int32_t> q12;
    std::vector<std::int64_t> field;
};

void layered(benchmark::State& state) {
    Square s(static_cast<int>(state.range(0)));
    MediumScratch scratch;
    for (auto _ : state) {
        s.medium.add_field(s.q12, s.window, 0, s.field, scratch);
        benchmark::DoNotOptimize(s.field.data());
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(s.window.modes()));
}

void layered_plain(benchmark::State& state) {
    Square s(static_cast<int>(state.range(0)));
    for (auto _ : state) {
        s.medium.add_field_plain(s.q12, s.window, 0, s.field);
        benchmark::DoNotOptimize(s.field.data());
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(s.window.modes()));
}

void transform_in_cache(benchmark::State& state) {
    std::vector<std::int64_t> x(4096, 1);
    for (auto _ : state) {
        transform_line(x.data(), x.size());
        benchmark::DoNotOptimize(x.data());
        x.assign(4096, 1);  // keeps the numbers small
    }
    state.SetItemsProcessed(state.iterations() * 12 * 4096);  // additions
}

std::vector<ChannelGroup> groups(std::size_t count) {
    std::vector<ChannelGroup> all(count);
    const auto q12 = half_lit(8 * count);
    for (std::size_t g = 0; g < count; ++g) {
        all[g].number = static_cast<std::uint32_t>(g);
        for (std::size_t i = 0; i < 8; ++i) {
            all[g].amplitudes[i] = static_cast<std::int16_t>(q12[8 * g + i]);
        }
    }
    return all;
}

using AddSums = void (*)(const EntrySums&, std::span<const ChannelGroup>, std::int64_t*);

void drawn(benchmark::State& state, AddSums add, std::size_t count) {
    const auto all = groups(count);
    EntrySums sums;
    sums.key = {1, 2};
    sums.modes = 2048;
    std::vector<std::int64_t> field(2 * sums.modes);
    for (auto _ : state) {
        add(sums, all, field.data());
        benchmark::DoNotOptimize(field.data());
    }
    // int8 entries, two a complex one.
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count * 16 * 2048));
}

BENCHMARK(layered)->Arg(14)->Arg(17)->Arg(20)->Arg(22)->Unit(benchmark::kMillisecond);
BENCHMARK(layered_plain)->Arg(14)->Arg(17)->Arg(20)->Unit(benchmark::kMillisecond);
BENCHMARK(transform_in_cache)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(drawn, in_registers, add_entry_sums, 1024)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(drawn, plain, add_entry_sums_plain, 64)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
