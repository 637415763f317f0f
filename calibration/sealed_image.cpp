// SealedImage: see sealed_image.h.
#include "calibration/sealed_image.h"

#include "calibration/record.h"
#include "calibration/record_hash.h"

#include <cstring>
#include <string_view>

namespace opal::calibration {

namespace {

constexpr std::string_view trailer_mark = "\nfnv1a64";
constexpr std::size_t trailer_size = trailer_mark.size() + 16;

std::string checksum(std::span<const std::byte> bytes) {
    Fingerprint print;
    print.add({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return print.text();
}

}  // namespace

std::vector<std::byte> sealed(std::vector<std::byte> image) {
    const std::string trailer = std::string(trailer_mark) + checksum(image);
    const auto end = std::as_bytes(std::span(trailer.data(), trailer.size()));
    image.insert(image.end(), end.begin(), end.end());
    return image;
}

std::span<const std::byte> unsealed(std::span<const std::byte> bytes, const std::string& name) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text.size() >= trailer_size &&
        text.substr(text.size() - trailer_size).starts_with(trailer_mark)) {
        const auto body = bytes.first(bytes.size() - trailer_size);
        if (text.substr(text.size() - 16) != checksum(body))
            throw RecordError(name + ": is damaged: its checksum is wrong");
        return body;
    }
    // End of file in a version 0 superblock [HDF5 File Format 2.0, II.A]: offsets of 8 bytes.
    constexpr std::size_t end_at = 40;
    if (text.starts_with("\x89HDF\r\n\x1a\n") && text.size() >= end_at + 8) {
        std::uint64_t end = 0;
        std::memcpy(&end, bytes.data() + end_at, sizeof end);
        if (end != bytes.size()) throw RecordError(name + ": is damaged or cut short");
    }
    return bytes;
}

}  // namespace opal::calibration
