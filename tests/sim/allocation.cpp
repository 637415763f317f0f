// The hot path allocates nothing: once buffers have their size, receiving frames and planning the
// next ones needs no memory. Counted by replacing operator new in this program.
#include "sim/simulated_bench.h"
#include "tests/contract/bench_run.h"
#include "tests/contract/small_bench.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

namespace {
std::atomic<long> allocations{0};
}

void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
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
