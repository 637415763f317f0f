// ContentCheck: is this file, under whatever name, a whole and sound copy of the wanted one?
//
//   file -> [gzip] -> bytes -> length and SHA-256 -> verdict
//
// Nothing gets its final name without the verdict `sound`.
#pragma once

#include "cli/fetch/dataset.h"

#include <filesystem>
#include <span>
#include <string>

namespace opal::cli::fetch {

enum class Soundness {
    sound,
    incomplete,  // ends too early; so far nothing speaks against it
    wrong,       // no bytes behind it could make it right
};

struct Verdict {
    Soundness soundness = Soundness::sound;
    std::string why;  // half a sentence about the file; empty if sound
};

// `packed`: the file is gzip; otherwise it is the content itself. Throws std::runtime_error if the
// file cannot be read.
Verdict check_content(const std::filesystem::path& file, const WantedFile& wanted, bool packed);

// All of them are inside and sound. An archive that cannot be read to its end is incomplete.
Verdict check_archive(const std::filesystem::path& archive, std::span<const WantedFile> wanted);

}  // namespace opal::cli::fetch
