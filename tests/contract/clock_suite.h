// The Clock contract, sentence by sentence. A harness `H` owns a clock: `H().clock()`.
#pragma once

#include "hal/clock.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace opal::contract {

using namespace std::chrono_literals;

TEST_CASE_TEMPLATE_DEFINE("Clock: waits end at or after their moment, past ones at once", H,
                          clock_waits) {
    H harness;
    hal::Clock& clock = harness.clock();
    const hal::Time begin = clock.now();
    clock.wait_until(begin + 3ms);
    CHECK(clock.now() >= begin + 3ms);
    clock.wait_for(2ms);
    CHECK(clock.now() >= begin + 5ms);
    const hal::Time before = clock.now();
    clock.wait_until(begin);
    clock.wait_until(hal::Time{});
    clock.wait_for(-1s);
    CHECK(clock.now() - before < 1s);
    CHECK(clock.now() >= before);
}

TEST_CASE_TEMPLATE_DEFINE("Clock: never goes back, seen from several threads", H, clock_threads) {
    H harness;
    hal::Clock& clock = harness.clock();
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            hal::Time last = clock.now();
            for (int i = 0; i < 20; ++i) {
                const hal::Time target = last + (t + 1) * 50us;
                clock.wait_until(target);
                const hal::Time now = clock.now();
                if (now < target || now < last) ++wrong;
                last = now;
            }
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
}

#define OPAL_CLOCK_SUITE(...)                            \
    TEST_CASE_TEMPLATE_INVOKE(clock_waits, __VA_ARGS__); \
    TEST_CASE_TEMPLATE_INVOKE(clock_threads, __VA_ARGS__)

}  // namespace opal::contract
