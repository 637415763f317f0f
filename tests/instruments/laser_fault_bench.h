// Benches for what goes wrong between a laser driver and its laser: each make behind its wire, its
// instrument in reach of the test.
#pragma once

#include "drivers/lasers/cobolt_laser.h"
#include "drivers/lasers/dlcpro_laser.h"
#include "drivers/lasers/obis_laser.h"
#include "hal/error.h"
#include "sim/instruments/lasers/cobolt_instrument.h"
#include "sim/instruments/lasers/dlcpro_doors.h"
#include "sim/instruments/lasers/obis_instrument.h"
#include "tests/instruments/laser_bench.h"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

namespace opal::test {

inline constexpr double label_mw = 50;  // contract::small_scene()

inline std::unique_ptr<hal::Laser> open_cobolt(std::unique_ptr<hal::SerialLine> line,
                                               hal::Clock& clock, double label) {
    drivers::CoboltOptions options;
    options.label_power_mw = label;
    options.limit_mw = label_mw;
    options.warm_up = std::chrono::milliseconds(500);
    return drivers::open_cobolt(std::move(line), clock, options);
}

// Whatever its wire says: the laser on the table shines.
inline bool gives_light(sim::SimulatedBench& bench) {
    const hal::LaserState state = bench.laser().status().state;
    return state == hal::LaserState::warming_up || state == hal::LaserState::emitting;
}

struct CoboltBench : SerialLaserBench<sim::CoboltInstrument, sim::CoboltScene> {
    explicit CoboltBench(sim::CoboltScene scene = {}, double label = label_mw)
        : SerialLaserBench(labelled(scene), [=](auto host, hal::Clock& clock) {
              return open_cobolt(std::move(host), clock, label);
          }) {}
    static sim::CoboltScene labelled(sim::CoboltScene scene) {
        scene.label_power_mw = label_mw;
        return scene;
    }
    bool light() { return gives_light(*inner); }
};

struct ObisBench : SerialLaserBench<sim::ObisInstrument, sim::ObisScene> {
    explicit ObisBench(sim::ObisScene scene = {},
                       hal::Duration warm_up = std::chrono::milliseconds(500))
        : SerialLaserBench(scene, [=](auto host, hal::Clock& clock) {
              return drivers::open_obis(std::move(host), clock, {label_mw, warm_up});
          }) {}
    bool light() { return gives_light(*inner); }
};

struct DlcBench {
    explicit DlcBench(sim::DlcProScene scene = {})
        : inner(sim::make_simulated_bench(contract::small_scene(), {2, nullptr})),
          instrument(inner->laser(), inner->clock(), scene),
          bench(*inner) {
        auto command = connect();
        bench.wire(drivers::open_dlcpro(std::move(command), std::move(monitor_line), inner->clock(),
                                        {40, 1, 780, label_mw, std::chrono::milliseconds(500)},
                                        [this] { return connect(); }));
    }
    // New lines to the controller, the old ones being gone; the command line's near end.
    std::unique_ptr<hal::TcpStream> connect() {
        sim::VirtualClock& clock = virtual_clock(*inner);
        doors.reset();
        auto [command, far_command] = sim::make_tcp_pair(clock, "memory:1998", "host");
        auto [monitor, far_monitor] = sim::make_tcp_pair(clock, "memory:1999", "host");
        far_ends = {std::move(far_command), std::move(far_monitor)};
        doors = std::make_unique<sim::DlcProDoors>(instrument, *far_ends.first, *far_ends.second,
                                                   clock);
        monitor_line = std::move(monitor);
        return std::move(command);
    }
    bool light() { return gives_light(*inner); }

    std::unique_ptr<sim::SimulatedBench> inner;
    sim::DlcProInstrument instrument;
    std::pair<std::unique_ptr<sim::MemoryTcpStream>, std::unique_ptr<sim::MemoryTcpStream>>
        far_ends;
    std::unique_ptr<sim::DlcProDoors> doors;
    std::unique_ptr<hal::TcpStream> monitor_line;  // of the last connect()
    RewiredBench bench;
};

// The fault `call` throws: its kind, and words its message holds.
inline void check_fault(hal::ErrorKind kind, std::initializer_list<const char*> words,
                        const std::function<void()>& call) {
    try {
        call();
        FAIL_CHECK("no fault came");
    } catch (const hal::DeviceError& error) {
        const std::string text = error.what();
        CAPTURE(text);
        CHECK(error.kind() == kind);
        for (const std::string word : words) {
            CAPTURE(word);
            CHECK(text.find(word) != std::string::npos);
        }
    }
}

inline void arm(hal::Laser& laser, double power_mw) {
    laser.arm(label_mw);
    laser.set_power(power_mw);
}

}  // namespace opal::test
