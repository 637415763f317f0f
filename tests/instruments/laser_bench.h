// LaserBench: the small simulated bench with its laser behind a wire: a real driver, a serial line
// or TCP connection in memory, and a virtual instrument around the bench's own laser.
#pragma once

#include "hal/bench.h"
#include "sim/doors/memory_serial.h"
#include "sim/instruments/lasers/line_instrument.h"
#include "sim/simulated_bench.h"
#include "sim/table/virtual_clock.h"
#include "tests/contract/small_bench.h"

#include <memory>
#include <utility>

namespace opal::test {

// A bench with another laser. The laser goes before what it speaks to.
class RewiredBench final : public hal::Bench {
public:
    explicit RewiredBench(sim::SimulatedBench& inner) : inner_(inner) {}
    void wire(std::unique_ptr<hal::Laser> laser) { laser_ = std::move(laser); }
    hal::Dmd& dmd() override { return inner_.dmd(); }
    hal::Camera& camera() override { return inner_.camera(); }
    hal::Laser& laser() override { return *laser_; }
    hal::Clock& clock() override { return inner_.clock(); }
    const std::string& name() const override { return inner_.name(); }
    const std::string& identity() const override { return inner_.identity(); }
    double laser_limit_mw() const override { return inner_.laser_limit_mw(); }

private:
    sim::SimulatedBench& inner_;
    std::unique_ptr<hal::Laser> laser_;
};

inline sim::VirtualClock& virtual_clock(hal::Bench& bench) {
    return dynamic_cast<sim::VirtualClock&>(bench.clock());
}

// `Instrument` behind a serial line; `open(line, clock)` makes the driver's laser.
template <class Instrument, class Settings>
struct SerialLaserBench {
    template <class Open>
    SerialLaserBench(const Settings& settings, Open&& open)
        : inner(sim::make_simulated_bench(contract::small_scene(), {2, nullptr})),
          instrument(inner->laser(), inner->clock(), settings),
          bench(*inner) {
        auto [host, device] = sim::make_serial_pair(virtual_clock(*inner), "serial:memory");
        line = std::move(device);
        sim::serve(instrument, *line);
        bench.wire(open(std::move(host), inner->clock()));
    }
    std::unique_ptr<sim::SimulatedBench> inner;
    Instrument instrument;
    std::unique_ptr<sim::MemorySerialLine> line;
    RewiredBench bench;
};

}  // namespace opal::test
