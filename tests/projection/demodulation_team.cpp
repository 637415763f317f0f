// The team: every frame once, nothing lost when work fails, the same answer for any number of
// threads.
#include "projection/demodulation_team.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

using opal::hal::Frame;
using opal::projection::DemodulationTeam;

namespace {

Frame numbered(int value) {
    Frame frame;
    frame.reshape({0, 0, 4, 8}, opal::hal::PixelFormat::mono8);
    for (auto& b : frame.bytes) b = static_cast<std::byte>(value);
    return frame;
}

}  // namespace

TEST_CASE("every frame is worked on once, with its own content") {
    for (const int threads : {0, 1, 3}) {
        std::vector<int> seen(200, -1);
        DemodulationTeam team(threads, [&](std::size_t index, const Frame& frame, int worker) {
            CHECK_MESSAGE((worker >= 0 && worker <= threads), worker);
            seen[index] = std::to_integer<int>(frame.bytes[31]);
        });
        Frame frame;
        for (int i = 0; i < 200; ++i) {
            frame = numbered(i);  // the caller's frame is reused at once
            team.submit(static_cast<std::size_t>(i), frame);
        }
        team.drain();
        for (int i = 0; i < 200; ++i) CHECK(seen[static_cast<std::size_t>(i)] == i);
    }
}

TEST_CASE("the threads begin before anyone waits for them, in every batch") {
    std::atomic<int> done = 0;
    DemodulationTeam team(2, [&](std::size_t, const Frame&, int) { ++done; });
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (int batch = 0; batch < 200; ++batch) {
        done = 0;
        for (std::size_t i = 0; i < 16; ++i) team.submit(i, numbered(0));
        // Eight of these small frames wake a thread, and it takes what it finds.
        while (done < 8 && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
        REQUIRE(done >= 8);
        team.drain();
        REQUIRE(done == 16);
    }
}

TEST_CASE("the first failure comes out of drain, and the team goes on") {
    std::atomic<int> done = 0;
    DemodulationTeam team(2, [&](std::size_t index, const Frame&, int) {
        if (index == 3) throw std::runtime_error("three");
        ++done;
    });
    for (std::size_t i = 0; i < 10; ++i) team.submit(i, numbered(0));
    CHECK_THROWS_WITH_AS(team.drain(), "three", std::runtime_error);
    CHECK(done == 9);
    team.submit(1, numbered(0));
    team.drain();
    CHECK(done == 10);
    team.submit(3, numbered(0));
    team.settle();
    team.drain();  // what settle() forgot does not come back
}
