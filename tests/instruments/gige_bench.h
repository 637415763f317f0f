// GigeBench: a bench whose camera is reached over GigE Vision: the unmodified driver, a network in
// memory, the virtual camera, and the optical table everybody shares. On virtual time, so that a
// second costs nothing and a run gives the same frames every time.
#pragma once

#include "drivers/gige/gige_camera.h"
#include "hal/bench.h"
#include "sim/direct/direct_dmd.h"
#include "sim/direct/direct_laser.h"
#include "sim/doors/memory_network.h"
#include "sim/instruments/gige/virtual_gige_camera.h"
#include "sim/instruments/instrument_doors.h"
#include "sim/table/optical_table.h"
#include "tests/contract/small_bench.h"

#include <memory>
#include <string>

namespace opal::tests {

inline constexpr hal::UdpAddress camera_address{0xC0A80102, 3956};
inline constexpr std::uint32_t host_address = 0xC0A80101;

// A table with a virtual camera on a network in memory, and nobody at the other end yet.
class GigeTable {
public:
    explicit GigeTable(const sim::Scene& scene, sim::GigeCameraOptions options = {},
                       std::size_t largest_unfragmented = 1472)
        : table(scene, nullptr),
          network(table.clock()),
          control(network.open_udp(camera_address, {true, 1 << 20, 0})),
          stream(
              network.open_udp({camera_address.host, 0}, {false, 1 << 20, largest_unfragmented})),
          camera(table, scene, *control, *stream, std::move(options)) {
        sim::hand_over(*control, [this](hal::UdpAddress from, std::span<const std::byte> bytes) {
            camera.handle(from, bytes);
        });
    }
    ~GigeTable() { control->on_arrival({}); }

    std::unique_ptr<sim::MemoryUdpPort> open_port() {
        return network.open_udp({host_address, 0}, {false, std::size_t{256} << 20, 0});
    }
    drivers::gige::GigePorts open_ports() { return {open_port(), open_port(), open_port()}; }
    static drivers::gige::GigeOptions driver_options() {
        drivers::gige::GigeOptions options;
        options.own_threads = false;
        return options;
    }
    std::unique_ptr<drivers::gige::GigeCamera> open(
        drivers::gige::GigeOptions options = driver_options()) {
        return std::make_unique<drivers::gige::GigeCamera>(open_ports(), camera_address,
                                                           table.clock(), options);
    }

    sim::OpticalTable table;
    sim::MemoryNetwork network;
    std::unique_ptr<sim::MemoryUdpPort> control;
    std::unique_ptr<sim::MemoryUdpPort> stream;
    sim::VirtualGigeCamera camera;
};

class GigeWireBench final : public hal::Bench {
public:
    explicit GigeWireBench(const sim::Scene& scene, sim::GigeCameraOptions options = {},
                           drivers::gige::GigeOptions driver = GigeTable::driver_options())
        : scene_(scene),
          wire(scene, std::move(options)),
          dmd_(wire.table, scene),
          laser_(wire.table, scene),
          camera_(wire.open(driver)) {}
    ~GigeWireBench() override {
        laser_.off();
        dmd_.stop();
        camera_->disarm();
    }

    hal::Dmd& dmd() override { return dmd_; }
    drivers::gige::GigeCamera& camera() override { return *camera_; }
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
    GigeTable wire;

private:
    sim::DirectDmd dmd_;
    sim::DirectLaser laser_;
    std::unique_ptr<drivers::gige::GigeCamera> camera_;
};

}  // namespace opal::tests
