// The driver's patience with a USB3 Vision camera's answers: as long as the camera asks for, and
// not for ever.
#include "hal/error.h"
#include "protocol/u3v_registers.h"
#include "tests/instruments/u3v_bench.h"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

using namespace opal;
using namespace std::chrono_literals;
namespace u3v = drivers::u3v;

namespace {

class StandingClock final : public hal::Clock {
public:
    hal::Time now() const override { return now_; }
    void wait_until(hal::Time when) override { now_ = std::max(now_, when); }

private:
    hal::Time now_{};
};

// Answers every read at once, a millisecond later, with what nobody asked for.
class Chatterbox final : public hal::UsbDevice {
public:
    explicit Chatterbox(hal::Clock& clock) : clock_(clock) {}
    const hal::UsbDeviceInfo& info() const override { return info_; }
    hal::Time now() const override { return clock_.now(); }
    void claim(int) override {}
    std::size_t control(const hal::UsbSetup&, std::span<std::byte>, hal::Deadline) override {
        return 0;
    }
    void write(std::uint8_t, std::span<const std::byte>, hal::Deadline) override {}
    void submit(std::uint8_t, hal::UsbTransfer& transfer) override { read_ = &transfer; }
    hal::UsbTransfer* reap(std::uint8_t, hal::Deadline) override {
        // Far beyond every deadline, so that a driver that waits for ever fails and does not hang.
        if (++answers > 100000) throw hal::DeviceError(hal::ErrorKind::disconnected, "", "", "");
        clock_.wait_for(1ms);
        read_->length =
            protocol::u3v::encode_write_ack(0xFFFE, 4, read_->room);  // of another command
        read_->outcome = hal::UsbOutcome::complete;
        return read_;
    }
    void cancel(std::uint8_t) override {}
    void clear_halt(std::uint8_t) override {}

    int answers = 0;

private:
    const hal::UsbDeviceInfo info_;
    hal::Clock& clock_;
    hal::UsbTransfer* read_ = nullptr;
};

hal::ErrorKind fault_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const hal::DeviceError& error) {
        return error.kind();
    }
    return hal::ErrorKind::unsafe;
}

sim::U3vCameraOptions slow(hal::Duration reply, std::uint32_t promised_ms) {
    sim::U3vCameraOptions options;
    options.faults.slow_reply = reply;
    options.max_response_ms = promised_ms;
    return options;
}

}  // namespace

TEST_CASE("answers to other commands do not prolong the wait") {
    StandingClock clock;
    Chatterbox usb(clock);
    protocol::u3v::Channel endpoints;
    endpoints.in = 0x81;
    endpoints.out = 0x01;
    endpoints.packet_bytes = 1024;
    u3v::ControlTiming timing;
    timing.read_answer = 500ms;
    timing.write_answer = 5s;
    timing.tries = 5;
    u3v::ControlChannel channel(usb, endpoints, clock, "camera", timing);
    CHECK(fault_of([&] { channel.write32(0x100, 1); }) == hal::ErrorKind::timeout);
    CHECK(usb.answers == 5000);  // one a millisecond
    usb.answers = 0;
    CHECK(fault_of([&] { channel.read32(0x100); }) == hal::ErrorKind::timeout);
    // Before the camera's own time is known, each try is twice as patient as the one before.
    CHECK(usb.answers == 500 + 1000 + 2000 + 4000 + 8000);
}

TEST_CASE("a camera that says it is slow is waited for") {
    {
        // Slower than the driver's half second, and than twice that for a write of its own.
        tests::U3vTable wire(contract::small_scene(), slow(900ms, 1000));
        const auto camera = wire.open();
        CHECK(camera->control().retries() == 1);  // the very first question
        camera->features().forget();
        CHECK(camera->features().integer("Width") == 64);
        camera->features().set_integer("Width", 32);
        CHECK(camera->features().integer("Width") == 32);
        CHECK(camera->control().retries() == 1);
    }
    {
        // Writes too: 6 s are more than the driver's 5 s.
        tests::U3vTable wire(contract::small_scene(), slow(6s, 4000));
        const auto camera = wire.open();
        camera->features().set_integer("Width", 32);
        CHECK(camera->features().integer("Width") == 32);
    }
    // Nobody is waited for longer than 10 s.
    tests::U3vTable wire(contract::small_scene(), slow(900ms, 60000));
    const auto camera = wire.open();
    sim::U3vFaults faults;
    faults.slow_reply = 11s;
    wire.camera.set_faults(faults);
    const hal::Time before = wire.table.clock().now();
    CHECK(fault_of([&] { camera->device_time(); }) == hal::ErrorKind::timeout);
    CHECK(wire.table.clock().now() - before < 10100ms);
}
