// USB3 Vision manifest: the table of a camera's description files, at the address in ABRM 0x1D0
// [GenCP 1.2, section 5.5].
//
//   number of entries u64, then 64 bytes each:
//   00 00 00 01 | 00 04 01 01 | 00 00 10 00 00 00 00 00 | 60 21 00 00 00 00 00 00 | SHA-1 | 20 of 0
//   file version subminor u16, minor u8, major u8; type u32; address u64; size u64
//
// Rule: nothing here throws or reads past its span.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace opal::protocol::u3v {

inline constexpr std::size_t manifest_entry_size = 64;

struct ManifestEntry {
    std::uint8_t file_major = 1;
    std::uint8_t file_minor = 0;
    std::uint16_t file_subminor = 0;
    std::uint8_t type = 0;      // 0: the device's description, 1: that of its buffers
    std::uint8_t encoding = 0;  // 0: XML as it is, 1: in a ZIP archive
    std::uint8_t schema_major = 1;
    std::uint8_t schema_minor = 1;
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    std::array<std::byte, 20> sha1{};  // of the file as it is stored; zeros: not told
    bool operator==(const ManifestEntry&) const = default;
};

std::optional<ManifestEntry> decode_manifest_entry(std::span<const std::byte> bytes);
// Bytes written, 0 if `into` is too small.
std::size_t encode_manifest_entry(const ManifestEntry& entry, std::span<std::byte> into);

}  // namespace opal::protocol::u3v
