// UsbDevice::read on scripted devices: whatever happens, the call ends, nothing that the system may
// still write to is on the caller's stack, and the error says what happened.
#include "hal/error.h"
#include "hal/usb_device.h"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <utility>

using namespace opal::hal;
using namespace std::chrono_literals;

namespace {

// One read, which ends when the script says so. Waiting costs nothing: time is counted.
class Scripted : public UsbDevice {
public:
    const UsbDeviceInfo& info() const override { return info_; }
    Time now() const override { return time; }
    void claim(int) override {}
    std::size_t control(const UsbSetup&, std::span<std::byte>, Deadline) override { return 0; }
    void write(std::uint8_t, std::span<const std::byte>, Deadline) override {}
    void submit(std::uint8_t, UsbTransfer& transfer) override {
        transfer.length = 0;
        transfer.outcome = UsbOutcome::pending;
        queued = &transfer;
    }
    UsbTransfer* reap(std::uint8_t, Deadline deadline) override {
        if (!queued) {
            if (plugged) return nullptr;
            throw DeviceError(ErrorKind::disconnected, "scripted", "reap", "unplugged");
        }
        if (ends) {
            UsbTransfer* const done = queued;
            queued = nullptr;
            done->outcome = outcome;
            return done;
        }
        if (deadline.at > time) time = deadline.at;
        return nullptr;
    }
    void cancel(std::uint8_t) override {}
    void clear_halt(std::uint8_t) override {}

    UsbTransfer* queued = nullptr;
    Time time{};
    bool plugged = true;
    bool ends = false;
    UsbOutcome outcome = UsbOutcome::complete;

private:
    UsbDeviceInfo info_;
};

class UnpluggedAtTheDeadline final : public Scripted {
public:
    void cancel(std::uint8_t) override {
        plugged = false;
        ends = true;
        outcome = UsbOutcome::failed;
        throw DeviceError(ErrorKind::disconnected, "scripted", "cancel", "unplugged");
    }
};

// Fails to look at its events once, with the read still under way.
class FailsToLook final : public Scripted {
public:
    UsbTransfer* reap(std::uint8_t endpoint, Deadline deadline) override {
        if (!std::exchange(failed_, true))
            throw DeviceError(ErrorKind::corrupt, "scripted", "reap", "no events");
        return Scripted::reap(endpoint, deadline);
    }
    void cancel(std::uint8_t) override {
        ends = true;
        outcome = UsbOutcome::cancelled;
    }

private:
    bool failed_ = false;
};

ErrorKind error_of(UsbDevice& device) {
    std::array<std::byte, 64> room;
    try {
        device.read(0x81, room, Deadline{Time{} + 1s});
    } catch (const DeviceError& error) {
        return error.kind();
    }
    FAIL("an error was due");
    return ErrorKind::timeout;
}

}  // namespace

TEST_CASE("a device unplugged between deadline and cancel is disconnected, its read reaped") {
    UnpluggedAtTheDeadline device;
    CHECK(error_of(device) == ErrorKind::disconnected);
    CHECK(device.queued == nullptr);
}

TEST_CASE("a transfer that failed on a device still plugged in is corrupt") {
    Scripted device;
    device.ends = true;
    device.outcome = UsbOutcome::failed;
    CHECK(error_of(device) == ErrorKind::corrupt);
}

TEST_CASE("a host controller that does not finish a cancel ends neither the program nor memory") {
    static Scripted device;  // what it still holds must outlive the call: it may yet be written to
    CHECK(error_of(device) == ErrorKind::disconnected);
    CHECK(device.time == Time{} + 3s);
    REQUIRE(device.queued);
    REQUIRE(device.queued->room.size() == 64);
    device.queued->room[63] = std::byte{1};
    device.queued->outcome = UsbOutcome::complete;
}

TEST_CASE("when looking for events fails, the read is called back before the error goes on") {
    FailsToLook device;
    CHECK(error_of(device) == ErrorKind::corrupt);
    CHECK(device.queued == nullptr);
}

TEST_CASE("what came before the deadline counts") {
    class Partial final : public Scripted {
    public:
        void cancel(std::uint8_t) override {
            ends = true;
            outcome = UsbOutcome::cancelled;
            queued->room[0] = std::byte{0x5A};
            queued->length = 1;
        }
    } device;
    std::array<std::byte, 64> room{};
    CHECK(device.read(0x81, room, Deadline{Time{} + 1s}) == 1);
    CHECK(room[0] == std::byte{0x5A});
}
