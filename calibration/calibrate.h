// Calibrate: runs the graph of docs/calibration.md on a bench and returns the record.
//
//   dark -> exposure -> carrier -> photon transfer -> reference -> map -> identity -> drift
//        -> transmission matrix -> validation
//
// Rule: the first node whose verdict is negative ends the run; what was measured so far is returned
// (Record::complete() is false). The laser is on from `exposure` to the end and off on every way
// out.
#pragma once

#include "calibration/observer.h"
#include "calibration/record.h"
#include "hal/bench.h"

#include <filesystem>
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
    // Where to keep what was measured so far: an interrupted run continues after its last finished
    // node if bench and options are the same. Empty: nowhere. It stays when the run is over:
    // whoever called removes it once the record itself is safe. One run at a time may use it.
    std::filesystem::path partial;
    std::string created_by = "opal";
};

// Throws hal::DeviceError if the bench fails, Interrupted if stopped, std::invalid_argument if the
// options cannot be met by this bench.
Record calibrate(hal::Bench& bench, const Options& options, Observer& observer,
                 std::stop_token stop = {});

}  // namespace opal::calibration
