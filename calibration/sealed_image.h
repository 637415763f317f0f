// SealedImage: an HDF5 file with a checksum of all of it behind its end, where HDF5 does not look.
// Between the archives and the disk.
//
// Rule: libhdf5 1.10 believes damaged metadata and reads where it should not, so it is not shown
// any. A program that edits the file cuts the checksum off; then the file has to end where its
// superblock says.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace opal::calibration {

std::vector<std::byte> sealed(std::vector<std::byte> image);
// The HDF5 file in it. Throws RecordError, which begins with `name`, if it is damaged.
std::span<const std::byte> unsealed(std::span<const std::byte> bytes, const std::string& name);

}  // namespace opal::calibration
