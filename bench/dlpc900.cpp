// How fast patterns become what a DLPC900 is sent: 24 one-bit patterns packed into one picture and
// compressed, 1920 x 1080 mirrors.
//
//   bench_dlpc900
//
// "packed" is bytes of packed pixels per second, one thread; its bound is the rate of copying them,
// measured in the same run. "encoded" is the size of the file.
#include "protocol/dlpc900_image.h"

#include <benchmark/benchmark.h>

#include <cstring>
#include <random>
#include <vector>

namespace {

using namespace opal::protocol;

constexpr int width = 1920;
constexpr int height = 1080;
constexpr std::size_t words = width / 64;

// 24 patterns of random macro-pixels of so many mirrors a side.
struct Patterns {
    explicit Patterns(int side) : planes(dlpc900_planes) {
        std::mt19937 random(1);
        for (auto& plane : planes) {
            plane.resize(words * height);
            std::vector<bool> row(width);
            for (int r = 0; r < height; ++r) {
                if (r % side == 0)
                    for (int c = 0; c < width; ++c)
                        row[std::size_t(c)] =
                            c % side == 0 ? (random() & 1) != 0 : row[std::size_t(c - 1)];
                for (int c = 0; c < width; ++c)
                    if (row[std::size_t(c)])
                        plane[words * std::size_t(r) + std::size_t(c / 64)] |= std::uint64_t{1}
                                                                               << c % 64;
            }
        }
    }
    void pack(Dlpc900Picture& into) const {
        for (int r = 0; r < height; ++r) {
            Dlpc900PlaneRows rows{};
            for (std::size_t k = 0; k < planes.size(); ++k)
                rows[k] = planes[k].data() + words * std::size_t(r);
            pack_planes(rows, width,
                        std::span(into.pixels)
                            .subspan(into.row_bytes() * std::size_t(r), into.row_bytes()));
        }
    }
    std::vector<std::vector<std::uint64_t>> planes;
};

Dlpc900Picture empty_picture() {
    return {width, height, std::vector<std::byte>(std::size_t{3} * width * height)};
}

void count(benchmark::State& state, std::size_t bytes) {
    state.counters["packed"] =
        benchmark::Counter(static_cast<double>(bytes) * static_cast<double>(state.iterations()),
                           benchmark::Counter::kIsRate);
}

void pack(benchmark::State& state) {
    const Patterns patterns(static_cast<int>(state.range(0)));
    Dlpc900Picture picture = empty_picture();
    for (auto _ : state) {
        patterns.pack(picture);
        benchmark::DoNotOptimize(picture.pixels.data());
    }
    count(state, picture.pixels.size());
}

void compress_enhanced(benchmark::State& state) {
    const Patterns patterns(static_cast<int>(state.range(0)));
    Dlpc900Picture picture = empty_picture();
    patterns.pack(picture);
    std::size_t size = 0;
    for (auto _ : state) {
        const auto file = encode(picture, Dlpc900Compression::enhanced);
        size = file.size();
        benchmark::DoNotOptimize(file.data());
    }
    count(state, picture.pixels.size());
    state.counters["encoded"] = static_cast<double>(size);
}

void copy(benchmark::State& state) {
    const Dlpc900Picture picture = empty_picture();
    Dlpc900Picture into = empty_picture();
    for (auto _ : state) {
        std::memcpy(into.pixels.data(), picture.pixels.data(), picture.pixels.size());
        benchmark::DoNotOptimize(into.pixels.data());
    }
    count(state, picture.pixels.size());
}

BENCHMARK(pack)->ArgName("mirrors")->Arg(1)->Arg(8)->Unit(benchmark::kMillisecond);
BENCHMARK(compress_enhanced)
    ->ArgName("mirrors")
    ->Arg(1)
    ->Arg(8)
    ->Arg(16)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(copy)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
