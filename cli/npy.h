// Npy: arrays in NumPy's file format, in and out of `opal project`.
//
//   0   6   \x93 N U M P Y
//   6   2   version: 1.0, 2.0 or 3.0
//   8   2   length of the header, little-endian (4 bytes in versions 2 and 3)
//   ..      {'descr': '<f4', 'fortran_order': False, 'shape': (3, 10), }  padded with blanks, \n
//   ..      the elements, nothing after them
//
// [NumPy, numpy.lib.format]. Read: little-endian floats and integers of any size, in C or Fortran
// order; written: version 1.0, '<f4', C order.
#pragma once

#include "dfa/projector.h"

#include <cstddef>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>

namespace opal::cli {

// One line: which file, what is wrong with it, what would be right.
struct NpyError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Two dimensions as they are, one dimension as a single row. Everything becomes float; a number
// that is not finite or does not fit a float is an error. `name` is for messages.
dfa::Matrix decode_npy(std::span<const std::byte> bytes, const std::string& name);
dfa::Matrix read_npy(const std::filesystem::path& file);

// The header and the elements.
std::string encode_npy(const dfa::Matrix& matrix);
// Atomic (see write_file).
void write_npy(const std::filesystem::path& file, const dfa::Matrix& matrix);

}  // namespace opal::cli
