// RecordFile: records on disk. HDF5 by hdf5_archive.h, whole or not at all by whole_file.h.
#include "calibration/hdf5_archive.h"
#include "calibration/record.h"
#include "calibration/record_check.h"
#include "calibration/sealed_image.h"
#include "calibration/whole_file.h"

#include <fmt/format.h>

#include <system_error>

namespace opal::calibration {

namespace {

constexpr const char* format_name = "opal calibration record";

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
    throw RecordError(fmt::format("{}: {}", name, why));
}

}  // namespace

std::vector<std::byte> encode_record(const Record& record) {
    Record copy = record;  // archives walk fields by reference, whether they read or write
    Hdf5Writer writer;
    writer.attribute("format", format_name);
    writer.attribute("version", static_cast<double>(record_version));
    writer.group("record", copy);
    return sealed(writer.image());
}

Record decode_record(std::span<const std::byte> bytes, const std::string& name) {
    try {
        Hdf5Reader reader(unsealed(bytes, name));
        if (reader.attribute("format") != format_name)
            refuse(name, "is an HDF5 file, but not a calibration record of opal");
        const double version = reader.number_attribute("version").value_or(0);
        if (version != record_version)
            refuse(name, fmt::format("is a record of version {:g}; this program reads version {}. "
                                     "Calibrate again",
                                     version, record_version));
        Record record;
        reader.group("record", record);
        if (const auto wrong = find_contradiction(record))
            refuse(name, fmt::format("{}; the record cannot be used, calibrate again", *wrong));
        return record;
    } catch (const RecordError&) {
        throw;
    } catch (const std::runtime_error& e) {
        refuse(name, e.what());
    }
}

void save_record(const Record& record, const std::filesystem::path& path, Predecessor predecessor) {
    try {
        write_whole_file(path, encode_record(record), predecessor);
    } catch (const std::runtime_error& e) {  // std::system_error is one
        throw RecordNotSaved(
            fmt::format("{}: the record was not saved: {}", path.string(), e.what()));
    }
}

Record load_record(const std::filesystem::path& path) {
    std::vector<std::byte> bytes;
    try {
        bytes = read_whole_file(path);
    } catch (const std::system_error& e) {
        refuse(path.string(), fmt::format("{}; `opal calibrate` makes a record", e.what()));
    }
    return decode_record(bytes, path.string());
}

}  // namespace opal::calibration
