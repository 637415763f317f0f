// Reading and unpacking. zlib's inflate is used, not its gz layer: that one ignores bytes behind
// the gzip member. See data_file.h.
#include "dfa/data_file.h"

#include "dfa/data_error.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <vector>

#include <zlib.h>

namespace opal::dfa {

struct DataFile::Source {
    std::ifstream file;
    std::vector<std::byte> buffer = std::vector<std::byte>(1 << 16);
    std::size_t begin = 0;  // the unread part of buffer
    std::size_t end = 0;
    bool packed = false;
    bool stream_ended = false;  // the gzip member is complete, its checksum agreed
    z_stream stream{};

    ~Source() {
        if (packed) inflateEnd(&stream);
    }

    // False at the end of the file.
    bool refill(const std::filesystem::path& path) {
        if (begin < end) return true;
        file.read(reinterpret_cast<char*>(buffer.data()),
                  static_cast<std::streamsize>(buffer.size()));
        if (file.bad()) throw DataError(path, "reading failed", "a readable file");
        begin = 0;
        end = static_cast<std::size_t>(file.gcount());
        return end > 0;
    }
};

DataFile::DataFile(const std::filesystem::path& path)
    : path_(path), source_(std::make_unique<Source>()) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
        throw DataError(path, std::filesystem::exists(path, error) ? "not a file" : "no such file",
                        "a data file");
    }
    Source& source = *source_;
    source.file.open(path, std::ios::binary);
    if (!source.file) throw DataError(path, "cannot be opened", "a readable file");
    if (!source.refill(path_)) return;
    // RFC 1952, section 2.3.1: a gzip member begins 1f 8b.
    if (source.end >= 2 && source.buffer[0] == std::byte{0x1f} &&
        source.buffer[1] == std::byte{0x8b}) {
        constexpr int gzip_only = 16 + MAX_WBITS;
        if (inflateInit2(&source.stream, gzip_only) != Z_OK) throw std::bad_alloc();
        source.packed = true;
    }
}

DataFile::~DataFile() = default;

std::size_t DataFile::read_some(std::span<std::byte> into) {
    Source& source = *source_;
    if (!source.packed) {
        if (!source.refill(path_)) return 0;
        const std::size_t n = std::min(into.size(), source.end - source.begin);
        std::memcpy(into.data(), source.buffer.data() + source.begin, n);
        source.begin += n;
        return n;
    }
    z_stream& z = source.stream;
    const std::size_t wanted = std::min<std::size_t>(into.size(), 1u << 30);
    z.next_out = reinterpret_cast<Bytef*>(into.data());
    z.avail_out = static_cast<uInt>(wanted);
    while (z.avail_out == wanted && !source.stream_ended) {
        if (!source.refill(path_)) {
            throw DataError(
                path_,
                "the gzip stream is cut off after " + std::to_string(position_) + " unpacked bytes",
                "a complete gzip file");
        }
        z.next_in = reinterpret_cast<Bytef*>(source.buffer.data() + source.begin);
        z.avail_in = static_cast<uInt>(source.end - source.begin);
        const int status = inflate(&z, Z_NO_FLUSH);
        source.begin = source.end - z.avail_in;
        if (status == Z_STREAM_END) {
            source.stream_ended = true;
        } else if (status != Z_OK && status != Z_BUF_ERROR) {
            throw DataError(path_,
                            "the gzip stream is damaged after " + std::to_string(position_) +
                                " unpacked bytes (" + (z.msg ? z.msg : "zlib error") + ")",
                            "a sound gzip file");
        }
    }
    return wanted - z.avail_out;
}

void DataFile::read(std::span<std::byte> into, const std::string& what) {
    std::size_t done = 0;
    while (done < into.size()) {
        const std::size_t n = read_some(into.subspan(done));
        if (n == 0) {
            throw DataError(
                path_, "ends after " + std::to_string(position_) + " bytes",
                std::to_string(position_ - done + into.size()) + " bytes (" + what + ")");
        }
        done += n;
        position_ += n;
    }
}

void DataFile::expect_end(const std::string& whole) {
    std::array<std::byte, 1> one{};
    if (read_some(one) != 0) {
        throw DataError(path_, "more than " + std::to_string(position_) + " bytes",
                        "exactly " + std::to_string(position_) + " bytes (" + whole + ")");
    }
    if (source_->packed && source_->refill(path_)) {
        throw DataError(path_, "bytes behind the end of the gzip stream", "the end of the file");
    }
}

std::string DataFile::read_text(std::size_t limit) {
    std::string text;
    std::vector<std::byte> piece(1 << 16);
    for (std::size_t n = read_some(piece); n != 0; n = read_some(piece)) {
        if (text.size() + n > limit) {
            throw DataError(path_, "more than " + std::to_string(limit) + " bytes",
                            "at most " + std::to_string(limit));
        }
        text.append(reinterpret_cast<const char*>(piece.data()), n);
        position_ += n;
    }
    expect_end("text");
    return text;
}

std::filesystem::path find_data_file(const std::filesystem::path& folder, const std::string& name) {
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) {
        throw DataError(folder, "no such folder", "a data folder with " + name + "[.gz]");
    }
    for (const std::string& candidate : {name, name + ".gz"}) {
        if (std::filesystem::exists(folder / candidate, error)) return folder / candidate;
    }
    throw DataError(folder, "no " + name + " and no " + name + ".gz", "one of them");
}

}  // namespace opal::dfa
