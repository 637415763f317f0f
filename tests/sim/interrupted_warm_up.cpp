// Ctrl-C while the laser of a bench paced to real time warms up: the wait ends at once and the last
// event says off. Virtual time alone cannot show it, because there a warm-up costs nothing.
#include "hal/error.h"
#include "sim/simulated_bench.h"
#include "tests/contract/small_bench.h"

#include <doctest/doctest.h>

#include <chrono>
#include <sstream>
#include <stop_token>
#include <thread>

using namespace opal;
using namespace std::chrono_literals;

TEST_CASE("a minute's warm-up in real time is given up when a stop is requested") {
    sim::Scene scene = contract::small_scene();
    scene.pace = sim::Pace::real_time;
    scene.laser.warm_up_s = 60;
    std::ostringstream events;
    const auto bench = sim::make_simulated_bench(scene, {1, &events});
    std::stop_source stop;
    std::thread person([&] {
        std::this_thread::sleep_for(50ms);
        stop.request_stop();
    });
    const auto begin = std::chrono::steady_clock::now();
    CHECK_THROWS_AS(
        hal::EmissionGuard(bench->laser(), bench->clock(), 10, 20,
                           hal::Deadline::after(bench->clock(), 120s), stop.get_token()),
        hal::Interrupted);
    const auto took = std::chrono::steady_clock::now() - begin;
    person.join();
    // 50 ms of the person, 20 ms until the guard looks, and a busy machine: far below the minute.
    CHECK(took < 5s);
    CHECK(bench->laser().status().state == hal::LaserState::off);
    CHECK(events.str().find("warming_up") != std::string::npos);
    CHECK(events.str().find("emitting") == std::string::npos);
    CHECK(events.str().ends_with("\"event\":\"off\"}\n"));
}
