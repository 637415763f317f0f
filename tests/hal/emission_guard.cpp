// EmissionGuard on a scripted laser that logs every call: what is sent, and that off() comes last.
#include "hal/error.h"
#include "hal/laser.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

using namespace opal::hal;
using namespace std::chrono_literals;

namespace {

class ScriptedClock final : public Clock {
public:
    Time now() const override { return now_; }
    void wait_until(Time when) override {
        now_ = when > now_ ? when : now_;
        if (now_ >= stop_at) stop.request_stop();
    }

    std::stop_source stop;  // pulled at `stop_at`, as by Ctrl-C in the middle of a wait
    Time stop_at = Time::max();

private:
    Time now_{};
};

class ScriptedLaser final : public Laser {
public:
    explicit ScriptedLaser(Clock& clock) : clock_(clock) { info_.warm_up = 300ms; }

    const LaserInfo& info() const override { return info_; }
    void arm(double limit_mw) override { log("arm " + std::to_string(static_cast<int>(limit_mw))); }
    void set_power(double power_mw) override {
        if (refuse_power)
            throw DeviceError(ErrorKind::unsafe, "scripted", "set_power", "above the limit");
        log("power " + std::to_string(static_cast<int>(power_mw)));
    }
    void emit() override {
        log("emit");
        if (cold) {  // obeys when it is warm; off() ends the wait
            offs_ = 0;
            clock_.wait_for(60s);
            if (offs_ > 0)
                throw DeviceError(ErrorKind::refused, "scripted", "emit", "off() was called");
        }
        emitted_at_ = clock_.now();
        state_ = LaserState::warming_up;
    }
    void off() override {
        log("off");
        ++offs_;
        state_ = LaserState::off;
        if (off_throws) throw DeviceError(ErrorKind::disconnected, "scripted", "off", "no reply");
    }
    LaserStatus status() override {
        if (state_ == LaserState::warming_up && clock_.now() - emitted_at_ >= info_.warm_up)
            state_ = fault_instead ? LaserState::fault : LaserState::emitting;
        LaserStatus status;
        status.state = state_;
        if (state_ == LaserState::fault) status.fault = "interlock opened";
        return status;
    }

    std::vector<std::string> calls;
    bool refuse_power = false;
    bool off_throws = false;
    bool fault_instead = false;
    bool cold = false;

private:
    void log(const std::string& call) { calls.push_back(call); }

    Clock& clock_;
    LaserInfo info_;
    LaserState state_ = LaserState::off;
    Time emitted_at_{};
    int offs_ = 0;
};

struct Setup {
    ScriptedClock clock;
    ScriptedLaser laser{clock};
};

const std::vector<std::string> whole_life = {"arm 20", "power 10", "emit", "off"};

}  // namespace

TEST_CASE(
    "arms, sets the power, emits, waits for the specified power; off at the end of the scope") {
    Setup s;
    {
        EmissionGuard guard(s.laser, s.clock, 10, 20, Deadline::after(s.clock, 1s));
        CHECK(s.laser.status().state == LaserState::emitting);
        CHECK(s.clock.now().time_since_epoch() >= 300ms);
        CHECK(s.laser.calls.back() == "emit");
    }
    CHECK(s.laser.calls == whole_life);
}

TEST_CASE("an exception in the scope turns the laser off") {
    Setup s;
    try {
        EmissionGuard guard(s.laser, s.clock, 10, 20, Deadline::after(s.clock, 1s));
        throw std::logic_error("anything");
    } catch (const std::logic_error&) {
    }
    CHECK(s.laser.calls == whole_life);
}

TEST_CASE("no specified power by the deadline: timeout at the deadline, laser off") {
    Setup s;
    try {
        EmissionGuard guard(s.laser, s.clock, 10, 20, Deadline::after(s.clock, 250ms));
        FAIL("the guard has to throw");
    } catch (const DeviceError& error) {
        CHECK(error.kind() == ErrorKind::timeout);
        CHECK(std::string(error.what()).find("0.3 s") != std::string::npos);
    }
    CHECK(s.laser.calls == whole_life);
    CHECK(s.clock.now().time_since_epoch() == 250ms);
}

TEST_CASE("a refused power is passed on, and off() is still called") {
    Setup s;
    s.laser.refuse_power = true;
    CHECK_THROWS_AS(EmissionGuard(s.laser, s.clock, 30, 20, Deadline::after(s.clock, 1s)),
                    DeviceError);
    CHECK(s.laser.calls == std::vector<std::string>{"arm 20", "off"});
}

TEST_CASE("a fault during warm-up ends the wait at once with the laser's own words") {
    Setup s;
    s.laser.fault_instead = true;
    try {
        EmissionGuard guard(s.laser, s.clock, 10, 20, Deadline::after(s.clock, 10s));
        FAIL("the guard has to throw");
    } catch (const DeviceError& error) {
        CHECK(error.kind() == ErrorKind::refused);
        CHECK(std::string(error.what()).find("interlock opened") != std::string::npos);
    }
    CHECK(s.clock.now().time_since_epoch() < 1s);
    CHECK(s.laser.calls == whole_life);
}

TEST_CASE("the destructor never throws, even if off() does, and asks again") {
    Setup s;
    {
        EmissionGuard guard(s.laser, s.clock, 10, 20, Deadline::after(s.clock, 1s));
        s.laser.off_throws = true;
    }
    CHECK(s.laser.calls ==
          std::vector<std::string>{"arm 20", "power 10", "emit", "off", "off", "off"});
}

TEST_CASE("a stop requested during warm-up ends the wait within one look, laser off") {
    Setup s;
    s.clock.stop_at = Time{} + 100ms;
    CHECK_THROWS_AS(EmissionGuard(s.laser, s.clock, 10, 20, Deadline::after(s.clock, 1s),
                                  s.clock.stop.get_token()),
                    Interrupted);
    CHECK(s.laser.calls == whole_life);
    // The guard looks every 20 ms; the wait that saw the stop was the last one.
    CHECK(s.clock.now().time_since_epoch() < 100ms + 20ms);
}

TEST_CASE("a stop requested while a cold laser warms up calls off() and ends emit()") {
    Setup s;
    s.laser.cold = true;
    s.clock.stop_at = Time(30s);
    CHECK_THROWS_AS(EmissionGuard(s.laser, s.clock, 10, 20, Deadline::after(s.clock, 300s),
                                  s.clock.stop.get_token()),
                    Interrupted);
    CHECK(s.laser.calls == std::vector<std::string>{"arm 20", "power 10", "emit", "off", "off"});
}

TEST_CASE("a stop requested before is obeyed without a flash of light") {
    Setup s;
    s.clock.stop.request_stop();
    CHECK_THROWS_AS(EmissionGuard(s.laser, s.clock, 10, 20, Deadline::after(s.clock, 1s),
                                  s.clock.stop.get_token()),
                    Interrupted);
    CHECK(s.laser.calls.empty());
}

TEST_CASE("a stop requested after warm-up is the scope's business, not the guard's") {
    Setup s;
    s.clock.stop_at = Time{} + 500ms;
    EmissionGuard guard(s.laser, s.clock, 10, 20, Deadline::after(s.clock, 1s),
                        s.clock.stop.get_token());
    s.clock.wait_until(Time{} + 500ms);
    CHECK(s.clock.stop.stop_requested());
    CHECK(s.laser.calls.back() == "emit");
}
