// IDX: the file format of MNIST and its relatives. All header integers are 32-bit big-endian.
//
//   images: 00 00 08 03 | count | rows | columns | count * rows * columns bytes, row by row
//   labels: 00 00 08 01 | count | count bytes
//
// Dimensions and length are checked exactly; the files may be packed with gzip.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace opal::dfa {

struct IdxImages {
    std::uint32_t count = 0;
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
    std::vector<std::uint8_t> pixels;  // (count, rows, columns)
};

// Throws DataError.
IdxImages read_idx_images(const std::filesystem::path& path);
// Every label must be below `classes`.
std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& path, int classes);

}  // namespace opal::dfa
