// Archive: the files inside a .tgz or .zip, one after the other.
//
// The rule: an archive decides nothing about the disk. Members are handed out as a last path
// component and bytes; paths, links and permissions inside are ignored.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>

namespace opal::cli::fetch {

// Half a sentence about the archive: it cannot be read (to its end).
struct ArchiveError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Takes a piece; false: enough of this member.
using TakePiece = std::function<bool(std::span<const std::byte>)>;
// Hands out a member's bytes to whoever wants them, at most once.
using MemberBytes = std::function<void(const TakePiece&)>;

// Calls `visit` for every regular file inside. Throws ArchiveError, and what `visit` throws.
void read_archive(
    const std::filesystem::path& archive,
    const std::function<void(const std::string& name, const MemberBytes& bytes)>& visit);

}  // namespace opal::cli::fetch
