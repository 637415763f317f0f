// RemoteLaser: see remote_laser.h.
#include "drivers/lasers/remote_laser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace opal::drivers {

using hal::Deadline;
using hal::DeviceError;
using hal::Duration;
using hal::ErrorKind;
using hal::LaserState;
using namespace std::chrono_literals;

namespace {

constexpr Duration look_again = 20ms;
constexpr Duration dark_patience = 1s;   // from "off" to a reading without emission
constexpr Duration light_patience = 2s;  // beyond the head's own delay
// Readings that agree: three times the noise of a good diode. A power that rises over the whole
// warm-up moves by ten times as much in a tenth of it.
constexpr double steady_share = 0.01;
constexpr Duration longest_look = 1s;

}  // namespace

RemoteLaser::RemoteLaser(hal::Clock& clock, std::unique_ptr<LaserHead> head, double limit_mw)
    : clock_(clock), head_(std::move(head)) {
    switch_off("open");
    info_ = head_->identify();
    if (!(limit_mw > 0))
        fail(ErrorKind::out_of_range, "open",
             fmt::format("a limit of {} mW asked; it must be above 0", limit_mw));
    info_.max_power_mw = std::min(info_.max_power_mw, limit_mw);
}

RemoteLaser::~RemoteLaser() {
    for (int attempt = 0; attempt < 3; ++attempt) {
        try {
            off();
            return;
        } catch (...) {  // once more: a reply may have been lost
        }
    }
}

void RemoteLaser::arm(double limit_mw) {
    const std::lock_guard lock(mutex_);
    if (limit_mw > info_.max_power_mw)
        fail(ErrorKind::unsafe, "arm",
             fmt::format("limit {} mW asked; this laser is allowed at most {} mW", limit_mw,
                         info_.max_power_mw));
    if (!(limit_mw > 0))
        fail(ErrorKind::out_of_range, "arm",
             fmt::format("limit {} mW asked; it must be above 0 and at most {} mW", limit_mw,
                         info_.max_power_mw));
    LaserReading reading = look();
    if (state_ == State::lit || state_ == State::fault)
        fail(ErrorKind::wrong_state, "arm",
             state_ == State::lit ? "the laser is emitting; off() comes first"
                                  : fmt::format("{}; off() comes first", fault_));
    if (reading.interlock_closed && !reading.fault.empty()) {
        head_->clear_faults();
        reading = head_->read();
    }
    require_ready(reading, "arm");
    head_->write_power(0);
    const double set = head_->read().set_power_mw;
    if (set > head_->power_step_mw())
        fail(ErrorKind::refused, "arm",
             fmt::format("power 0 was sent, but the laser reads back {} mW", set));
    limit_mw_ = limit_mw;
    state_ = State::armed;
}

void RemoteLaser::set_power(double power_mw) {
    const std::lock_guard lock(mutex_);
    look();
    if (state_ == State::off || state_ == State::fault)
        fail(ErrorKind::wrong_state, "set_power",
             state_ == State::off ? "the laser is off; arm() comes first"
                                  : fmt::format("{}; off() and arm() come first", fault_));
    if (power_mw > limit_mw_)
        fail(
            ErrorKind::unsafe, "set_power",
            fmt::format("{} mW asked; the laser was armed for at most {} mW", power_mw, limit_mw_));
    if (!(power_mw >= 0))
        fail(ErrorKind::out_of_range, "set_power",
             fmt::format("{} mW asked; 0 to {} mW is possible", power_mw, limit_mw_));
    try {
        head_->write_power(power_mw);
        begin_warm_up();
        const double set = head_->read().set_power_mw;
        if (std::abs(set - power_mw) > head_->power_step_mw() + 0.01 * power_mw)
            fail(ErrorKind::refused, "set_power",
                 fmt::format("{} mW was sent, but the laser reads back {} mW; it is off now. "
                             "Compare the label with what the bench says about this laser",
                             power_mw, set));
    } catch (...) {  // nobody knows how bright it would be
        switch_off("set_power");
        throw;
    }
}

void RemoteLaser::emit() {
    std::unique_lock lock(mutex_);
    const LaserReading reading = look();
    if (state_ == State::lit) return;
    if (state_ != State::armed)
        fail(ErrorKind::wrong_state, "emit",
             state_ == State::off
                 ? "the laser is off; arm() and set_power() come first"
                 : fmt::format("{}; off(), arm() and set_power() come first", fault_));
    require_ready(reading, "emit");
    state_ = State::lit;  // from here on it may be
    begin_warm_up();
    try {
        head_->switch_on();
        wait_for_light(lock);
    } catch (...) {
        if (!lock.owns_lock()) lock.lock();
        if (state_ == State::lit) switch_off("emit");
        throw;
    }
}

void RemoteLaser::wait_for_light(std::unique_lock<std::mutex>& lock) {
    const std::uint64_t offs = offs_;
    const auto warm_patience = [&] {
        return Deadline::after(clock_, head_->emission_delay() + light_patience);
    };
    // A cold laser takes the command and obeys when it is warm; delay and key come after that.
    const Deadline heated{warm_at_};
    Deadline deadline = warm_patience();
    for (;;) {
        const LaserReading reading = head_->read();
        if (reading.heating && !heated.passed(clock_)) deadline = warm_patience();
        if (reading.emission) return;
        if (!reading.barred.empty())
            fail(ErrorKind::refused, "emit", reading.barred + "; the laser is off");
        if (!reading.interlock_closed)
            fail(ErrorKind::refused, "emit", "the interlock opened; the laser is off");
        if (!reading.fault.empty())
            fail(ErrorKind::refused, "emit",
                 fmt::format("the laser reports: {}; it is off", reading.fault));
        if (deadline.passed(clock_))
            fail(reading.waiting.empty() ? ErrorKind::timeout : ErrorKind::refused, "emit",
                 reading.waiting.empty()
                     ? std::string("the laser took the command, but no light came; it is off")
                     : fmt::format("no light came: {}; the laser is off", reading.waiting));
        lock.unlock();
        clock_.wait_for(look_again);
        lock.lock();
        if (offs_ != offs) fail(ErrorKind::refused, "emit", "off() was called meanwhile");
    }
}

void RemoteLaser::begin_warm_up() {
    warm_ = false;
    warm_at_ = clock_.now() + info_.warm_up;
    steady_at_.reset();
}

bool RemoteLaser::warmed_up(const LaserReading& reading) {
    if (!reading.in_specification) {
        steady_at_.reset();
        return false;
    }
    const hal::Time now = clock_.now();
    const double apart_mw = std::abs(reading.measured_power_mw - steady_mw_);
    if (!steady_at_ || apart_mw > steady_share * reading.set_power_mw + head_->power_step_mw()) {
        steady_at_ = now;
        steady_mw_ = reading.measured_power_mw;
    }
    const Duration look = std::min<Duration>(info_.warm_up / 10, longest_look);
    if (now >= warm_at_ || now - *steady_at_ >= look) warm_ = true;
    return warm_;
}

void RemoteLaser::off() {
    const std::lock_guard lock(mutex_);
    ++offs_;
    switch_off("off");
}

// Ends in `off` or throws with the state as it was. What got no answer is asked once more: it may
// have been the command that was lost. Of a link that is gone another is made, once.
void RemoteLaser::switch_off(const char* operation) {
    std::string doubt;
    bool reconnected = false;
    for (int attempt = 0, attempts = 2; attempt < attempts; ++attempt) {
        try {
            if (!confirmed_dark()) {
                doubt =
                    "the laser was told to be off and still reports emission, or that it will "
                    "come";
                break;
            }
            if (reconnected && !same_device()) {
                doubt = "another laser answers where this one was: its emission is unknown";
                break;
            }
            state_ = State::off;
            fault_.clear();
            limit_mw_ = 0;
            return;
        } catch (const DeviceError& error) {
            doubt =
                fmt::format("the laser did not confirm ({}): emission is unknown", error.what());
            if (error.kind() != ErrorKind::disconnected || reconnected) continue;
        }
        try {
            reconnected = true;
            head_->reconnect();
            attempts = attempt + 3;  // two more on the new link
        } catch (const DeviceError& error) {
            doubt += fmt::format("; no new link: {}", error.what());
            break;
        }
    }
    fail(ErrorKind::timeout, operation,
         doubt + ". Block the beam, turn the key off, and look at the laser and its cable");
}

// Tells the laser to be off; whether it then says that it is and stays so.
bool RemoteLaser::confirmed_dark() {
    head_->switch_off();
    const Deadline deadline = Deadline::after(clock_, dark_patience);
    for (;;) {
        const LaserReading reading = head_->read();
        if (!reading.emission && !reading.requested) {
            if (reading.set_power_mw > 0) head_->write_power(0);
            return true;
        }
        if (deadline.passed(clock_)) return false;
        clock_.wait_for(look_again);
    }
}

// Behind a new link may be another device. True before anything is known of this one.
bool RemoteLaser::same_device() {
    return info_.serial.empty() || head_->identify().serial == info_.serial;
}

hal::LaserStatus RemoteLaser::status() {
    const std::lock_guard lock(mutex_);
    const LaserReading reading = look();
    hal::LaserStatus status;
    status.interlock_closed = reading.interlock_closed;
    if (state_ != State::off) status.set_power_mw = reading.set_power_mw;
    if (reading.emission) status.measured_power_mw = reading.measured_power_mw;
    switch (state_) {
        case State::off:
            status.state = LaserState::off;
            break;
        case State::armed:
            status.state = LaserState::armed;
            break;
        case State::lit:
            status.state = warmed_up(reading) ? LaserState::emitting : LaserState::warming_up;
            break;
        case State::fault:
            status.state = LaserState::fault;
            status.fault = fault_;
            break;
    }
    return status;
}

LaserReading RemoteLaser::look() {
    LaserReading reading = head_->read();
    std::string wrong;
    if (state_ == State::off && reading.emission) {
        wrong = "the laser emits although nobody here turned it on";
    } else if (state_ == State::off && reading.requested) {
        wrong = "the laser was told to emit, and nobody here did";
    } else if (state_ == State::armed || state_ == State::lit) {
        if (!reading.barred.empty())
            wrong = reading.barred;
        else if (!reading.interlock_closed)
            wrong = "the interlock opened while the laser was armed; close it";
        else if (!reading.fault.empty())
            wrong = fmt::format("the laser reports: {}", reading.fault);
        else if (state_ == State::lit && !reading.emission)
            wrong = "the light ended by itself";
        else if (state_ == State::armed && reading.emission)
            wrong = "the laser emits although it was only armed";
        else if (state_ == State::armed && reading.requested)
            wrong = "the laser was told to emit although it was only armed";
    }
    if (!wrong.empty()) {
        state_ = State::fault;
        fault_ = wrong;
    }
    // What went dark by itself may still be enabled, and comes back when the cause has gone.
    if (!wrong.empty() || (state_ == State::fault && (reading.emission || reading.requested))) {
        try {
            head_->switch_off();
        } catch (const DeviceError& error) {  // off() asks again, and insists
            if (!wrong.empty())
                fault_ += fmt::format("; it did not take \"off\": {}", error.what());
        }
    }
    return reading;
}

void RemoteLaser::require_ready(const LaserReading& reading, const char* operation) const {
    if (!reading.barred.empty()) fail(ErrorKind::refused, operation, reading.barred);
    if (!reading.interlock_closed)
        fail(ErrorKind::refused, operation,
             "the interlock is open; close the door switch and try again");
    if (!reading.fault.empty())
        fail(ErrorKind::refused, operation, fmt::format("the laser reports: {}", reading.fault));
}

void RemoteLaser::fail(ErrorKind kind, const char* operation, const std::string& text) const {
    throw DeviceError(kind, head_->place(), operation, text);
}

}  // namespace opal::drivers
