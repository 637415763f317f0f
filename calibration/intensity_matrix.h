// IntensityMatrix: a bench without a reference arm -> the real matrix it multiplies by, from
// intensities alone [Ohana 2023]. Beside the graph of calibrate.h, which needs a reference.
//
//   I(d) = |b + T d|^2,   b: light of the dark mirrors,   x = 2 d - 1,   1: all inputs on
//   I(d) - I(1 - d) = B x,   B = Re((2 b + T 1)* T)
//
// since d and 1 - d are the two halves of one field of which x turns the sign: the squares cancel,
// exactly, and what is left is linear in d. B has the statistics of a real Gaussian matrix, since
// T 1 is a field like any other. A vector of bits is projected by
//
//   B d = (I(d) - I(1 - d) + I(1) - I(0)) / 2
//
// of which the last two are measured once. B is measured with Hadamard patterns as T is, without
// gains to be fitted: there is no phase to drift.
//
// Rule: one pixel per mode, at its centre. No code words: light without a reference has no phase to
// read them by, so frames are paired by counters, time stamps and sentinel patterns (pairing.md).
#pragma once

#include "calibration/observer.h"
#include "calibration/verdict.h"
#include "hal/bench.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace opal::calibration {

struct IntensityOptions {
    int inputs = 10;
    int region_rows = 128;  // pixels, near the sensor's centre, as calibrate.h takes them
    int region_columns = 128;
    int pitch_rows_px = 4;  // pixels from mode to mode: nothing here measures the grain
    int pitch_columns_px = 4;
    double laser_power_mw = 0;  // 0: the bench's limit
    std::uint64_t seed = 1;     // of the patterns
    std::string created_by = "opal";
};

struct IntensityMatrix {
    Verdict verdict;
    std::string bench_name;
    std::string bench_identity;
    std::string created_by;
    std::string layout;  // Layout::fingerprint()
    hal::Region region;
    int inputs = 0;
    int pitch_rows_px = 0;
    int pitch_columns_px = 0;
    int mode_rows = 0;
    int mode_columns = 0;
    int frames = 0;
    double exposure_us = 0;
    double laser_power_mw = 0;
    std::vector<float> entries;   // (inputs, modes) B, DN
    std::vector<float> sigma;     // (modes) standard deviation of an entry, the same for all inputs
    double white_over_black = 0;  // light of all mirrors on over that of none
    Measured correlation;         // of prediction and measurement of patterns not shown before
    double expected_error = 0;    // 1 - correlation^2 that sigma and the frames' noise predict
    int patterns = 0;             // of the correlation

    std::size_t modes() const {
        return static_cast<std::size_t>(mode_rows) * static_cast<std::size_t>(mode_columns);
    }
};

// The laser is on while it measures and off on every way out. A verdict that is negative says what
// to do. Throws as calibrate() does.
IntensityMatrix measure_intensities(hal::Bench& bench, const IntensityOptions& options,
                                    Observer& observer, std::stop_token stop = {});

// Does a matrix still hold? Shows patterns drawn with `seed` on the bench it was measured on, at
// the light it was measured with: `known` with the verdict, contrast and correlation found now.
// Throws std::invalid_argument if the bench is another one.
IntensityMatrix validate_intensities(hal::Bench& bench, const IntensityMatrix& known,
                                     std::uint64_t seed, Observer& observer,
                                     std::stop_token stop = {});

// As record.h's: RecordError, RecordNotSaved. `name` stands for the file in messages.
void save_intensities(const IntensityMatrix& matrix, const std::filesystem::path& path);
IntensityMatrix load_intensities(const std::filesystem::path& path);
std::vector<std::byte> encode_intensities(const IntensityMatrix& matrix);
IntensityMatrix decode_intensities(std::span<const std::byte> bytes, const std::string& name);
// True if this is such a file, by what it says it is; false also if it cannot be read.
bool holds_intensities(const std::filesystem::path& path);

}  // namespace opal::calibration
