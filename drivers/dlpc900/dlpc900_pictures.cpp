// Dlpc900Pictures: see dlpc900_pictures.h.
#include "drivers/dlpc900/dlpc900_pictures.h"

#include "protocol/dlpc900_image.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace opal::drivers {

using protocol::dlpc900_planes;

namespace {

// A part of a row that does not begin at a word: shifted to one.
void shift_row(std::span<const std::uint64_t> row, int first_column, int columns,
               std::vector<std::uint64_t>& into) {
    const auto words = static_cast<std::size_t>((columns + 63) / 64);
    const auto first = static_cast<std::size_t>(first_column / 64);
    const int shift = first_column % 64;
    into.resize(words);
    for (std::size_t w = 0; w < words; ++w) {
        std::uint64_t bits = row[first + w] >> shift;
        if (shift != 0 && first + w + 1 < row.size()) bits |= row[first + w + 1] << (64 - shift);
        into[w] = bits;
    }
}

}  // namespace

std::vector<std::byte> picture_file(std::span<const KnownPattern> planes, int rows,
                                    int first_column, int columns) {
    assert(planes.size() <= dlpc900_planes);
    protocol::Dlpc900Picture picture{columns, rows, {}};
    picture.pixels.resize(picture.row_bytes() * static_cast<std::size_t>(rows));
    std::array<const std::uint64_t*, dlpc900_planes> before{};
    std::array<std::vector<std::uint64_t>, dlpc900_planes> shifted;
    for (int r = 0; r < rows; ++r) {
        std::array<const std::uint64_t*, dlpc900_planes> lines{};
        for (std::size_t k = 0; k < planes.size(); ++k)
            if (planes[k].mirrors) lines[k] = planes[k].mirrors->row_words(r).data();
        const auto row =
            std::span(picture.pixels)
                .subspan(picture.row_bytes() * static_cast<std::size_t>(r), picture.row_bytes());
        // Patterns share the lines of equal rows: nothing to pack where all are those above.
        if (r > 0 && lines == before) {
            std::copy(row.data() - picture.row_bytes(), row.data(), row.begin());
            continue;
        }
        before = lines;
        protocol::Dlpc900PlaneRows packed{};
        for (std::size_t k = 0; k < planes.size(); ++k) {
            if (!planes[k].mirrors) continue;
            if (first_column == 0) {
                packed[k] = lines[k];
            } else {
                shift_row(planes[k].mirrors->row_words(r), first_column, columns, shifted[k]);
                packed[k] = shifted[k].data();
            }
        }
        protocol::pack_planes(packed, columns, row);
    }
    return protocol::encode_smallest(picture);
}

}  // namespace opal::drivers
