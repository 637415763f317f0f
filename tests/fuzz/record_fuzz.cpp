// Fuzz target: calibration records (calibration/record.h). What is taken is written and read back
// to the same bytes.
#include "tests/calibration/sample_record.h"
#include "tests/fuzz/fuzz_target.h"

// libhdf5 1.10 keeps identifiers of files it could not open to the end (and says "infinite loop
// closing library" at exit): its leaks, a few bytes per damaged file, are not ours to find.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
    return "detect_leaks=0";
}

namespace opal::fuzz {

namespace {

Bytes bytes_of_record(const calibration::Record& record) {
    const auto image = calibration::encode_record(record);
    const auto* const first = reinterpret_cast<const std::uint8_t*>(image.data());
    return {first, first + image.size()};
}

}  // namespace

std::vector<Bytes> seeds() {
    const calibration::Record full = tests::sample_record();
    calibration::Record dark = full;
    dark.matrix.reset();
    dark.validation.reset();
    dark.identity = {};
    return {bytes_of_record(full), bytes_of_record(dark)};
}

std::vector<std::string> words() {
    return {
        "\x89HDF\r\n\x1a\n", "TREE",   "HEAP",    "SNOD",       "OHDR",   "GCOL", "FRHP", "BTHD",
        "version",           "matrix", "entries", "holography", "verdict"};
}

void feed(std::span<const std::byte> input) {
    calibration::Record record;
    try {
        record = calibration::decode_record(input, "input.h5");
    } catch (const calibration::RecordError& e) {
        require_one_line(e.what());
        return;
    }
    const auto written = calibration::encode_record(record);
    require(
        calibration::encode_record(calibration::decode_record(written, "written.h5")) == written,
        "a record that was taken is written and read back");
}

}  // namespace opal::fuzz
