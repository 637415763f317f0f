// IntensityFile: matrices of intensities on disk, as record_file.cpp does with records.
#include "calibration/hdf5_archive.h"
#include "calibration/intensity_matrix.h"
#include "calibration/record.h"
#include "calibration/sealed_image.h"
#include "calibration/whole_file.h"

#include <fmt/format.h>

#include <algorithm>

namespace opal::calibration {

namespace {

constexpr const char* format_name = "opal matrix of intensities";
constexpr int format_version = 1;

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

void save_intensities(const IntensityMatrix& matrix, const std::filesystem::path& path) {
    IntensityMatrix copy = matrix;  // archives walk fields by reference
    Hdf5Writer writer;
    writer.attribute("format", format_name);
    writer.attribute("version", static_cast<double>(format_version));
    writer.group("intensities", copy);
    try {
        write_whole_file(path, sealed(writer.image()), Predecessor::kept);
    } catch (const std::runtime_error& e) {
        throw RecordNotSaved(fmt::format("{}: was not saved: {}", path.string(), e.what()));
    }
}

IntensityMatrix load_intensities(const std::filesystem::path& path) {
    const std::string name = path.string();
    try {
        const std::vector<std::byte> bytes = read_whole_file(path);
        Hdf5Reader reader(unsealed(bytes, name));
        if (reader.attribute("format") != format_name ||
            reader.number_attribute("version").value_or(0) != format_version)
            throw RecordError(name + ": is no matrix of intensities of this version of opal");
        IntensityMatrix found;
        reader.group("intensities", found);
        const auto inputs = static_cast<std::size_t>(std::max(found.inputs, 0));
        if (found.inputs < 1 || found.mode_rows < 1 || found.mode_columns < 1 ||
            found.pitch_rows_px < 1 || found.pitch_columns_px < 1 ||
            found.sigma.size() != found.modes() || found.entries.size() != inputs * found.modes())
            throw RecordError(name + ": its numbers of inputs, modes and entries do not agree");
        return found;
    } catch (const RecordError&) {
        throw;
    } catch (const std::runtime_error& e) {
        throw RecordError(fmt::format("{}: {}", name, e.what()));
    }
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
