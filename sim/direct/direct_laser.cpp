// DirectLaser: the state machine of hal/laser.h on virtual time.
#include "sim/direct/direct_laser.h"

#include "sim/table/scene_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace opal::sim {

using hal::Duration;
using hal::ErrorKind;
using hal::LaserState;

namespace {

const char* name_of(LaserState state) {
    switch (state) {
        case LaserState::off:
            return "off";
        case LaserState::armed:
            return "armed";
        case LaserState::warming_up:
            return "warming_up";
        case LaserState::emitting:
            return "emitting";
        case LaserState::fault:
            return "fault";
    }
    return "unknown";
}

bool gives_light(LaserState state) {
    return state == LaserState::warming_up || state == LaserState::emitting;
}

}  // namespace

DirectLaser::DirectLaser(OpticalTable& table, const Scene& scene)
    : table_(table), interlock_closed_(scene.laser.interlock_closed) {
    info_.model = "OPAL simulated laser";
    info_.serial = fmt::format("SIM-{}", scene.seed);
    info_.wavelength_nm = scene.laser.wavelength_nm;
    info_.max_power_mw = scene.laser.max_power_mw;
    info_.warm_up = from_seconds(scene.laser.warm_up_s);
    table_.events().write(table_.now(), "laser", "off");
}

DirectLaser::~DirectLaser() {
    off();
}

void DirectLaser::arm(double limit_mw) {
    const auto lock = table_.lock();
    settle();
    if (state_ != LaserState::off && state_ != LaserState::armed)
        fail(ErrorKind::wrong_state, "arm",
             fmt::format("the laser is in state {}; off() comes first", name_of(state_)));
    if (!(limit_mw > 0))
        fail(ErrorKind::out_of_range, "arm",
             fmt::format("limit {} mW asked; it must be above 0 and at most {} mW", limit_mw,
                         info_.max_power_mw));
    if (limit_mw > info_.max_power_mw)
        fail(ErrorKind::unsafe, "arm",
             fmt::format("limit {} mW asked; this laser is allowed at most {} mW", limit_mw,
                         info_.max_power_mw));
    require_closed("arm");
    limit_mw_ = limit_mw;
    power_mw_ = 0;
    enter(LaserState::armed, table_.now(), fmt::format("\"limit_mw\":{}", limit_mw));
}

void DirectLaser::set_power(double power_mw) {
    const auto lock = table_.lock();
    settle();
    if (state_ == LaserState::off || state_ == LaserState::fault)
        fail(ErrorKind::wrong_state, "set_power",
             fmt::format("the laser is in state {}; arm() comes first", name_of(state_)));
    if (!(power_mw >= 0))
        fail(ErrorKind::out_of_range, "set_power",
             fmt::format("{} mW asked; 0 to {} mW is possible", power_mw, limit_mw_));
    if (power_mw > limit_mw_)
        fail(
            ErrorKind::unsafe, "set_power",
            fmt::format("{} mW asked; the laser was armed for at most {} mW", power_mw, limit_mw_));
    power_mw_ = power_mw;
    if (gives_light(state_)) table_.set_power(power_q16(), emitting_since_, info_.warm_up);
    table_.events().write(table_.now(), "laser", "set_power",
                          fmt::format("\"power_mw\":{}", power_mw));
}

void DirectLaser::emit() {
    const auto lock = table_.lock();
    settle();
    if (gives_light(state_)) return;
    if (state_ != LaserState::armed)
        fail(ErrorKind::wrong_state, "emit",
             fmt::format("the laser is in state {}; arm() and set_power() come first",
                         name_of(state_)));
    require_closed("emit");
    emitting_since_ = table_.now();
    // The line is written before there is light: a log that ends early errs on the safe side.
    enter(LaserState::warming_up, emitting_since_, fmt::format("\"power_mw\":{}", power_mw_));
    table_.set_power(power_q16(), emitting_since_, info_.warm_up);
}

void DirectLaser::off() {
    const auto lock = table_.lock();
    settle();
    if (state_ == LaserState::off) return;
    if (gives_light(state_)) table_.set_power_off();
    limit_mw_ = 0;
    power_mw_ = 0;
    enter(LaserState::off, table_.now());
}

hal::LaserStatus DirectLaser::status() {
    const auto lock = table_.lock();
    settle();
    hal::LaserStatus status;
    status.state = state_;
    status.interlock_closed = interlock_closed_;
    status.set_power_mw = power_mw_;
    if (gives_light(state_)) {
        const Duration now = table_.now();
        const double rise =
            info_.warm_up > Duration{0}
                ? std::min(1.0, static_cast<double>((now - emitting_since_).count()) /
                                    static_cast<double>(info_.warm_up.count()))
                : 1.0;
        status.measured_power_mw = power_mw_ * rise * table_.optics().power_factor(now);
    }
    if (state_ == LaserState::fault)
        status.fault =
            "the interlock opened while the laser was armed; close it, then off(), "
            "arm() and emit()";
    return status;
}

void DirectLaser::set_interlock(bool closed) {
    const auto lock = table_.lock();
    settle();
    if (closed == interlock_closed_) return;
    interlock_closed_ = closed;
    table_.events().write(table_.now(), "laser", closed ? "interlock_closed" : "interlock_open");
    if (closed || state_ == LaserState::off || state_ == LaserState::fault) return;
    if (gives_light(state_)) table_.set_power_off();
    enter(LaserState::fault, table_.now(), "\"cause\":\"interlock\"");
}

void DirectLaser::settle() {
    if (state_ != LaserState::warming_up) return;
    const Duration warm_at = emitting_since_ + info_.warm_up;
    if (table_.now() >= warm_at) enter(LaserState::emitting, warm_at);
}

void DirectLaser::enter(LaserState state, Duration at, const std::string& details) {
    state_ = state;
    table_.events().write(at, "laser", name_of(state), details);
}

void DirectLaser::require_closed(const char* operation) const {
    if (!interlock_closed_)
        fail(ErrorKind::refused, operation,
             "the interlock is open; close the door switch and try again");
}

std::uint32_t DirectLaser::power_q16() const {
    const double share = power_mw_ / info_.max_power_mw;
    return static_cast<std::uint32_t>(std::lround(std::clamp(share, 0.0, 1.0) * 65536.0));
}

void DirectLaser::fail(ErrorKind kind, const char* operation, const std::string& text) const {
    throw hal::DeviceError(kind, "laser " + info_.model + " " + info_.serial, operation, text);
}

}  // namespace opal::sim
