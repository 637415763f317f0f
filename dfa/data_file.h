// DataFile: the bytes of a file, unpacked if it is a gzip file.
//
//   file -> [gzip member] -> bytes, read front to back
//
// The rule: every byte is accounted for. Reading past the end, a damaged or cut-off gzip stream and
// bytes behind it are DataErrors that name the file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace opal::dfa {

class DataFile {
public:
    explicit DataFile(const std::filesystem::path& path);
    ~DataFile();

    const std::filesystem::path& path() const { return path_; }

    // Fills `into` or throws; `what` names the wanted bytes in the message ("60000 labels").
    void read(std::span<std::byte> into, const std::string& what);
    // Throws unless the last byte has been read. `whole` describes the file as its header does.
    void expect_end(const std::string& whole);
    // Everything from here to the end, as text. At most `limit` bytes.
    std::string read_text(std::size_t limit);

private:
    std::size_t read_some(std::span<std::byte> into);

    struct Source;
    std::filesystem::path path_;
    std::unique_ptr<Source> source_;
    std::size_t position_ = 0;  // unpacked bytes delivered so far
};

// Folder / name or folder / name.gz, whichever exists. Throws DataError if neither does.
std::filesystem::path find_data_file(const std::filesystem::path& folder, const std::string& name);

}  // namespace opal::dfa
