// What the USB3 Vision driver leaves behind in the camera when one of its steps fails.
#include "hal/error.h"
#include "tests/instruments/shared_usb.h"
#include "tests/instruments/u3v_bench.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

using namespace opal;
using namespace std::chrono_literals;
namespace u3v = drivers::u3v;

namespace {

// What a system takes of reads of the stream.
struct Poverty {
    std::size_t most_reads = 1000;  // under way at once
    std::size_t reads = 0;
    std::size_t most_seen = 0;
    std::size_t refused = 0;
};

// The cable's end, with a system that may be out of memory for reads of the stream.
class PoorUsb final : public hal::UsbDevice {
public:
    PoorUsb(std::unique_ptr<hal::UsbDevice> usb, Poverty& poverty)
        : usb_(std::move(usb)), poverty_(poverty) {}
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
        const bool stream = endpoint == sim::VirtualU3vCamera::stream_endpoint;
        if (stream && poverty_.reads >= poverty_.most_reads) {
            ++poverty_.refused;
            throw hal::DeviceError(hal::ErrorKind::refused, "usb", "submit", "16 MiB are lent");
        }
        usb_->submit(endpoint, transfer);
        if (stream) poverty_.most_seen = std::max(poverty_.most_seen, ++poverty_.reads);
    }
    hal::UsbTransfer* reap(std::uint8_t endpoint, hal::Deadline deadline) override {
        hal::UsbTransfer* const done = usb_->reap(endpoint, deadline);
        if (done && endpoint == sim::VirtualU3vCamera::stream_endpoint) --poverty_.reads;
        return done;
    }
    void cancel(std::uint8_t endpoint) override { usb_->cancel(endpoint); }
    void clear_halt(std::uint8_t endpoint) override { usb_->clear_halt(endpoint); }

private:
    std::unique_ptr<hal::UsbDevice> usb_;
    Poverty& poverty_;
};

}  // namespace

TEST_CASE("a program that was killed in mid stream leaves nothing behind for the next") {
    sim::U3vCameraOptions options;
    options.keeps_unread = true;
    tests::U3vTable wire(contract::small_scene(), options);
    const std::shared_ptr<hal::UsbDevice> cable = std::move(wire.usb.host);
    hal::CameraSettings settings;
    settings.region = {0, 0, 16, 32};
    settings.exposure = 100us;
    settings.trigger = hal::TriggerSource::software;
    const auto soon = [&] { return hal::Deadline::after(wire.table.clock(), 1s); };
    hal::Frame frame;
    {
        auto program = std::make_unique<test::SharedUsb>(cable);
        test::SharedUsb& first = *program;
        u3v::U3vCamera camera(std::move(program), wire.table.clock(),
                              tests::U3vTable::driver_options());
        camera.configure(settings);
        camera.arm(2);
        for (int i = 0; i < 3; ++i) camera.trigger();
        REQUIRE(camera.receive(frame, soon()));
        first.kill(sim::VirtualU3vCamera::stream_endpoint);
    }
    // The camera goes on: triggers of somebody else's would be exposed and wait to be read.
    const hal::Duration before = wire.table.now();
    u3v::U3vCamera camera(std::make_unique<test::SharedUsb>(cable), wire.table.clock(),
                          tests::U3vTable::driver_options());
    settings.region = {0, 0, 32, 64};
    camera.configure(settings);
    camera.arm(2);
    camera.trigger();
    REQUIRE(camera.receive(frame, soon()));
    CHECK(frame.frame_id == 0);
    CHECK(frame.device_time >= before);
    CHECK(frame.status == hal::FrameStatus::complete);
    CHECK(frame.bytes.size() == 32 * 64);
    CHECK(camera.statistics().lost == 0);
    CHECK(camera.statistics().hunts == 0);
}

TEST_CASE("a camera that could not be armed takes settings, and is armed when it can be") {
    Poverty poverty;
    tests::U3vTable wire(contract::small_scene());
    u3v::U3vCamera camera(std::make_unique<PoorUsb>(std::move(wire.usb.host), poverty),
                          wire.table.clock(), tests::U3vTable::driver_options());
    hal::CameraSettings settings;
    settings.region = {0, 0, 16, 32};
    settings.exposure = 100us;
    settings.trigger = hal::TriggerSource::software;
    camera.configure(settings);
    poverty.most_reads = 0;
    try {
        camera.arm(4);
        FAIL("armed without a single read");
    } catch (const hal::DeviceError& error) {
        CHECK(error.kind() == hal::ErrorKind::refused);
        CHECK(std::string(error.what()).find("16 MiB are lent") != std::string::npos);
    }
    CHECK_FALSE(camera.status().armed);
    CHECK(camera.statistics().short_of_memory);
    poverty.most_reads = 1000;
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

TEST_CASE("a system that lends less for a while is asked for more again, once a second") {
    Poverty poverty;
    poverty.most_reads = 5;
    tests::U3vTable wire(contract::small_scene());
    u3v::U3vCamera camera(std::make_unique<PoorUsb>(std::move(wire.usb.host), poverty),
                          wire.table.clock(), tests::U3vTable::driver_options());
    hal::CameraSettings settings;
    settings.region = {0, 0, 16, 32};
    settings.exposure = 100us;
    settings.trigger = hal::TriggerSource::software;
    camera.configure(settings);
    camera.arm(40);
    hal::Frame frame;
    const auto take = [&](int count) {
        for (int i = 0; i < count; ++i) {
            camera.trigger();
            REQUIRE(camera.receive(frame, hal::Deadline::after(wire.table.clock(), 1s)));
            CHECK(frame.status == hal::FrameStatus::complete);
        }
    };
    take(3);
    CHECK(camera.statistics().short_of_memory);
    CHECK(poverty.most_seen == 5);
    CHECK(poverty.refused == 1);  // not with every frame
    poverty.most_reads = 1000;
    wire.table.clock().wait_for(1s);
    take(2);
    // Three transfers for each of 32 frames.
    CHECK(poverty.most_seen == 96);
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
