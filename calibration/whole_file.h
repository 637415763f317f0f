// WholeFile: files that are either all there or not touched. The last step of saving a record.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace opal::calibration {

// Writes to a temporary file beside `path`, flushes it to the disk, keeps what `path` held as
// <path>.previous and renames. Throws std::system_error; `path` is then what it was.
void write_whole_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

// Throws std::system_error.
std::vector<std::byte> read_whole_file(const std::filesystem::path& path);

}  // namespace opal::calibration
