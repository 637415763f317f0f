// IntensityFile: matrices of intensities on disk, as record_file.cpp does with records.
#include "calibration/hdf5_archive.h"
#include "calibration/intensity_matrix.h"
#include "calibration/record.h"
#include "calibration/sealed_image.h"
#include "calibration/whole_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <system_error>

namespace opal::calibration {

namespace {

constexpr const char* format_name = "opal matrix of intensities";
constexpr int format_version = 1;

// What makes the numbers unusable; null if nothing does.
const char* contradiction(const IntensityMatrix& i) {
    constexpr int most_px = 16384;
    const auto within = [](int value, int low, int high) { return value >= low && value <= high; };
    if (!within(i.region.row, 0, 65535) || !within(i.region.column, 0, 65535) ||
        !within(i.region.rows, 1, most_px) || !within(i.region.columns, 1, most_px))
        return "its region lies on no sensor";
    if (!within(i.pitch_rows_px, 1, most_px) || !within(i.pitch_columns_px, 1, most_px) ||
        i.mode_rows != i.region.rows / i.pitch_rows_px ||
        i.mode_columns != i.region.columns / i.pitch_columns_px || i.modes() == 0)
        return "its modes do not fit its region";
    if (!within(i.inputs, 1, 1 << 24) || i.sigma.size() != i.modes() ||
        i.entries.size() != static_cast<std::size_t>(i.inputs) * i.modes())
        return "its numbers of inputs, modes and entries do not agree";
    if (!std::all_of(i.entries.begin(), i.entries.end(), [](float e) { return std::isfinite(e); }))
        return "it has entries that are not finite";
    if (!std::all_of(i.sigma.begin(), i.sigma.end(),
                     [](float s) { return s >= 0 && std::isfinite(s); }))
        return "it has uncertainties that are not at least 0";
    const bool measured = i.correlation.value >= -1.001 && i.correlation.value <= 1.001 &&
                          i.frames >= 2 && i.exposure_us > 0 && std::isfinite(i.exposure_us) &&
                          i.laser_power_mw >= 0 && std::isfinite(i.laser_power_mw);
    return measured ? nullptr : "what it says of its measurement cannot be";
}

}  // namespace

template <typename Archive>
void fields(Archive& a, IntensityMatrix& i) {
    a.group("verdict", i.verdict);
    a.text("bench_name", i.bench_name);
    a.text("bench_identity", i.bench_identity);
    a.text("created_by", i.created_by);
    a.text("layout", i.layout);
    a.group("region", i.region);
    a.number("inputs", "", i.inputs);
    a.number("pitch_rows_px", "px", i.pitch_rows_px);
    a.number("pitch_columns_px", "px", i.pitch_columns_px);
    a.number("mode_rows", "", i.mode_rows);
    a.number("mode_columns", "", i.mode_columns);
    a.number("frames", "", i.frames);
    a.number("exposure_us", "us", i.exposure_us);
    a.number("laser_power_mw", "mW", i.laser_power_mw);
    a.array("entries", "DN", i.entries, table(i.entries, static_cast<std::size_t>(i.inputs)));
    a.array("sigma", "DN", i.sigma, line(i.sigma));
    a.number("white_over_black", "", i.white_over_black);
    a.measured("correlation", "", i.correlation);
    a.number("expected_error", "", i.expected_error);
    a.number("patterns", "", i.patterns);
}

std::vector<std::byte> encode_intensities(const IntensityMatrix& matrix) {
    IntensityMatrix copy = matrix;  // archives walk fields by reference
    Hdf5Writer writer;
    writer.attribute("format", format_name);
    writer.attribute("version", static_cast<double>(format_version));
    writer.group("intensities", copy);
    return sealed(writer.image());
}

void save_intensities(const IntensityMatrix& matrix, const std::filesystem::path& path) {
    try {
        write_whole_file(path, encode_intensities(matrix), Predecessor::kept);
    } catch (const std::runtime_error& e) {
        throw RecordNotSaved(fmt::format("{}: was not saved: {}", path.string(), e.what()));
    }
}

IntensityMatrix decode_intensities(std::span<const std::byte> bytes, const std::string& name) {
    try {
        Hdf5Reader reader(unsealed(bytes, name));
        if (reader.attribute("format") != format_name ||
            reader.number_attribute("version").value_or(0) != format_version)
            throw RecordError(name + ": is no matrix of intensities of this version of opal");
        IntensityMatrix found;
        reader.group("intensities", found);
        if (const char* const wrong = contradiction(found))
            throw RecordError(fmt::format("{}: {}; measure it again", name, wrong));
        return found;
    } catch (const RecordError&) {
        throw;
    } catch (const std::runtime_error& e) {
        throw RecordError(fmt::format("{}: {}", name, e.what()));
    }
}

IntensityMatrix load_intensities(const std::filesystem::path& path) {
    std::vector<std::byte> bytes;
    try {
        bytes = read_whole_file(path);
    } catch (const std::system_error& e) {
        throw RecordError(
            fmt::format("{}: {}; `opal tm intensities` makes one", path.string(), e.what()));
    }
    return decode_intensities(bytes, path.string());
}

bool holds_intensities(const std::filesystem::path& path) {
    try {
        const std::vector<std::byte> bytes = read_whole_file(path);
        return Hdf5Reader(unsealed(bytes, path.string())).attribute("format") == format_name;
    } catch (const std::runtime_error&) {
        return false;
    }
}

}  // namespace opal::calibration
