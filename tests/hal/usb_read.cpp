// UsbDevice::read on a scripted device: whatever happens, no transfer outlives the call.
#include "hal/error.h"
#include "hal/usb_device.h"

#include <doctest/doctest.h>

#include <array>

using namespace opal::hal;

namespace {

// A device whose one read does not finish by the deadline, and which is unplugged before the read
// can be cancelled.
class UnpluggedAtTheDeadline final : public UsbDevice {
public:
    const UsbDeviceInfo& info() const override { return info_; }
    void claim(int) override {}
    std::size_t control(const UsbSetup&, std::span<std::byte>, Deadline) override { return 0; }
    void write(std::uint8_t, std::span<const std::byte>, Deadline) override {}
    void submit(std::uint8_t, UsbTransfer& transfer) override { queued = &transfer; }
    UsbTransfer* reap(std::uint8_t, Deadline) override {
        if (plugged) return nullptr;
        UsbTransfer* const done = queued;
        queued = nullptr;
        if (done) done->outcome = UsbOutcome::failed;
        return done;
    }
    void cancel(std::uint8_t) override {
        plugged = false;
        throw DeviceError(ErrorKind::disconnected, "scripted", "cancel", "unplugged");
    }
    void clear_halt(std::uint8_t) override {}

    UsbTransfer* queued = nullptr;
    bool plugged = true;

private:
    UsbDeviceInfo info_;
};

}  // namespace

TEST_CASE("a device unplugged between deadline and cancel keeps no read on the caller's stack") {
    UnpluggedAtTheDeadline device;
    std::array<std::byte, 64> room;
    CHECK_THROWS_AS(device.read(0x81, room, Deadline{}), DeviceError);
    CHECK(device.queued == nullptr);
}
