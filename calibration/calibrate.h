// Calibrate: runs the graph of docs/calibration.md on a bench and returns the record.
//
//   dark -> exposure -> carrier -> photon transfer -> reference -> map -> identity -> drift
//        -> transmission matrix -> validation
//
// A record that exists is brought up to date: nodes that are still fresh (graph.h) are kept, the
// others measured again. A node that was merely too old and comes out as it was (record_diff.h) is
// confirmed: its old result stays, and so does everything that was computed from it.
//
// Rule: the first node whose verdict is negative ends the run; what was measured so far is returned
// (Record::complete() is false). The laser is on from the first node that needs light to the end
// and off on every way out.
#pragma once

#include "calibration/graph.h"
#include "calibration/observer.h"
#include "calibration/record.h"
#include "hal/bench.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace opal::calibration {

struct Options {
    int inputs = 10;
    int region_rows = 128;  // pixels of the working region, near the sensor's centre
    int region_columns = 128;
    std::optional<hal::PixelFormat> format;  // empty: the camera's deepest
    double laser_power_mw = 0;               // 0: the bench's limit
    // Frames of the carrier node, rounded up to a multiple of 64. 320 place the carrier to about
    // 2e-6 cycles per pixel at a pitch of 4 px; the error falls with the root of their number.
    int carrier_frames = 320;
    std::uint64_t seed = 1;  // of the random patterns
    MatrixMethod method = MatrixMethod::hadamard;
    Demodulation demodulation = Demodulation::filter;
    // Of the fields that the matrix is fitted from; if they need more, they go to the file
    // `scratch`, which is removed when the matrix is done.
    double memory_limit_mib = 2048;
    std::size_t memory_limit() const {
        return static_cast<std::size_t>(memory_limit_mib * 1048576);
    }
    std::filesystem::path scratch;
    // The record to bring up to date, if it exists. Read only. Empty: everything is measured.
    std::filesystem::path record;
    // Where to keep what was measured so far: an interrupted run continues after its last finished
    // node, and a verdict that was no is not forgotten over an older record. Empty: nowhere. It
    // stays when the run is over: whoever called removes it once the record itself is safe. One run
    // at a time may use it.
    std::filesystem::path partial;
    std::string created_by = "opal";
    // Seconds since 1970, UTC. Empty: results get no date, and nothing is ever too old.
    std::function<double()> utc_s;
    PerNode<std::optional<double>> age_limit_s{};  // unset: graph.h's; 0: never too old
    PerNode<bool> redo{};                          // measured again whatever their state
};

// What of a record would be kept and what measured again, and why. Moves and lights nothing.
PerNode<Freshness> assess(hal::Bench& bench, const Options& options, const Record& record);

// What the next run would start from: the record, with what was measured since by a run that was
// interrupted or ended with a negative verdict (record_merge.h). Empty: neither file is of use.
std::optional<Record> stored_record(hal::Bench& bench, const Options& options);

// Throws hal::DeviceError if the bench fails, Interrupted if stopped, std::invalid_argument if the
// options cannot be met by this bench.
Record calibrate(hal::Bench& bench, const Options& options, Observer& observer,
                 std::stop_token stop = {});

}  // namespace opal::calibration
