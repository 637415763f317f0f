// USB3 Vision manifest entries <-> bytes.
#include "protocol/u3v_manifest.h"

#include "protocol/little_endian.h"

#include <algorithm>

namespace opal::protocol::u3v {
namespace {

constexpr std::uint8_t byte_of(std::uint32_t word, unsigned lowest_bit, std::uint32_t mask) {
    return static_cast<std::uint8_t>(word >> lowest_bit & mask);
}

}  // namespace

std::optional<ManifestEntry> decode_manifest_entry(std::span<const std::byte> bytes) {
    if (bytes.size() < manifest_entry_size) return std::nullopt;
    ManifestEntry entry;
    entry.file_subminor = load_le16(&bytes[0]);
    entry.file_minor = std::to_integer<std::uint8_t>(bytes[2]);
    entry.file_major = std::to_integer<std::uint8_t>(bytes[3]);
    const std::uint32_t kind = load_le32(&bytes[4]);
    entry.type = byte_of(kind, 0, 0x07);
    entry.encoding = byte_of(kind, 10, 0x3F);
    entry.schema_minor = byte_of(kind, 16, 0xFF);
    entry.schema_major = byte_of(kind, 24, 0xFF);
    entry.address = load_le64(&bytes[8]);
    entry.size = load_le64(&bytes[16]);
    std::copy_n(bytes.begin() + 24, entry.sha1.size(), entry.sha1.begin());
    return entry;
}

std::size_t encode_manifest_entry(const ManifestEntry& entry, std::span<std::byte> into) {
    if (into.size() < manifest_entry_size) return 0;
    std::fill_n(into.begin(), manifest_entry_size, std::byte{0});
    store_le16(&into[0], entry.file_subminor);
    into[2] = static_cast<std::byte>(entry.file_minor);
    into[3] = static_cast<std::byte>(entry.file_major);
    store_le32(&into[4], (entry.type & 0x07u) | (entry.encoding & 0x3Fu) << 10 |
                             std::uint32_t{entry.schema_minor} << 16 |
                             std::uint32_t{entry.schema_major} << 24);
    store_le64(&into[8], entry.address);
    store_le64(&into[16], entry.size);
    std::copy(entry.sha1.begin(), entry.sha1.end(), into.begin() + 24);
    return manifest_entry_size;
}

}  // namespace opal::protocol::u3v
