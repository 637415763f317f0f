// EmissionGuard: light on for a scope, off on every way out of it.
#include "hal/laser.h"

#include "hal/error.h"

#include <algorithm>
#include <sstream>

namespace opal::hal {
namespace {

// Warm-up takes seconds; asking a laser on a serial line more often than this would load the line.
// It is also how late a requested stop may be noticed.
constexpr Duration poll_interval = std::chrono::milliseconds(20);

// One reply lost on a serial line must not leave the light on.
constexpr int off_attempts = 3;

void off_whatever_happens(Laser& laser) noexcept {
    for (int attempt = 0; attempt < off_attempts; ++attempt) {
        try {
            laser.off();
            return;
        } catch (...) {
            // A destructor has no one to tell. Laser::off() has already reported what it could, and
            // a second exception here would end the program before other devices are made safe.
        }
    }
}

// A cold laser takes minutes to emit. off() from another thread is what ends that early.
void emit_unless(Laser& laser, const std::stop_token& stop) {
    const std::stop_callback give_up(stop, [&]() noexcept {
        try {
            laser.off();
        } catch (...) {  // emit() ends all the same, and the guard asks again
        }
    });
    try {
        laser.emit();
    } catch (const DeviceError&) {
        if (stop.stop_requested()) throw Interrupted();
        throw;
    }
}

void wait_for_power(Laser& laser, Clock& clock, double power_mw, Deadline deadline,
                    const std::stop_token& stop) {
    const auto name = [&] { return laser.info().model + " " + laser.info().serial; };
    for (;;) {
        if (stop.stop_requested()) throw Interrupted();
        const LaserStatus status = laser.status();
        if (status.state == LaserState::emitting) return;
        if (status.state == LaserState::fault)
            throw DeviceError(ErrorKind::refused, name(), "emit",
                              "the laser went to fault while warming up: " + status.fault);
        if (status.state != LaserState::warming_up)
            throw DeviceError(ErrorKind::refused, name(), "emit",
                              "emission was switched off while warming up");
        if (deadline.passed(clock)) {
            std::ostringstream text;
            text << "asked for " << power_mw << " mW, measured " << status.measured_power_mw
                 << " mW when the deadline passed; warm-up takes "
                 << std::chrono::duration<double>(laser.info().warm_up).count()
                 << " s, so allow more than that";
            throw DeviceError(ErrorKind::timeout, name(), "emit", text.str());
        }
        clock.wait_for(std::min(poll_interval, deadline.left(clock)));
    }
}

}  // namespace

EmissionGuard::EmissionGuard(Laser& laser, Clock& clock, double power_mw, double limit_mw,
                             Deadline deadline, std::stop_token stop)
    : laser_(laser) {
    if (stop.stop_requested()) throw Interrupted();  // without a flash of light
    try {
        laser_.arm(limit_mw);
        laser_.set_power(power_mw);
        emit_unless(laser_, stop);
        wait_for_power(laser_, clock, power_mw, deadline, stop);
    } catch (...) {
        off_whatever_happens(laser_);
        throw;
    }
}

EmissionGuard::~EmissionGuard() {
    off_whatever_happens(laser_);
}

}  // namespace opal::hal
