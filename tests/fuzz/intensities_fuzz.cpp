// Fuzz target: matrices of intensities (calibration/intensity_matrix.h). What is taken is written
// and read back to the same bytes.
#include "tests/fuzz/fuzz_target.h"

#include "calibration/intensity_matrix.h"
#include "calibration/record.h"

// As in record_fuzz.cpp: what libhdf5 1.10 leaks over a damaged file is not ours to find.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
    return "detect_leaks=0";
}

namespace opal::fuzz {

namespace {

calibration::IntensityMatrix sample() {
    calibration::IntensityMatrix sample;
    sample.verdict.passed = true;
    sample.verdict.text = "as predicted";
    sample.bench_name = "sample";
    sample.bench_identity = "sample 1";
    sample.layout = "layout";
    sample.region = {8, 16, 8, 12};
    sample.inputs = 3;
    sample.pitch_rows_px = 4;
    sample.pitch_columns_px = 4;
    sample.mode_rows = 2;
    sample.mode_columns = 3;
    sample.frames = 96;
    sample.exposure_us = 120;
    sample.laser_power_mw = 50;
    for (int e = 0; e < 18; ++e) sample.entries.push_back(static_cast<float>(e) - 8.5F);
    sample.sigma.assign(6, 0.5F);
    sample.white_over_black = 900;
    sample.correlation = {0.999, 0.0001};
    sample.patterns = 128;
    return sample;
}

}  // namespace

std::vector<Bytes> seeds() {
    const auto image = calibration::encode_intensities(sample());
    const auto* const first = reinterpret_cast<const std::uint8_t*>(image.data());
    return {Bytes(first, first + image.size())};
}

std::vector<std::string> words() {
    return {"\x89HDF\r\n\x1a\n", "TREE",   "HEAP",  "SNOD",       "OHDR", "GCOL", "FRHP",
            "version",           "region", "sigma", "intensities"};
}

void feed(std::span<const std::byte> input) {
    calibration::IntensityMatrix found;
    try {
        found = calibration::decode_intensities(input, "input.h5");
    } catch (const calibration::RecordError& e) {
        require_one_line(e.what());
        return;
    }
    const auto written = calibration::encode_intensities(found);
    require(calibration::encode_intensities(
                calibration::decode_intensities(written, "written.h5")) == written,
            "a matrix that was taken is written and read back");
}

}  // namespace opal::fuzz
