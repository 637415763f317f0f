// The USB3 Vision driver through libusb, usbfs, the kernel and USB/IP to the virtual camera:
// frames, and unplugging in the middle of a stream.
#include "drivers/u3v/u3v_camera.h"
#include "sim/direct/direct_dmd.h"
#include "sim/direct/direct_laser.h"
#include "sim/instruments/instrument_doors.h"
#include "sim/instruments/u3v/virtual_u3v_camera.h"
#include "tests/instruments/rewired_bench.h"
#include "tests/kernel/kernel_bus.h"
#include "tests/kernel/quiet_frames.h"

#include <memory>
#include <string>
#include <utility>

using namespace opal;
using namespace opal::contract;
using namespace std::chrono_literals;

namespace {

class U3vKernelBench final : public hal::Bench {
public:
    explicit U3vKernelBench(std::uint32_t alignment_bits = 10, drivers::u3v::U3vOptions driver = {})
        : options_(camera_options(alignment_bits)), driver_(std::move(driver)) {
        plug_in();
    }
    ~U3vKernelBench() override {
        laser_.off();
        dmd_.stop();
    }
    void plug_in() {
        bus.attach("1-1");
        open();
    }
    void open() {
        wire.reset();
        wire = std::make_unique<drivers::u3v::U3vCamera>(
            bus.open({sim::VirtualU3vCamera::vendor_id, sim::VirtualU3vCamera::product_id,
                      options_.serial, ""}),
            bus.clock, driver_);
    }
    hal::Dmd& dmd() override { return dmd_; }
    hal::Camera& camera() override { return *wire; }
    hal::Laser& laser() override { return laser_; }
    hal::Clock& clock() override { return bus.clock; }
    const std::string& name() const override { return options_.serial; }
    const std::string& identity() const override { return options_.serial; }
    double laser_limit_mw() const override { return scene_.laser.max_power_mw; }

private:
    static sim::U3vCameraOptions camera_options(std::uint32_t alignment_bits) {
        sim::U3vCameraOptions options;
        options.alignment_bits = alignment_bits;
        options.serial = kernel::KernelBus::fresh_serial();
        return options;
    }

    const sim::Scene scene_ = kernel::quiet_scene();
    const sim::U3vCameraOptions options_;
    const drivers::u3v::U3vOptions driver_;
    sim::OpticalTable table_{scene_, nullptr};
    sim::TimeThread time_{table_.clock()};
    sim::DirectDmd dmd_{table_, scene_};
    sim::DirectLaser laser_{table_, scene_};

public:
    kernel::KernelBus bus;
    sim::UsbIpDevice& gadget = bus.add(sim::VirtualU3vCamera::usb_info(options_),
                                       sim::VirtualU3vCamera::usb_personality(options_));
    sim::VirtualU3vCamera instrument{table_, scene_, gadget, options_};
    std::unique_ptr<drivers::u3v::U3vCamera> wire;
};

}  // namespace

TEST_CASE("frames of a USB3 Vision camera through the kernel are those of the direct one") {
    U3vKernelBench kernel;
    const RunTiming timing = comfortable_timing(kernel, 100us);
    constexpr int count = 24;
    const auto over_usb = kernel::frames_of(kernel, timing, count);
    const auto direct = sim::make_simulated_bench(kernel::quiet_scene(), {2, nullptr});
    const sim::TimeThread time(test::virtual_clock(*direct));
    direct->camera().configure(kernel.camera().settings());
    const auto straight = kernel::frames_of(*direct, timing, count);
    REQUIRE(over_usb.size() == count);
    REQUIRE(straight.size() == count);
    for (std::size_t i = 0; i < count; ++i) {
        CHECK(over_usb[i].device_time - over_usb[0].device_time ==
              straight[i].device_time - straight[0].device_time);
        CHECK((over_usb[i].bytes == straight[i].bytes));
    }
}

TEST_CASE("more USB3 Vision frames in flight than the kernel lends memory for") {
    drivers::u3v::U3vOptions driver;
    driver.stream.in_flight_bytes = std::size_t{64} << 20;
    driver.stream.in_flight_frames = 300;
    // Leader, payload and trailer take 64 KiB each: the 16 MiB of all devices hold 85 frames.
    U3vKernelBench kernel(16, driver);
    const RunTiming timing = comfortable_timing(kernel, 100us);
    const auto frames = kernel::frames_of(kernel, timing, 24);
    CHECK(kernel.wire->statistics().short_of_memory);
    REQUIRE(frames.size() == 24);
    for (const hal::Frame& frame : frames) CHECK(frame.status == hal::FrameStatus::complete);
}

TEST_CASE("a USB3 Vision camera unplugged in mid-stream, plugged in and opened again") {
    U3vKernelBench kernel;
    const RunTiming timing = comfortable_timing(kernel, 100us);
    kernel.dmd().load(0, striped_patterns(kernel.dmd().info(), 4));
    hal::PatternSequence endless = sequence_of(4, timing);
    endless.repeat = true;
    kernel.dmd().program(endless);
    kernel.camera().arm(1'000'000);
    kernel.dmd().start();
    hal::Frame frame;
    for (int i = 0; i < 20; ++i)
        REQUIRE(kernel.camera().receive(frame, hal::Deadline::after(kernel.clock(), 20s)));
    kernel.gadget.unplug();
    const auto cut = test::fault_of([&] {
        for (int i = 0; i < 1000; ++i)
            kernel.camera().receive(frame, hal::Deadline::after(kernel.clock(), 100ms));
    });
    INFO(cut.text);
    CHECK(cut.kind == hal::ErrorKind::disconnected);
    kernel.wire.reset();
    kernel.dmd().stop();
    kernel.gadget.plug_in();
    kernel.plug_in();
    const RunTiming again = comfortable_timing(kernel, 100us);
    CHECK(kernel::frames_of(kernel, again, 8).size() == 8);
}

TEST_CASE("a USB3 Vision camera is opened, armed and closed again and again, in mid-stream too") {
    U3vKernelBench kernel;
    const RunTiming timing = comfortable_timing(kernel, 100us);
    kernel.dmd().load(0, striped_patterns(kernel.dmd().info(), 4));
    hal::PatternSequence endless = sequence_of(4, timing);
    endless.repeat = true;
    kernel.dmd().program(endless);
    hal::Frame frame;
    for (int round = 0; round < 12; ++round) {
        CAPTURE(round);
        kernel.open();
        comfortable_timing(kernel, 100us);
        kernel.camera().arm(100);
        if (round % 3 > 0) kernel.dmd().start();
        if (round % 3 == 2)
            REQUIRE(kernel.camera().receive(frame, hal::Deadline::after(kernel.clock(), 20s)));
        if (round % 2 == 0) kernel.camera().disarm();
        // Else it is closed as it is.
        kernel.wire.reset();
        kernel.dmd().stop();
    }
    kernel.open();
    const RunTiming again = comfortable_timing(kernel, 100us);
    CHECK(kernel::frames_of(kernel, again, 8).size() == 8);
}
