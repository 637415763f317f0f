// Files: whole files in, whole files out. What OPAL writes is either complete or not there.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace opal::cli {

// Throws BadInput: which file, why not.
std::vector<std::byte> read_file(const std::filesystem::path& file);

// Writes beside the target, makes it durable, then renames: a reader sees the old file or the new
// one, and after a failure (full disk) the old one is still there and nothing new lies about. A
// target that exists and is not a regular file (/dev/stdout, a pipe) is written in place.
void write_file(const std::filesystem::path& file, std::string_view content);

// Throws std::runtime_error now if write_file() could not even begin later: the folder is missing
// or closed to us, or the target is a folder. For results that take long to come.
void require_writable(const std::filesystem::path& file);

}  // namespace opal::cli
