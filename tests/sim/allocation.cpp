// The hot path allocates nothing: once buffers have their size, receiving frames and planning the
// next ones needs no memory; and a bench takes about what its scene's estimate says. Counted by
// replacing operator new in this program.
#include "sim/physics/optics.h"
#include "sim/scene_memory.h"
#include "sim/simulated_bench.h"
#include "tests/contract/bench_run.h"
#include "tests/contract/small_bench.h"

#include <doctest/doctest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

namespace {
std::atomic<long> allocations{0};
std::atomic<long> live_bytes{0};
std::atomic<long> most_bytes{0};
}  // namespace

void* operator new(std::size_t size) {
    ++allocations;
    void* const memory = std::malloc(size);
    if (!memory) throw std::bad_alloc();
    const long live = live_bytes += static_cast<long>(malloc_usable_size(memory));
    long most = most_bytes;
    while (live > most && !most_bytes.compare_exchange_weak(most, live)) {
    }
    return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    try {
        return operator new(size);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void operator delete(void* memory) noexcept {
    if (memory) live_bytes -= static_cast<long>(malloc_usable_size(memory));
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    operator delete(memory);
}

using namespace opal;
using namespace std::chrono_literals;

TEST_CASE("after the first frames, receiving allocates nothing") {
    const auto bench = sim::make_simulated_bench(contract::small_scene(), {2, nullptr});
    const contract::RunTiming timing = contract::comfortable_timing(*bench, 80us);
    const auto patterns = contract::striped_patterns(bench->dmd().info(), 8);
    bench->dmd().load(0, patterns);
    hal::PatternSequence sequence = contract::sequence_of(8, timing);
    sequence.repeat = true;
    bench->dmd().program(sequence);
    const auto light = contract::full_light(*bench);
    bench->camera().arm(100);
    bench->dmd().start();
    hal::Frame frame;
    const auto receive = [&](int frames) {
        for (int i = 0; i < frames; ++i)
            if (!bench->camera().receive(frame, hal::Deadline::after(bench->clock(), 1s)))
                return false;
        return true;
    };
    REQUIRE(receive(60));
    const long before = allocations;
    const bool received = receive(3000);
    const long after = allocations;
    REQUIRE(received);
    // A thread that renders its first frame only now sizes its own work space: three threads, some
    // thirty buffers each. One allocation per frame would be 3000.
    CHECK(after - before < 100);
}

TEST_CASE("a bench takes no more memory than estimated, and not much less") {
    for (const auto kind : {sim::MediumKind::dense, sim::MediumKind::layered}) {
        sim::Scene scene = contract::small_scene();
        scene.medium.kind = kind;
        scene.dmd.macro_pixel_px = 4;
        scene.sensor.rows = 1200;
        scene.sensor.columns = 1600;
        scene.laser.warm_up_s = 0;
        const long before = live_bytes;
        most_bytes = before;
        {
            const auto bench = sim::make_simulated_bench(scene, {2, nullptr});
            const contract::RunTiming timing = contract::comfortable_timing(
                *bench, 80us, contract::whole_sensor(bench->camera().info()));
            hal::CameraSettings settings = bench->camera().settings();
            settings.format = hal::PixelFormat::mono12;
            bench->camera().configure(settings);
            bench->dmd().load(0, contract::striped_patterns(bench->dmd().info(), 8));
            hal::PatternSequence sequence = contract::sequence_of(8, timing);
            sequence.repeat = true;
            bench->dmd().program(sequence);
            const auto light = contract::full_light(*bench);
            bench->camera().arm(100);
            bench->dmd().start();
            hal::Frame frame;
            for (int i = 0; i < 24; ++i)
                REQUIRE(bench->camera().receive(frame, hal::Deadline::after(bench->clock(), 1s)));
        }
        const double taken = static_cast<double>(most_bytes - before);
        const double estimated = sim::estimate_memory(scene, 2).bytes();
        CAPTURE(taken);
        CAPTURE(estimated);
        // Not every frame buffer is in use at any time, and few of the pieces of patterns: an
        // estimate that stays above the truth is off by less than three.
        CHECK(taken < estimated);
        CHECK(taken > estimated / 3);
    }
}

TEST_CASE("from the second frame of a region on, rendering allocates nothing") {
    sim::Scene scene = contract::small_scene();
    scene.medium.decorrelation_s = 10;  // two epochs a frame
    const sim::Optics optics(scene);
    std::vector<sim::ChannelAmplitudes> lights(24);
    hal::BitPattern pattern(scene.dmd.rows, scene.dmd.columns);
    for (std::size_t n = 0; n < lights.size(); ++n) {
        const int place = static_cast<int>(n);
        pattern.fill(8 * (place % 8), 0, 8, 4 * (place + 1), place % 3 != 0);
        optics.reduce(pattern, lights[n]);
    }
    const auto scratch = optics.make_scratch();
    hal::Frame frame;
    const auto render = [&](std::uint64_t number) {
        // Two segments: the pattern changes within the exposure.
        const auto at = [&](std::uint64_t n) { return &lights[n * n % 97 % lights.size()]; };
        const hal::Duration start = 1ms * static_cast<int>(number);
        const sim::LightSegment segments[] = {{at(number), start, 50us, 65536},
                                              {at(number + 1), start + 50us, 30us, 65536}};
        optics.expose({{3, 5, 40, 50}, hal::PixelFormat::mono8, 80us, number, segments}, *scratch,
                      frame);
    };
    render(0);
    const long before = allocations;
    // Pieces of patterns are recognised, stored and put together meanwhile.
    for (std::uint64_t n = 1; n < 1000; ++n) render(n);
    CHECK(allocations - before == 0);
}
