// The Laser contract, sentence by sentence. Everything that can be asked of a laser without light
// is asked without: off() and the limits have to hold before anybody lets it emit.
#include "contract/bench_run.h"
#include "contract/checks.h"
#include "contract/host_time.h"
#include "contract/trial.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <thread>

namespace opal::contract {

using namespace std::chrono_literals;
using hal::LaserState;

namespace {

// The way out has to work before anything goes in.
void laser_off_first(Trial& trial) {
    hal::Laser& laser = trial.bench().laser();
    const double limit = trial.bench().laser_limit_mw();
    laser.off();
    OPAL_EQUAL(laser.status().state, LaserState::off);
    laser.off();
    OPAL_EQUAL(laser.status().state, LaserState::off);
    laser.arm(limit);
    laser.set_power(limit);
    laser.off();
    OPAL_EQUAL(laser.status().state, LaserState::off);
    OPAL_EQUAL(laser.status().measured_power_mw, 0);
    OPAL_EQUAL(laser.status().set_power_mw, 0);
    // Disarmed, too: were it still armed, this would be light.
    check_fault(trial, hal::ErrorKind::wrong_state, {"arm"}, [&] { laser.set_power(limit); });
    OPAL_EQUAL(laser.status().state, LaserState::off);
}

// The first light of all goes off again when it is told to.
void laser_off_ends_light(Trial& trial) {
    hal::Laser& laser = trial.bench().laser();
    for (int round = 0; round < 2; ++round) {
        {
            const auto light = full_light(trial.bench());
            OPAL_EQUAL(laser.status().state, LaserState::emitting);
            laser.off();
            OPAL_EQUAL(laser.status().state, LaserState::off);
            OPAL_EQUAL(laser.status().measured_power_mw, 0);
        }
        OPAL_EQUAL(laser.status().state, LaserState::off);
    }
}

void laser_order(Trial& trial) {
    hal::Laser& laser = trial.bench().laser();
    OPAL_EQUAL(laser.status().state, LaserState::off);
    OPAL_EQUAL(laser.status().measured_power_mw, 0);
    OPAL_EQUAL(laser.status().set_power_mw, 0);
    OPAL_EXPECT(laser.status().fault.empty());
    check_fault(trial, hal::ErrorKind::wrong_state, {"arm"}, [&] { laser.set_power(1); });
    check_fault(trial, hal::ErrorKind::wrong_state, {"arm"}, [&] { laser.emit(); });
    OPAL_EQUAL(laser.status().state, LaserState::off);

    const double limit = trial.bench().laser_limit_mw();
    laser.arm(limit);
    OPAL_EQUAL(laser.status().state, LaserState::armed);
    OPAL_EQUAL(laser.status().measured_power_mw, 0);
    laser.set_power(limit / 2);
    OPAL_EQUAL(laser.status().state, LaserState::armed);
    OPAL_NEAR(laser.status().set_power_mw, limit / 2, 1e-5);
    OPAL_EQUAL(laser.status().measured_power_mw, 0);
    laser.arm(limit / 2);  // replaces the limit, resets the power
    OPAL_EQUAL(laser.status().state, LaserState::armed);
    OPAL_EQUAL(laser.status().set_power_mw, 0);
    check_fault(trial, hal::ErrorKind::unsafe, {}, [&] { laser.set_power(limit * 0.75); });

    laser.off();
    OPAL_EQUAL(laser.status().state, LaserState::off);
}

void laser_order_lit(Trial& trial) {
    hal::Laser& laser = trial.bench().laser();
    const double limit = trial.bench().laser_limit_mw();
    laser.arm(limit / 2);
    laser.emit();
    check_fault(trial, hal::ErrorKind::wrong_state, {"off"}, [&] { laser.arm(limit); });
    laser.off();
    OPAL_EQUAL(laser.status().state, LaserState::off);
}

void laser_limits(Trial& trial) {
    hal::Laser& laser = trial.bench().laser();
    const double limit = trial.bench().laser_limit_mw();
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinite = std::numeric_limits<double>::infinity();
    check_fault(trial, hal::ErrorKind::unsafe, {"mW"}, [&] { laser.arm(limit * 1.001); });
    check_fault(trial, hal::ErrorKind::unsafe, {"mW"}, [&] { laser.arm(infinite); });
    check_fault(trial, hal::ErrorKind::out_of_range, {"mW"}, [&] { laser.arm(0); });
    check_fault(trial, hal::ErrorKind::out_of_range, {"mW"}, [&] { laser.arm(nan); });
    OPAL_EQUAL(laser.status().state, LaserState::off);

    laser.arm(limit / 2);
    laser.set_power(limit / 4);
    check_fault(trial, hal::ErrorKind::unsafe, {"mW"}, [&] { laser.set_power(limit * 0.501); });
    check_fault(trial, hal::ErrorKind::unsafe, {"mW"}, [&] { laser.set_power(infinite); });
    check_fault(trial, hal::ErrorKind::out_of_range, {"mW"}, [&] { laser.set_power(-0.001); });
    check_fault(trial, hal::ErrorKind::out_of_range, {"mW"}, [&] { laser.set_power(nan); });
    OPAL_NEAR(laser.status().set_power_mw, limit / 4, 1e-5);
}

void laser_limits_lit(Trial& trial) {
    hal::Laser& laser = trial.bench().laser();
    const double limit = trial.bench().laser_limit_mw();
    laser.arm(limit / 2);
    laser.set_power(limit / 4);
    laser.emit();
    check_fault(trial, hal::ErrorKind::unsafe, {"mW"}, [&] { laser.set_power(limit); });
    OPAL_NEAR(laser.status().set_power_mw, limit / 4, 1e-5);
    laser.set_power(limit / 2);
    OPAL_NEAR(laser.status().set_power_mw, limit / 2, 1e-5);
    laser.off();
}

// One life. False if this host looked too late to see the laser warm up, or the bench was late.
bool live(Trial& trial) {
    hal::Bench& bench = trial.bench();
    hal::Laser& laser = bench.laser();
    const hal::Duration warm_up = laser.info().warm_up;
    const double power = 0.8 * bench.laser_limit_mw();
    laser.arm(bench.laser_limit_mw());
    laser.set_power(power);
    const Happened emitted = happened(bench.clock(), [&] { laser.emit(); });
    bool told = true;
    const auto warms_up = [&](hal::Duration after) {
        bench.clock().wait_until(emitted.to + after);
        hal::LaserStatus status;
        const Happened looked = happened(bench.clock(), [&] { status = laser.status(); });
        if (apart(emitted, looked).most >= warm_up) {
            told = false;
            return;
        }
        OPAL_EQUAL(status.state, LaserState::warming_up);
        OPAL_EXPECT(status.measured_power_mw < power);
        if (after > 0ns) OPAL_EXPECT(status.measured_power_mw > 0);
    };
    if (warm_up > 0ns) {
        warms_up(0ns);
        warms_up(warm_up / 2);
    }
    bench.clock().wait_until(emitted.to + warm_up + 1ms);
    const hal::LaserStatus status = laser.status();
    if (status.state == LaserState::warming_up)
        told = false;
    else
        OPAL_EQUAL(status.state, LaserState::emitting);
    if (status.state == LaserState::emitting) OPAL_NEAR(status.measured_power_mw, power, 0.1);
    laser.off();
    OPAL_EQUAL(laser.status().state, LaserState::off);
    OPAL_EQUAL(laser.status().measured_power_mw, 0);
    OPAL_EQUAL(laser.status().set_power_mw, 0);
    laser.off();
    check_fault(trial, hal::ErrorKind::wrong_state, {"arm"}, [&] { laser.emit(); });
    return told;
}

void laser_life(Trial& trial) {
    for (int round = 0; round < 2; ++round)
        patiently(trial, [&](hal::Duration) { return live(trial); });
}

void laser_interlock(Trial& trial) {
    if (!trial.rig().has_door_switch())
        trial.skip("nobody here can open the door switch by program");
    hal::Laser& laser = trial.bench().laser();
    const double limit = trial.bench().laser_limit_mw();
    OPAL_EXPECT(laser.status().interlock_closed);
    trial.rig().set_interlock(false);
    OPAL_EXPECT(!laser.status().interlock_closed);
    OPAL_EQUAL(laser.status().state, LaserState::off);
    check_fault(trial, hal::ErrorKind::refused, {"interlock"}, [&] { laser.arm(limit); });
    trial.rig().set_interlock(true);

    for (const bool emitting : {false, true}) {
        laser.arm(limit);
        laser.set_power(limit);
        if (emitting) laser.emit();
        trial.rig().set_interlock(false);
        OPAL_EQUAL(laser.status().state, LaserState::fault);
        OPAL_EQUAL(laser.status().measured_power_mw, 0);
        OPAL_EXPECT(!laser.status().fault.empty());
        trial.rig().set_interlock(true);
        OPAL_EQUAL(laser.status().state, LaserState::fault);
        OPAL_EQUAL(laser.status().measured_power_mw, 0);
        check_fault(trial, hal::ErrorKind::wrong_state, {}, [&] { laser.emit(); });
        check_fault(trial, hal::ErrorKind::wrong_state, {"off"}, [&] { laser.arm(limit); });
        laser.off();
        OPAL_EQUAL(laser.status().state, LaserState::off);
        OPAL_EXPECT(laser.status().fault.empty());
    }
    laser.arm(limit);
    laser.emit();
    laser.off();
}

void laser_guard(Trial& trial) {
    hal::Bench& bench = trial.bench();
    hal::Laser& laser = bench.laser();
    {
        const auto light = full_light(bench);
        OPAL_EQUAL(laser.status().state, LaserState::emitting);
    }
    OPAL_EQUAL(laser.status().state, LaserState::off);
    try {
        const auto light = full_light(bench);
        throw std::logic_error("anything");
    } catch (const std::logic_error&) {
    }
    OPAL_EQUAL(laser.status().state, LaserState::off);
    if (laser.info().warm_up > 0ns) {
        const double limit = bench.laser_limit_mw();
        const hal::Duration warm_up = laser.info().warm_up;
        patiently(trial, [&](hal::Duration) {
            const hal::Time begin = bench.clock().now();
            try {
                const hal::EmissionGuard guard(laser, bench.clock(), limit, limit,
                                               hal::Deadline::after(bench.clock(), warm_up / 4));
            } catch (const hal::DeviceError&) {
                check_fault(trial, hal::ErrorKind::timeout, {"warm-up"}, [] { throw; });
                return true;
            }
            // A host that stood still meanwhile finds a warm laser.
            OPAL_EXPECT(bench.clock().now() - begin >= warm_up);
            return false;
        });
        OPAL_EQUAL(laser.status().state, LaserState::off);
    }
    if (trial.rig().has_door_switch()) {
        trial.rig().set_interlock(false);
        check_fault(trial, hal::ErrorKind::refused, {"interlock"},
                    [&] { const auto light = full_light(bench); });
        OPAL_EQUAL(laser.status().state, LaserState::off);
        trial.rig().set_interlock(true);
    }
}

void laser_off_anywhere(Trial& trial) {
    hal::Laser& laser = trial.bench().laser();
    laser.arm(trial.bench().laser_limit_mw());
    laser.emit();
    std::thread somebody([&] { laser.off(); });
    for (int i = 0; i < 1000 && laser.status().state != LaserState::off; ++i) {
    }
    somebody.join();
    OPAL_EQUAL(laser.status().state, LaserState::off);
    check_fault(trial, hal::ErrorKind::wrong_state, {"arm"}, [&] { laser.emit(); });
}

}  // namespace

std::vector<Check> laser_checks() {
    constexpr bool gate = true;
    return {
        {"laser", "Laser: off() works before there ever was light", Light::none, false,
         &laser_off_first, gate},
        {"laser", "Laser: starts off and names the right order", Light::none, true, &laser_order,
         gate},
        {"laser", "Laser: nothing above the limits, nothing below zero", Light::none, false,
         &laser_limits, gate},
        {"laser", "Laser: off() ends the first light", Light::emits, false, &laser_off_ends_light,
         gate},
        {"laser", "Laser: no arming again while it emits", Light::emits, false, &laser_order_lit},
        {"laser", "Laser: the limits hold while it emits", Light::emits, false, &laser_limits_lit},
        {"laser", "Laser: warms up, then emits the set power, until off", Light::emits, false,
         &laser_life},
        {"laser", "Laser: an opened interlock is a fault that only off() and arm() leave",
         Light::emits, false, &laser_interlock},
        {"laser", "Laser: EmissionGuard leaves it off, whatever ends the scope", Light::emits,
         false, &laser_guard},
        {"laser", "Laser: off() may come from any thread, in the middle of other calls",
         Light::emits, false, &laser_off_anywhere},
    };
}

}  // namespace opal::contract
