// The Laser contract, sentence by sentence. A harness `H` owns a bench: `H().bench()`; where a door
// switch can be operated, `H::has_door_switch` and `set_interlock(closed)`.
#pragma once

#include "tests/contract/bench_run.h"

#include <limits>
#include <stdexcept>
#include <thread>

namespace opal::contract {

using namespace std::chrono_literals;
using hal::LaserState;

TEST_CASE_TEMPLATE_DEFINE("Laser: starts off and names the right order", H, laser_order) {
    H harness;
    hal::Laser& laser = harness.bench().laser();
    CHECK(laser.status().state == LaserState::off);
    CHECK(laser.status().measured_power_mw == 0);
    CHECK(laser.status().set_power_mw == 0);
    CHECK(laser.status().fault.empty());
    check_fault(hal::ErrorKind::wrong_state, {"arm"}, [&] { laser.set_power(1); });
    check_fault(hal::ErrorKind::wrong_state, {"arm"}, [&] { laser.emit(); });
    CHECK(laser.status().state == LaserState::off);

    const double limit = harness.bench().laser_limit_mw();
    laser.arm(limit);
    CHECK(laser.status().state == LaserState::armed);
    CHECK(laser.status().measured_power_mw == 0);
    laser.set_power(limit / 2);
    CHECK(laser.status().state == LaserState::armed);
    CHECK(laser.status().set_power_mw == doctest::Approx(limit / 2));
    CHECK(laser.status().measured_power_mw == 0);
    laser.arm(limit / 2);  // replaces the limit, resets the power
    CHECK(laser.status().state == LaserState::armed);
    CHECK(laser.status().set_power_mw == 0);
    check_fault(hal::ErrorKind::unsafe, {}, [&] { laser.set_power(limit * 0.75); });

    laser.emit();
    check_fault(hal::ErrorKind::wrong_state, {"off"}, [&] { laser.arm(limit); });
    laser.off();
    CHECK(laser.status().state == LaserState::off);
}

TEST_CASE_TEMPLATE_DEFINE("Laser: nothing above the limits, nothing below zero", H, laser_limits) {
    H harness;
    hal::Laser& laser = harness.bench().laser();
    const double limit = harness.bench().laser_limit_mw();
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinite = std::numeric_limits<double>::infinity();
    check_fault(hal::ErrorKind::unsafe, {"mW"}, [&] { laser.arm(limit * 1.001); });
    check_fault(hal::ErrorKind::unsafe, {"mW"}, [&] { laser.arm(infinite); });
    check_fault(hal::ErrorKind::out_of_range, {"mW"}, [&] { laser.arm(0); });
    check_fault(hal::ErrorKind::out_of_range, {"mW"}, [&] { laser.arm(nan); });
    CHECK(laser.status().state == LaserState::off);

    laser.arm(limit / 2);
    laser.set_power(limit / 4);
    check_fault(hal::ErrorKind::unsafe, {"mW"}, [&] { laser.set_power(limit * 0.501); });
    check_fault(hal::ErrorKind::unsafe, {"mW"}, [&] { laser.set_power(infinite); });
    check_fault(hal::ErrorKind::out_of_range, {"mW"}, [&] { laser.set_power(-0.001); });
    check_fault(hal::ErrorKind::out_of_range, {"mW"}, [&] { laser.set_power(nan); });
    CHECK(laser.status().set_power_mw == doctest::Approx(limit / 4));
    laser.emit();
    check_fault(hal::ErrorKind::unsafe, {"mW"}, [&] { laser.set_power(limit); });
    CHECK(laser.status().set_power_mw == doctest::Approx(limit / 4));
    laser.set_power(limit / 2);
    CHECK(laser.status().set_power_mw == doctest::Approx(limit / 2));
}

TEST_CASE_TEMPLATE_DEFINE("Laser: warms up, then emits the set power, until off", H, laser_life) {
    H harness;
    hal::Bench& bench = harness.bench();
    hal::Laser& laser = bench.laser();
    const double power = 0.8 * bench.laser_limit_mw();
    for (int round = 0; round < 2; ++round) {
        laser.arm(bench.laser_limit_mw());
        laser.set_power(power);
        laser.emit();
        if (laser.info().warm_up > 0ns) {
            CHECK(laser.status().state == LaserState::warming_up);
            bench.clock().wait_for(laser.info().warm_up / 2);
            CHECK(laser.status().state == LaserState::warming_up);
            CHECK(laser.status().measured_power_mw < power);
            CHECK(laser.status().measured_power_mw > 0);
        }
        bench.clock().wait_for(laser.info().warm_up / 2 + 1ms);
        CHECK(laser.status().state == LaserState::emitting);
        CHECK(laser.status().measured_power_mw == doctest::Approx(power).epsilon(0.1));
        laser.off();
        CHECK(laser.status().state == LaserState::off);
        CHECK(laser.status().measured_power_mw == 0);
        CHECK(laser.status().set_power_mw == 0);
        laser.off();
        check_fault(hal::ErrorKind::wrong_state, {"arm"}, [&] { laser.emit(); });
    }
}

TEST_CASE_TEMPLATE_DEFINE("Laser: an opened interlock is a fault that only off() and arm() leave",
                          H, laser_interlock) {
    if constexpr (H::has_door_switch) {
        H harness;
        hal::Laser& laser = harness.bench().laser();
        const double limit = harness.bench().laser_limit_mw();
        CHECK(laser.status().interlock_closed);
        harness.set_interlock(false);
        CHECK_FALSE(laser.status().interlock_closed);
        CHECK(laser.status().state == LaserState::off);
        check_fault(hal::ErrorKind::refused, {"interlock"}, [&] { laser.arm(limit); });
        harness.set_interlock(true);

        for (const bool emitting : {false, true}) {
            laser.arm(limit);
            laser.set_power(limit);
            if (emitting) laser.emit();
            harness.set_interlock(false);
            CHECK(laser.status().state == LaserState::fault);
            CHECK(laser.status().measured_power_mw == 0);
            CHECK_FALSE(laser.status().fault.empty());
            harness.set_interlock(true);
            CHECK(laser.status().state == LaserState::fault);
            CHECK(laser.status().measured_power_mw == 0);
            check_fault(hal::ErrorKind::wrong_state, {}, [&] { laser.emit(); });
            check_fault(hal::ErrorKind::wrong_state, {"off"}, [&] { laser.arm(limit); });
            laser.off();
            CHECK(laser.status().state == LaserState::off);
            CHECK(laser.status().fault.empty());
        }
        laser.arm(limit);
        laser.emit();
        laser.off();
    }
}

TEST_CASE_TEMPLATE_DEFINE("Laser: EmissionGuard leaves it off, whatever ends the scope", H,
                          laser_guard) {
    H harness;
    hal::Bench& bench = harness.bench();
    hal::Laser& laser = bench.laser();
    {
        const auto light = full_light(bench);
        CHECK(laser.status().state == LaserState::emitting);
    }
    CHECK(laser.status().state == LaserState::off);
    try {
        const auto light = full_light(bench);
        throw std::logic_error("anything");
    } catch (const std::logic_error&) {
    }
    CHECK(laser.status().state == LaserState::off);
    if (laser.info().warm_up > 0ns) {
        const double limit = bench.laser_limit_mw();
        check_fault(hal::ErrorKind::timeout, {"warm-up"}, [&] {
            hal::EmissionGuard hasty(laser, bench.clock(), limit, limit,
                                     hal::Deadline::after(bench.clock(), laser.info().warm_up / 4));
        });
        CHECK(laser.status().state == LaserState::off);
    }
    if constexpr (H::has_door_switch) {
        harness.set_interlock(false);
        check_fault(hal::ErrorKind::refused, {"interlock"},
                    [&] { const auto light = full_light(bench); });
        CHECK(laser.status().state == LaserState::off);
    }
}

TEST_CASE_TEMPLATE_DEFINE("Laser: off() may come from any thread, in the middle of other calls", H,
                          laser_off_anywhere) {
    H harness;
    hal::Laser& laser = harness.bench().laser();
    laser.arm(harness.bench().laser_limit_mw());
    laser.emit();
    std::thread somebody([&] { laser.off(); });
    for (int i = 0; i < 1000; ++i) laser.status();
    somebody.join();
    CHECK(laser.status().state == LaserState::off);
    check_fault(hal::ErrorKind::wrong_state, {"arm"}, [&] { laser.emit(); });
}

#define OPAL_LASER_SUITE(...)                                \
    TEST_CASE_TEMPLATE_INVOKE(laser_order, __VA_ARGS__);     \
    TEST_CASE_TEMPLATE_INVOKE(laser_limits, __VA_ARGS__);    \
    TEST_CASE_TEMPLATE_INVOKE(laser_life, __VA_ARGS__);      \
    TEST_CASE_TEMPLATE_INVOKE(laser_interlock, __VA_ARGS__); \
    TEST_CASE_TEMPLATE_INVOKE(laser_guard, __VA_ARGS__);     \
    TEST_CASE_TEMPLATE_INVOKE(laser_off_anywhere, __VA_ARGS__)

}  // namespace opal::contract
