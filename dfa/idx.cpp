// The IDX reader. See idx.h.
#include "dfa/idx.h"

#include "dfa/data_error.h"
#include "dfa/data_file.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>

namespace opal::dfa {

namespace {

constexpr std::uint32_t magic_images = 2051;  // 0x00000803: unsigned byte, 3 dimensions
constexpr std::uint32_t magic_labels = 2049;  // 0x00000801: unsigned byte, 1 dimension
// A header can ask for 2^96 bytes; no image set of this kind comes near this.
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 32;

std::uint32_t read_u32(DataFile& file, const std::string& what) {
    std::array<std::byte, 4> b{};
    file.read(b, what);
    return std::to_integer<std::uint32_t>(b[0]) << 24 | std::to_integer<std::uint32_t>(b[1]) << 16 |
           std::to_integer<std::uint32_t>(b[2]) << 8 | std::to_integer<std::uint32_t>(b[3]);
}

void expect_magic(DataFile& file, std::uint32_t expected, const std::string& kind) {
    const std::uint32_t magic = read_u32(file, "an IDX header");
    if (magic != expected) {
        std::string found = "magic number " + std::to_string(magic);
        if (magic == magic_images) found += " (images)";
        if (magic == magic_labels) found += " (labels)";
        throw DataError(file.path(), found, std::to_string(expected) + " (" + kind + ")");
    }
}

}  // namespace

IdxImages read_idx_images(const std::filesystem::path& path) {
    DataFile file(path);
    expect_magic(file, magic_images, "images");
    IdxImages images;
    images.count = read_u32(file, "an IDX header");
    images.rows = read_u32(file, "an IDX header");
    images.columns = read_u32(file, "an IDX header");
    const std::string shape = std::to_string(images.count) + " images of " +
                              std::to_string(images.rows) + " x " + std::to_string(images.columns);
    if (images.count == 0 || images.rows == 0 || images.columns == 0) {
        throw DataError(path, shape, "at least one pixel");
    }
    // Two steps, each below 2^64.
    const std::uint64_t per_image = std::uint64_t{images.rows} * images.columns;
    if (per_image > most_bytes || per_image * images.count > most_bytes) {
        throw DataError(path, shape, "at most " + std::to_string(most_bytes) + " pixels");
    }
    // Not sized by the header at once: a damaged count must not take gigabytes before the file
    // turns out to be short.
    const auto total = static_cast<std::size_t>(per_image * images.count);
    constexpr std::size_t step = std::size_t{1} << 24;
    while (images.pixels.size() < total) {
        const std::size_t from = images.pixels.size();
        images.pixels.resize(std::min(total, from + step));
        file.read(std::as_writable_bytes(std::span(images.pixels).subspan(from)), shape);
    }
    file.expect_end(shape);
    return images;
}

std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& path, int classes) {
    DataFile file(path);
    expect_magic(file, magic_labels, "labels");
    const std::uint32_t count = read_u32(file, "an IDX header");
    const std::string shape = std::to_string(count) + " labels";
    std::vector<std::uint8_t> labels;
    constexpr std::size_t step = std::size_t{1} << 24;
    while (labels.size() < count) {
        const std::size_t from = labels.size();
        labels.resize(std::min<std::size_t>(count, from + step));
        file.read(std::as_writable_bytes(std::span(labels).subspan(from)), shape);
    }
    file.expect_end(shape);
    for (std::size_t k = 0; k < labels.size(); ++k) {
        if (labels[k] >= classes) {
            throw DataError(
                path, "label " + std::to_string(labels[k]) + " at position " + std::to_string(k),
                "labels 0 to " + std::to_string(classes - 1));
        }
    }
    return labels;
}

}  // namespace opal::dfa
