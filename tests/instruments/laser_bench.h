// LaserBench: the small simulated bench with its laser behind a wire: a real driver, a serial line
// or TCP connection in memory, and a virtual instrument around the bench's own laser.
#pragma once

#include "sim/doors/memory_serial.h"
#include "sim/instruments/lasers/line_instrument.h"
#include "tests/contract/small_bench.h"
#include "tests/instruments/rewired_bench.h"

#include <memory>
#include <utility>

namespace opal::test {

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
