// ServedBench: a simulated optical table on the host's time, for instruments that are asked from
// outside of the program.
//
//   client --bytes--> door --catch up, then hand over--> instrument --> table
//
// Rule: a door hands nothing over before catch_up(): what comes one second later from outside has
// to come one second later on the table.
#pragma once

#include "sim/direct/direct_dmd.h"
#include "sim/direct/direct_laser.h"
#include "sim/faults/fault.h"
#include "sim/instruments/dlpc900/dlpc900_instrument.h"
#include "sim/instruments/instrument_doors.h"
#include "sim/scene.h"
#include "sim/table/optical_table.h"

#include <memory>
#include <ostream>

namespace opal::cli {

class ServedBench {
public:
    // `scene` at real time, whatever it says. `events` and `faults` may be nullptr; read while it
    // is made.
    ServedBench(const sim::Scene& scene, std::ostream* events, const sim::FaultSchedule* faults);
    // Light goes first.
    ~ServedBench();
    ServedBench(const ServedBench&) = delete;
    ServedBench& operator=(const ServedBench&) = delete;

    const sim::Scene& scene() const { return scene_; }
    sim::OpticalTable& table() { return table_; }
    // Each for one instrument alone.
    sim::DirectDmd& mirrors() { return mirrors_; }
    sim::DirectLaser& light() { return light_; }
    hal::Clock& host_clock() { return host_clock_; }
    void catch_up() { table_.clock().catch_up(); }

private:
    hal::SteadyClock host_clock_;
    const sim::Scene scene_;
    sim::OpticalTable table_;
    sim::DirectDmd mirrors_;
    sim::DirectLaser light_;
    std::unique_ptr<sim::TimeThread> time_;
};

// The scene with the mirrors, times and memory of a LightCrafter instead of its own DMD, and about
// as many macro-pixels; as it is if it has that many mirrors already.
sim::Scene with_lightcrafter(sim::Scene scene);
// The same with those of a board with a DLPC900, by its number in protocol/dlpc900_messages.h; 1: a
// LightCrafter 6500.
sim::Scene with_dlpc900(sim::Scene scene, int board = 1);
// The delay that a host gives the board's trigger output holds for the mirrors' edges.
void wire_trigger(sim::Dlpc900Instrument& board, sim::DirectDmd& mirrors);

}  // namespace opal::cli
