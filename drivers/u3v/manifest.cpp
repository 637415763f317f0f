// Manifest: choosing an entry and downloading its file.
#include "drivers/u3v/manifest.h"

#include "drivers/genapi/description.h"
#include "hal/error.h"
#include "protocol/u3v_manifest.h"
#include "protocol/u3v_registers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

namespace opal::drivers::u3v {

namespace wire = protocol::u3v;
using hal::DeviceError;
using hal::ErrorKind;

namespace {

constexpr std::uint64_t most_entries = 64;
constexpr std::uint64_t largest_file = std::uint64_t{64} << 20;
constexpr int known_schema = 1;  // major

auto age_of(const wire::ManifestEntry& entry) {
    return std::tuple(entry.schema_major, entry.schema_minor, entry.file_major, entry.file_minor,
                      entry.file_subminor);
}

}  // namespace

std::string fetch_description(ControlChannel& channel) {
    const auto fail = [&](const std::string& text) {
        throw DeviceError(ErrorKind::corrupt, channel.name(), "read its description",
                          "the camera does not say what it can do:" + text);
    };
    const std::uint64_t table = channel.read64(wire::abrm::manifest);
    const std::uint64_t count = channel.read64(table);
    if (count == 0 || count > most_entries)
        fail(fmt::format(" its manifest at {:#x} has {} entries", table, count));
    std::vector<wire::ManifestEntry> files;
    for (std::uint64_t i = 0; i < count; ++i) {
        std::array<std::byte, wire::manifest_entry_size> bytes;
        channel.read(table + 8 + i * bytes.size(), bytes);
        const auto entry = wire::decode_manifest_entry(bytes);
        if (entry && entry->type == 0 && entry->schema_major <= known_schema)
            files.push_back(*entry);
    }
    std::stable_sort(files.begin(), files.end(),
                     [](const auto& a, const auto& b) { return age_of(a) > age_of(b); });
    std::string problems;
    for (const wire::ManifestEntry& entry : files) {
        if (entry.size == 0 || entry.size > largest_file) {
            problems += fmt::format(" a file of {} bytes;", entry.size);
            continue;
        }
        try {
            std::vector<std::byte> file(static_cast<std::size_t>(entry.size));
            channel.read(entry.address, file);
            return genapi::unpack_description(file);
        } catch (const genapi::DescriptionError& error) {
            problems += std::string(" ") + error.what() + ";";
        } catch (const DeviceError& error) {
            if (error.kind() == ErrorKind::timeout || error.kind() == ErrorKind::disconnected)
                throw;
            problems += std::string(" ") + error.what() + ";";
        }
    }
    fail(problems.empty() ? " no description in its manifest is one this program reads" : problems);
    return {};
}

}  // namespace opal::drivers::u3v
