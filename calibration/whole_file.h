// WholeFile: files that are either all there or not touched. The last step of saving a record; the
// program writes its results with it too.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace opal::calibration {

// What becomes of the file that was there. Kept: as <path>.previous; the one that was that becomes
// <path>.previous.2, and so on.
enum class Predecessor { replaced, kept };
inline constexpr int kept_generations = 3;

// 1: <path>.previous, 2: <path>.previous.2.
std::filesystem::path previous_file(const std::filesystem::path& path, int generation);

// Writes to a temporary file beside `path`, flushes it to the disk and renames. Throws
// std::system_error; `path` is then what it was, and no debris lies about. A target that exists and
// is no regular file (a device, a folder) is refused: renaming would put a file in its place.
void write_whole_file(const std::filesystem::path& path, std::span<const std::byte> bytes,
                      Predecessor predecessor);

// Reads to the end, whatever size the file claims: pipes have none. Throws std::system_error.
std::vector<std::byte> read_whole_file(const std::filesystem::path& path);

}  // namespace opal::calibration
