// How fast the simulated bench answers a training run: the MNIST geometry, 10 inputs whose ternary
// errors become patterns with a code word each, 2,048 outputs (1,024 modes, each with real and
// imaginary part), 16,384 pixels of 8 bits, all noise of the scene `lab`.
//
//   bench_sim_training                             everything
//   bench_sim_training --benchmark_filter=render   one row
//
// What bounds a frame is measured in the same run: "random" is how fast one thread draws the 16,384
// random words of its noise, "memory" how fast it reads what it touches, 20 bytes of maps and
// reference a pixel.
#include "calibration/acquisition.h"
#include "calibration/demodulator.h"
#include "calibration/layout.h"
#include "projection/demodulation_team.h"
#include "projection/pilot.h"
#include "sim/physics/optics.h"
#include "sim/physics/sensor_kernels.h"
#include "sim/scene_file.h"
#include "sim/simulated_bench.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <complex>
#include <memory>
#include <vector>

namespace {

using namespace opal;
using namespace opal::sim;
using namespace std::chrono_literals;

constexpr int inputs = 10;
constexpr std::uint32_t patterns = 2048;
constexpr hal::Region region = {476, 656, 128, 128};
constexpr std::size_t pixels = 16384;
constexpr calibration::Timing timing{60us, 16us, 105us, 60us};

// Bits as a classifier's ternary errors have them: in turns one input alone, the label's, and few
// others at random.
std::vector<std::uint8_t> error_bits(std::uint32_t number) {
    std::uint32_t state = number * 2654435761u + 12345u;
    const auto next = [&] {
        state = state * 1664525u + 1013904223u;
        return state >> 16;
    };
    std::vector<std::uint8_t> bits(inputs, 0);
    bits[next() % inputs] = 1;
    if (number % 2 == 0) return bits;
    for (auto& bit : bits) bit = next() % 8 == 0 ? 1 : 0;
    return bits;
}

struct Sequence {
    Sequence() : scene(load_scene("lab")), optics(scene), layout(1080, 1920, inputs) {
        for (std::uint32_t n = 0; n < patterns; ++n) {
            drawn.emplace_back();
            draw(n, drawn.back());
            optics.reduce(drawn.back(), lights.emplace_back());
        }
        optics.prepare(region);
    }
    void draw(std::uint32_t n, hal::BitPattern& into) const {
        layout.draw(error_bits(n), n % calibration::code_words, into);
    }
    Scene scene;
    Optics optics;
    calibration::Layout layout;
    std::vector<hal::BitPattern> drawn;
    std::vector<ChannelAmplitudes> lights;
};

const Sequence& sequence() {
    static const Sequence made;
    return made;
}

calibration::Holography holography() {
    calibration::Holography h;
    h.region = region;
    h.black_level_dn = 4;
    h.carrier_rows_cpp = 0.3713;
    h.carrier_columns_cpp = 0.3641;
    h.pitch_rows_px = 4;
    h.pitch_columns_px = 4;
    h.mode_rows = 32;
    h.mode_columns = 32;
    h.reference_dn.assign(pixels, 60.0F);
    return h;
}

// One thread's bounds, as frames per second.
struct Bounds {
    double random = 0;
    double memory = 0;
};
const Bounds& bounds() {
    static const Bounds measured = [] {
        const auto best_of = [](auto&& work) {
            double best = 1e9;
            for (int n = 0; n < 30; ++n) {
                const auto begin = std::chrono::steady_clock::now();
                work();
                const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
                best = std::min(best, took.count());
            }
            return best;
        };
        std::vector<std::uint32_t> words(pixels);
        const double random = best_of([&] {
            draw_words({1, 2, 3, 4}, {5, 6}, pixels / 4, words.data());
            benchmark::DoNotOptimize(words.data());
        });
        constexpr std::size_t touched = 20 * pixels;
        const std::vector<std::uint64_t> maps(touched / 8, 1);
        const double memory = best_of([&] {
            std::array<std::uint64_t, 8> sums{};
            for (std::size_t k = 0; k < maps.size(); k += 8) {
                for (std::size_t l = 0; l < 8; ++l) sums[l] += maps[k + l];
            }
            benchmark::DoNotOptimize(sums);
        });
        return Bounds{1 / random, 1 / memory};
    }();
    return measured;
}

void report(benchmark::State& state, std::int64_t frames, int threads) {
    state.SetItemsProcessed(frames);
    if (state.thread_index() != 0) return;
    state.counters["random"] = bounds().random * threads;
    state.counters["memory"] = bounds().memory * threads;
}

// Mirrors -> amplitudes: what loading a pattern into the DMD costs the simulator.
void draw_pattern(benchmark::State& state) {
    hal::BitPattern pattern;
    std::uint32_t n = 0;
    for (auto _ : state) {
        sequence().draw(n++, pattern);
        benchmark::DoNotOptimize(pattern);
    }
}
void reduce_pattern(benchmark::State& state) {
    ChannelAmplitudes light;
    std::size_t n = 0;
    for (auto _ : state) {
        sequence().optics.reduce(sequence().drawn[n++ % patterns], light);
        benchmark::DoNotOptimize(light.q12.data());
    }
}

// Frames alone, from amplitudes in memory. Threads show different parts of the sequence.
void render(benchmark::State& state) {
    const auto scratch = sequence().optics.make_scratch();
    hal::Frame frame;
    auto key = static_cast<std::uint64_t>(state.thread_index()) * patterns / 2;
    const auto expose = [&] {
        const LightSegment segment = {&sequence().lights[key % patterns], 165us * key, 60us, 65536};
        sequence().optics.expose({region, hal::PixelFormat::mono8, 60us, key, {&segment, 1}},
                                 *scratch, frame);
        ++key;
    };
    for (std::uint32_t warm_up = 0; warm_up < 4 * patterns; ++warm_up) expose();
    for (auto _ : state) {
        expose();
        benchmark::DoNotOptimize(frame.bytes.data());
    }
    report(state, state.iterations(), state.threads());
}

// Code word and gain of a frame from its field, as a projector reads them.
void read_pilot(benchmark::State& state) {
    constexpr std::size_t modes = 1024;
    std::uint32_t noise = 1;
    const auto draw = [&] {
        noise = noise * 1664525u + 1013904223u;
        return static_cast<float>(noise >> 8) / (1u << 24) - 0.5F;
    };
    const auto draw_fields = [&](std::size_t fields) {
        std::vector<std::complex<float>> drawn(fields * modes);
        for (auto& y : drawn) y = {draw(), draw()};
        return drawn;
    };
    calibration::Record record;
    record.holography = holography();
    record.identity.columns = draw_fields(calibration::code_blocks);
    record.identity.background = draw_fields(1);
    record.matrix.emplace();
    record.matrix->inputs = inputs;
    record.matrix->entries = draw_fields(inputs);
    const projection::Pilot pilot(record, inputs);
    const std::vector<std::complex<float>> field = draw_fields(1);
    const std::vector<std::uint8_t> bits = error_bits(1);
    projection::Pilot::Reading reading;
    for (auto _ : state) {
        pilot.read(field, 7, bits, reading);
        benchmark::DoNotOptimize(reading);
    }
}

struct LitBench {
    LitBench()
        : bench(make_simulated_bench(sequence().scene, {2, nullptr, {}})),
          light(bench->laser(), bench->clock(), 0.5 * bench->laser_limit_mw(),
                bench->laser_limit_mw(), hal::Deadline::after(bench->clock(), 100s)),
          demodulator(holography()),
          workspaces(2),
          fields(2, std::vector<std::complex<float>>(demodulator.modes())),
          team(1, [this](std::size_t, const hal::Frame& frame, int worker) {
              const auto w = static_cast<std::size_t>(worker);
              demodulator.demodulate(frame, fields[w], workspaces[w]);
          }) {}
    std::unique_ptr<SimulatedBench> bench;
    hal::EmissionGuard light;
    calibration::Demodulator demodulator;
    std::vector<calibration::Demodulator::Workspace> workspaces;
    std::vector<std::vector<std::complex<float>>> fields;
    projection::DemodulationTeam team;
};

// Patterns in the DMD's memory -> trigger edges -> camera -> demodulated fields, on two cores: one
// thread renders, one demodulates, and the caller does what is behind.
void frames_to_fields(benchmark::State& state) {
    LitBench lit;
    hal::Bench& bench = *lit.bench;
    bench.dmd().load(0, sequence().drawn);
    hal::PatternSequence shown;
    shown.repeat = true;
    for (std::uint32_t n = 0; n < patterns; ++n) {
        shown.entries.push_back({n, timing.pattern, timing.dark, hal::StartOn::previous_end, true});
    }
    bench.dmd().program(shown);
    bench.camera().configure({region, hal::PixelFormat::mono8, timing.exposure,
                              timing.trigger_delay, hal::TriggerSource::line});
    bench.camera().arm(100);
    bench.dmd().start();
    hal::Frame frame;
    std::size_t number = 0;
    const auto receive = [&] {
        if (!bench.camera().receive(frame, hal::Deadline::after(bench.clock(), 1s))) return false;
        lit.team.submit(number++, frame);
        return true;
    };
    for (std::uint32_t n = 0; n < 4 * patterns; ++n) receive();
    for (auto _ : state) {
        if (!receive()) state.SkipWithError("no frame came");
    }
    lit.team.drain();
    report(state, state.iterations(), 2);
}

// The same as a projector does it: batches of 32 patterns drawn, loaded, shown between sentinels,
// their pairing checked, and demodulated.
void batches_to_fields(benchmark::State& state) {
    LitBench lit;
    calibration::Acquisition acquisition(*lit.bench, region, hal::PixelFormat::mono8, timing);
    constexpr std::uint32_t batch = 32;
    std::vector<hal::BitPattern> drawn(batch);
    std::uint32_t number = 0;
    const auto project = [&] {
        for (auto& pattern : drawn) sequence().draw(number++ % patterns, pattern);
        acquisition.acquire(drawn, [&](std::size_t index, const hal::Frame& frame) {
            lit.team.submit(index, frame);
        });
        lit.team.drain();
    };
    while (number < 4 * patterns) project();
    for (auto _ : state) project();
    report(state, state.iterations() * batch, 2);
}

BENCHMARK(draw_pattern)->Unit(benchmark::kMicrosecond);
BENCHMARK(reduce_pattern)->Unit(benchmark::kMicrosecond);
BENCHMARK(render)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(render)->Unit(benchmark::kMicrosecond)->Threads(2)->UseRealTime();
BENCHMARK(read_pilot)->Unit(benchmark::kMicrosecond);
BENCHMARK(frames_to_fields)->Unit(benchmark::kMicrosecond)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(batches_to_fields)->Unit(benchmark::kMicrosecond)->UseRealTime()->MeasureProcessCPUTime();

}  // namespace

BENCHMARK_MAIN();
