// The DLPC900 driver through libusb, usbfs, the kernel and USB/IP to the virtual board, whose host
// keeps the host's time: the Dmd contract, frames, and unplugging in the middle of an upload.
#include "drivers/dlpc900/dlpc900_dmd.h"
#include "sim/instruments/dlpc900/dlpc900_instrument.h"
#include "sim/instruments/instrument_doors.h"
#include "tests/contract/bench_suites.h"
#include "tests/instruments/rewired_bench.h"
#include "tests/kernel/kernel_bus.h"
#include "tests/kernel/quiet_frames.h"

#include <chrono>
#include <memory>

using namespace opal;
using namespace opal::contract;
using namespace std::chrono_literals;

namespace {

sim::Scene scene_6500() {
    const protocol::Dlpc900Board& board = *protocol::find_dlpc900_board(1);
    sim::Scene scene = kernel::quiet_scene();
    scene.dmd.rows = board.rows;
    scene.dmd.columns = board.columns;
    scene.dmd.macro_pixel_px = 160;
    scene.dmd.memory_patterns = 432;
    scene.dmd.min_exposure_us = 105;
    scene.dmd.min_dark_us = 0;
    return scene;
}

struct KernelBench {
    KernelBench() {
        plug_in();
        bench.wire(open());
    }
    void plug_in() { bus.attach("1-1"); }
    std::unique_ptr<hal::Dmd> open(drivers::Dlpc900Options options = {}) {
        return drivers::open_dlpc900(bus.open({0x0451, 0xC900, serial, ""}), bus.clock,
                                     std::move(options));
    }
    static sim::UsbPersonality full_speed() {
        sim::UsbPersonality personality;
        personality.speed = protocol::usbip::Speed::full;
        return personality;
    }
    static hal::UsbDeviceInfo info(const std::string& serial) {
        hal::UsbDeviceInfo usb = sim::Dlpc900Instrument::usb_info();
        usb.serial = serial;
        return usb;
    }

    const std::string serial = kernel::KernelBus::fresh_serial();
    std::unique_ptr<sim::SimulatedBench> inner =
        sim::make_simulated_bench(scene_6500(), {2, nullptr});
    sim::TimeThread time{test::virtual_clock(*inner)};
    kernel::KernelBus bus;
    sim::UsbIpDevice& gadget = bus.add(info(serial), full_speed());
    sim::Dlpc900Instrument instrument{gadget, inner->dmd(), test::virtual_clock(*inner)};
    test::RewiredBench bench{*inner};
};

class KernelDlpc900 {
public:
    static constexpr bool has_door_switch = false;
    static constexpr bool has_trigger_input = false;
    hal::Bench& bench() { return kernel_.bench; }
    void set_interlock(bool) {}
    // Threads of two kernels and an emulated processor stand between a command and its effect.
    static hal::Duration time_tolerance() { return 20ms; }

private:
    KernelBench kernel_;
};

}  // namespace

TYPE_TO_STRING(KernelDlpc900);
OPAL_DMD_SUITE(KernelDlpc900);

TEST_CASE("frames through the kernel are those of the direct DMD, bit for bit") {
    KernelBench board;
    RunTiming timing = comfortable_timing(board.bench, 100us);
    constexpr int count = 30;  // two images
    const auto over_usb = kernel::frames_of(board.bench, timing, count);
    const auto direct = sim::make_simulated_bench(scene_6500(), {2, nullptr});
    const sim::TimeThread time(test::virtual_clock(*direct));
    direct->camera().configure(board.bench.camera().settings());
    const auto straight = kernel::frames_of(*direct, timing, count);
    REQUIRE(over_usb.size() == count);
    REQUIRE(straight.size() == count);
    for (std::size_t i = 0; i < count; ++i) {
        CHECK(over_usb[i].device_time - over_usb[0].device_time ==
              straight[i].device_time - straight[0].device_time);
        CHECK((over_usb[i].bytes == straight[i].bytes));
    }
    CHECK_FALSE(board.instrument.showing_splash());
}

TEST_CASE("unplugged in the middle of an upload, plugged in and opened again") {
    KernelBench board;
    board.bench.wire(std::unique_ptr<hal::Dmd>());
    bool pulled = false;
    drivers::Dlpc900Options options;
    options.on_upload = [&](std::uint64_t sent, std::uint64_t total) {
        if (!pulled && sent > total / 2) {
            board.gadget.unplug();
            pulled = true;
        }
    };
    auto dmd = board.open(options);
    dmd->load(0, striped_patterns(dmd->info(), 30));
    const auto cut = test::fault_of([&] { dmd->program(test::sequence_of_slots({0, 1, 29})); });
    INFO(cut.text);
    CHECK(cut.kind == hal::ErrorKind::disconnected);
    CHECK(pulled);
    CHECK(test::fault_of([&] { dmd->start(); }).kind == hal::ErrorKind::disconnected);
    dmd.reset();
    board.gadget.plug_in();
    board.plug_in();
    dmd = board.open();
    dmd->load(0, striped_patterns(dmd->info(), 30));
    dmd->program(test::sequence_of_slots({0, 1, 29}));
    dmd->start();
    CHECK_FALSE(board.instrument.showing_splash());
    CHECK(board.inner->dmd().status().entries_started > 0);  // and may have ended since
}
