// What the USB3 Vision driver leaves behind in the camera when one of its steps fails.
#include "hal/error.h"
#include "tests/instruments/u3v_bench.h"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>

using namespace opal;
using namespace std::chrono_literals;
namespace u3v = drivers::u3v;

namespace {

// The cable's end, with a system that may be out of memory for reads of the stream.
class PoorUsb final : public hal::UsbDevice {
public:
    PoorUsb(std::unique_ptr<hal::UsbDevice> usb, const bool& poor)
        : usb_(std::move(usb)), poor_(poor) {}
    const hal::UsbDeviceInfo& info() const override { return usb_->info(); }
    hal::Time now() const override { return usb_->now(); }
    void claim(int interface) override { usb_->claim(interface); }
    std::size_t control(const hal::UsbSetup& setup, std::span<std::byte> data,
                        hal::Deadline deadline) override {
        return usb_->control(setup, data, deadline);
    }
    void write(std::uint8_t endpoint, std::span<const std::byte> bytes,
               hal::Deadline deadline) override {
        usb_->write(endpoint, bytes, deadline);
    }
    void submit(std::uint8_t endpoint, hal::UsbTransfer& transfer) override {
        if (poor_ && endpoint == sim::VirtualU3vCamera::stream_endpoint)
            throw hal::DeviceError(hal::ErrorKind::refused, "usb", "submit", "out of memory");
        usb_->submit(endpoint, transfer);
    }
    hal::UsbTransfer* reap(std::uint8_t endpoint, hal::Deadline deadline) override {
        return usb_->reap(endpoint, deadline);
    }
    void cancel(std::uint8_t endpoint) override { usb_->cancel(endpoint); }
    void clear_halt(std::uint8_t endpoint) override { usb_->clear_halt(endpoint); }

private:
    std::unique_ptr<hal::UsbDevice> usb_;
    const bool& poor_;
};

}  // namespace

TEST_CASE("a camera that could not be armed takes settings, and is armed when it can be") {
    bool poor = false;
    tests::U3vTable wire(contract::small_scene());
    u3v::U3vCamera camera(std::make_unique<PoorUsb>(std::move(wire.usb.host), poor),
                          wire.table.clock(), tests::U3vTable::driver_options());
    hal::CameraSettings settings;
    settings.region = {0, 0, 16, 32};
    settings.exposure = 100us;
    settings.trigger = hal::TriggerSource::software;
    camera.configure(settings);
    poor = true;
    try {
        camera.arm(4);
        FAIL("armed without a single read");
    } catch (const hal::DeviceError& error) {
        CHECK(error.kind() == hal::ErrorKind::refused);
        CHECK(std::string(error.what()).find("usbfs_memory_mb") != std::string::npos);
    }
    CHECK_FALSE(camera.status().armed);
    CHECK(camera.statistics().short_of_memory);
    poor = false;
    settings.region = {0, 0, 32, 64};
    CHECK(camera.configure(settings).region == settings.region);
    camera.arm(4);
    CHECK_FALSE(camera.statistics().short_of_memory);
    camera.trigger();
    hal::Frame frame;
    REQUIRE(camera.receive(frame, hal::Deadline::after(wire.table.clock(), 1s)));
    CHECK(frame.status == hal::FrameStatus::complete);
    CHECK(frame.bytes.size() == 32 * 64);
}

TEST_CASE(
    "frames that nobody read do not come out of the next run, even if a bare clear keeps them") {
    sim::U3vCameraOptions options;
    options.keeps_unread = true;
    tests::U3vTable wire(contract::small_scene(), options);
    auto& gadget = *wire.usb.gadget;
    const auto camera = wire.open();
    hal::CameraSettings settings;
    settings.region = {0, 0, 16, 32};
    settings.exposure = 100us;
    settings.trigger = hal::TriggerSource::software;
    camera->configure(settings);
    const auto unread = [&] { return gadget.unread(sim::VirtualU3vCamera::stream_endpoint); };
    camera->arm(2);
    // More than the driver has reads for: the rest stays in the camera.
    for (int i = 0; i < 60; ++i) {
        camera->trigger();
        wire.table.clock().wait_for(10ms);
    }
    CHECK(unread() > 0);
    camera->disarm();
    const std::size_t left = unread();
    CHECK(left > 0);
    const hal::Duration before = wire.table.now();
    camera->arm(2);
    CHECK(unread() == 0);
    camera->trigger();
    hal::Frame frame;
    REQUIRE(camera->receive(frame, hal::Deadline::after(wire.table.clock(), 1s)));
    CHECK(frame.frame_id == 0);
    CHECK(frame.device_time >= before);
    CHECK(frame.status == hal::FrameStatus::complete);
}
