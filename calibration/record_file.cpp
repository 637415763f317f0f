// RecordFile: records on disk. HDF5 by hdf5_archive.h, whole or not at all by whole_file.h.
#include "calibration/hdf5_archive.h"
#include "calibration/record.h"
#include "calibration/record_check.h"
#include "calibration/record_hash.h"
#include "calibration/whole_file.h"

#include <fmt/format.h>

#include <cstring>
#include <string_view>
#include <system_error>

namespace opal::calibration {

namespace {

constexpr const char* format_name = "opal calibration record";

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
    throw RecordError(fmt::format("{}: {}", name, why));
}

// Behind the HDF5 file: a checksum of it. libhdf5 1.10 believes damaged metadata and reads where it
// should not, so it is not shown any. A program that edits the file cuts the trailer off; then the
// file ends where its superblock says.
constexpr std::string_view trailer_mark = "\nfnv1a64";
constexpr std::size_t trailer_size = trailer_mark.size() + 16;

std::string checksum(std::span<const std::byte> bytes) {
    Fingerprint print;
    print.add({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return print.text();
}

// The HDF5 file in a record; what is wrong if there is none.
std::span<const std::byte> without_trailer(std::span<const std::byte> bytes,
                                           const std::string& name) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text.size() >= trailer_size &&
        text.substr(text.size() - trailer_size).starts_with(trailer_mark)) {
        const auto body = bytes.first(bytes.size() - trailer_size);
        if (text.substr(text.size() - 16) != checksum(body))
            refuse(name, "is damaged: its checksum is wrong");
        return body;
    }
    // End of file in a version 0 superblock [HDF5 File Format 2.0, II.A]: offsets of 8 bytes.
    constexpr std::size_t end_at = 40;
    if (text.starts_with("\x89HDF\r\n\x1a\n") && text.size() >= end_at + 8) {
        std::uint64_t end = 0;
        std::memcpy(&end, bytes.data() + end_at, sizeof end);
        if (end != bytes.size()) refuse(name, "is damaged or cut short");
    }
    return bytes;
}

}  // namespace

std::vector<std::byte> encode_record(const Record& record) {
    Record copy = record;  // archives walk fields by reference, whether they read or write
    Hdf5Writer writer;
    writer.attribute("format", format_name);
    writer.attribute("version", static_cast<double>(record_version));
    writer.group("record", copy);
    std::vector<std::byte> image = writer.image();
    const std::string trailer = std::string(trailer_mark) + checksum(image);
    const auto end = std::as_bytes(std::span(trailer.data(), trailer.size()));
    image.insert(image.end(), end.begin(), end.end());
    return image;
}

Record decode_record(std::span<const std::byte> bytes, const std::string& name) {
    try {
        Hdf5Reader reader(without_trailer(bytes, name));
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
