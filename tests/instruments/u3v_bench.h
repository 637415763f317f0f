// U3vBench: a bench whose camera is reached over USB3 Vision: the unmodified driver, USB in memory,
// the virtual camera, and the optical table everybody shares. On virtual time, so that a second
// costs nothing and a run gives the same frames every time.
#pragma once

#include "drivers/u3v/u3v_camera.h"
#include "hal/bench.h"
#include "sim/direct/direct_dmd.h"
#include "sim/direct/direct_laser.h"
#include "sim/doors/memory_usb.h"
#include "sim/instruments/u3v/virtual_u3v_camera.h"
#include "sim/table/optical_table.h"
#include "tests/contract/small_bench.h"

#include <chrono>
#include <memory>
#include <string>

namespace opal::tests {

// A table with a virtual camera on a USB cable in memory, and nobody at the other end yet.
class U3vTable {
public:
    // Of a transfer on the bus, and of one for checks that know no bus.
    static constexpr hal::Duration bus_time = std::chrono::microseconds(125);
    static constexpr hal::Duration no_time = std::chrono::nanoseconds(1);

    explicit U3vTable(const sim::Scene& scene, const sim::U3vCameraOptions& options = {},
                      hal::Duration transfer_time = bus_time)
        : table(scene, nullptr),
          usb(sim::make_memory_usb(table.clock(), sim::VirtualU3vCamera::usb_info(options),
                                   transfer_time)),
          camera(table, scene, *usb.gadget, options) {}

    static drivers::u3v::U3vOptions driver_options() {
        drivers::u3v::U3vOptions options;
        options.own_threads = false;
        return options;
    }
    // Once: the cable has one end.
    std::unique_ptr<drivers::u3v::U3vCamera> open(
        const drivers::u3v::U3vOptions& options = driver_options()) {
        return std::make_unique<drivers::u3v::U3vCamera>(std::move(usb.host), table.clock(),
                                                         options);
    }

    sim::OpticalTable table;
    sim::MemoryUsb usb;
    sim::VirtualU3vCamera camera;
};

class U3vWireBench final : public hal::Bench {
public:
    explicit U3vWireBench(const sim::Scene& scene, const sim::U3vCameraOptions& options = {},
                          const drivers::u3v::U3vOptions& driver = U3vTable::driver_options(),
                          hal::Duration transfer_time = U3vTable::bus_time)
        : scene_(scene),
          wire(scene, options, transfer_time),
          dmd_(wire.table, scene),
          laser_(wire.table, scene),
          camera_(wire.open(driver)) {}
    ~U3vWireBench() override {
        laser_.off();
        dmd_.stop();
        camera_->disarm();
    }

    hal::Dmd& dmd() override { return dmd_; }
    drivers::u3v::U3vCamera& camera() override { return *camera_; }
    hal::Laser& laser() override { return laser_; }
    hal::Clock& clock() override { return wire.table.clock(); }
    const std::string& name() const override { return name_; }
    const std::string& identity() const override { return name_; }
    double laser_limit_mw() const override { return scene_.laser.max_power_mw; }
    void set_interlock(bool closed) { laser_.set_interlock(closed); }

private:
    const sim::Scene scene_;
    const std::string name_ = "wire bench";

public:
    U3vTable wire;

private:
    sim::DirectDmd dmd_;
    sim::DirectLaser laser_;
    std::unique_ptr<drivers::u3v::U3vCamera> camera_;
};

}  // namespace opal::tests
