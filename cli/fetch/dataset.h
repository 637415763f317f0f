// Dataset: the facts about a public data set, by which a sound copy is told from a wrong one.
//
//   catalogue of datasets -> fetcher (which files, from where) -> content check (is it that file?)
//
// The rule: what counts is the content. Mirrors pack the same content differently, so a .gz file is
// judged by what comes out of it; the published packed form is known only to be told to people.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace opal::cli::fetch {

struct WantedFile {
    std::string name;                 // in the folder and at the mirrors; packed if it ends in .gz
    std::uint64_t content_bytes = 0;  // unpacked
    std::string content_sha256;       // unpacked, 64 lower-case hex digits
    std::uint64_t packed_bytes = 0;   // of the published .gz; 0 for a plain file
    std::string packed_sha256;

    bool is_packed() const { return name.ends_with(".gz"); }
    // "train-images-idx3-ubyte": programs read it just as well, in place of the .gz.
    std::string content_name() const;
    // No copy is longer, however it was packed.
    std::uint64_t most_bytes() const;
};

// A file no mirror has, made on the spot from those that were fetched.
struct DerivedFile {
    std::string name;
    std::uint64_t bytes = 0;
    std::string sha256;
    std::string from;  // one of the wanted files
    std::string (*make)(std::string_view content_of_from) = nullptr;
};

struct Dataset {
    std::string name;   // as typed: opal fetch NAME
    std::string title;  // one line
    std::string origin;
    std::string licence;
    std::vector<WantedFile> files;
    std::vector<DerivedFile> derived;
    // Tried in turn: folders that hold the files, or an archive (see is_archive) with them inside.
    // One that begins with file:// is a folder that another package may have installed.
    std::vector<std::string> mirrors;
};

std::span<const Dataset> datasets();
// Null if there is none of that name.
const Dataset* find_dataset(std::string_view name);

// .tgz, .tar.gz and .zip
bool is_archive(std::string_view url);

}  // namespace opal::cli::fetch
