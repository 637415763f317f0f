// How long the simulated optics take: mirrors -> amplitudes, amplitudes -> frame, per region,
// medium and format. Default scene (1080 x 1920 mirrors, 1296 channels) unless said.
#include "sim/physics/optics.h"

#include <benchmark/benchmark.h>

#include <chrono>

namespace {

using namespace opal;
using namespace opal::sim;
using namespace std::chrono_literals;

// Random macro-pixels, half of them on: what calibration shows, and the worst case for a matrix.
hal::BitPattern macro_pixels(const DmdScene& dmd, unsigned seed) {
    hal::BitPattern pattern(dmd.rows, dmd.columns);
    const int m = dmd.macro_pixel_px;
    for (int r = 0; r + m <= dmd.rows; r += m) {
        for (int c = 0; c + m <= dmd.columns; c += m) {
            seed = seed * 1664525u + 1013904223u;
            if ((seed >> 24 & 1u) != 0) pattern.fill(r, c, m, m, true);
        }
    }
    return pattern;
}

// Every mirror on its own: no two rows alike.
hal::BitPattern mirrors(const DmdScene& dmd) {
    hal::BitPattern pattern(dmd.rows, dmd.columns);
    unsigned seed = 1;
    for (int r = 0; r < dmd.rows; ++r) {
        for (int c = 0; c < dmd.columns; ++c) {
            seed = seed * 1664525u + 1013904223u;
            pattern.set(r, c, (seed >> 24 & 1u) != 0);
        }
    }
    return pattern;
}

void expose_frames(benchmark::State& state, const Scene& scene, hal::Region region,
                   hal::PixelFormat format) {
    const Optics optics(scene);
    ChannelAmplitudes lights[2];
    optics.reduce(macro_pixels(scene.dmd, 1), lights[0]);
    optics.reduce(macro_pixels(scene.dmd, 2), lights[1]);
    optics.prepare(region);
    const auto scratch = optics.make_scratch();
    hal::Frame frame;
    std::uint64_t key = 0;
    for (auto _ : state) {
        const LightSegment segment = {&lights[key % 2], 1ms, 100us, 65536};
        optics.expose({region, format, 100us, key++, {&segment, 1}}, *scratch, frame);
        benchmark::DoNotOptimize(frame.bytes.data());
    }
    state.SetItemsProcessed(state.iterations());
}

void reduce(benchmark::State& state, bool every_mirror) {
    const Scene scene;
    const Optics optics(scene);
    const hal::BitPattern pattern = every_mirror ? mirrors(scene.dmd) : macro_pixels(scene.dmd, 1);
    ChannelAmplitudes light;
    for (auto _ : state) {
        optics.reduce(pattern, light);
        benchmark::DoNotOptimize(light.q12.data());
    }
}

constexpr hal::Region small = {476, 656, 128, 128};
constexpr hal::Region whole = {0, 0, 1080, 1440};

void reduce_macro_pixels(benchmark::State& state) {
    reduce(state, false);
}
void reduce_mirrors(benchmark::State& state) {
    reduce(state, true);
}
void expose_128(benchmark::State& state) {
    expose_frames(state, {}, small, hal::PixelFormat::mono8);
}
void expose_128_mono12(benchmark::State& state) {
    expose_frames(state, {}, small, hal::PixelFormat::mono12);
}
void expose_128_decorrelating(benchmark::State& state) {
    Scene scene;
    scene.medium.decorrelation_s = 100;
    expose_frames(state, scene, small, hal::PixelFormat::mono8);
}
void expose_128_never_stored(benchmark::State& state) {
    Scene scene;
    scene.medium.storage = Storage::never;
    expose_frames(state, scene, small, hal::PixelFormat::mono8);
}
void expose_128_layered(benchmark::State& state) {
    Scene scene;
    scene.medium.kind = MediumKind::layered;
    expose_frames(state, scene, small, hal::PixelFormat::mono8);
}
void expose_full_sensor(benchmark::State& state) {
    expose_frames(state, {}, whole, hal::PixelFormat::mono8);
}
// The laser is off: every pixel draws its dark electrons from the Poisson distribution.
void expose_128_dark(benchmark::State& state) {
    const Optics optics({});
    const auto scratch = optics.make_scratch();
    hal::Frame frame;
    std::uint64_t key = 0;
    for (auto _ : state) {
        optics.expose({small, hal::PixelFormat::mono8, 100us, key++, {}}, *scratch, frame);
        benchmark::DoNotOptimize(frame.bytes.data());
    }
}

BENCHMARK(reduce_macro_pixels)->Unit(benchmark::kMicrosecond);
BENCHMARK(reduce_mirrors)->Unit(benchmark::kMicrosecond);
BENCHMARK(expose_128)->Unit(benchmark::kMicrosecond);
BENCHMARK(expose_128_mono12)->Unit(benchmark::kMicrosecond);
BENCHMARK(expose_128_dark)->Unit(benchmark::kMicrosecond);
BENCHMARK(expose_128_decorrelating)->Unit(benchmark::kMicrosecond);
BENCHMARK(expose_128_never_stored)->Unit(benchmark::kMicrosecond);
BENCHMARK(expose_128_layered)->Unit(benchmark::kMicrosecond);
BENCHMARK(expose_full_sensor)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
