// Streams a file through inflate and SHA-256. See content_check.h.
#include "cli/fetch/content_check.h"

#include "cli/fetch/archive.h"
#include "cli/fetch/sha256.h"

#include <fmt/format.h>

#include <zlib.h>
#include <algorithm>
#include <fstream>
#include <map>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace opal::cli::fetch {

namespace {

// Content that comes piece by piece, held against what it should be.
class Comparison {
public:
    explicit Comparison(const WantedFile& wanted) : wanted_(wanted) {}

    // False once there is too much of it.
    bool add(std::span<const std::byte> bytes) {
        bytes_ += bytes.size();
        digest_.add(bytes);
        return bytes_ <= wanted_.content_bytes;
    }

    Verdict finish() {
        if (bytes_ > wanted_.content_bytes) {
            return {Soundness::wrong,
                    fmt::format("has more than the {} bytes of content it should have",
                                wanted_.content_bytes)};
        }
        if (bytes_ < wanted_.content_bytes) {
            return {Soundness::incomplete,
                    fmt::format("has {} of {} bytes of content", bytes_, wanted_.content_bytes)};
        }
        const std::string sum = digest_.finish();
        if (sum != wanted_.content_sha256) {
            return {Soundness::wrong, fmt::format("has content with SHA-256 {}, not {}", sum,
                                                  wanted_.content_sha256)};
        }
        return {};
    }

private:
    const WantedFile& wanted_;
    std::uint64_t bytes_ = 0;
    Sha256 digest_;
};

// Reads a file in pieces.
class Pieces {
public:
    explicit Pieces(const std::filesystem::path& file) : in_(file, std::ios::binary) {
        if (!in_) throw std::runtime_error(fmt::format("cannot open {}", file.string()));
        name_ = file.string();
    }
    // Empty at the end.
    std::span<std::byte> next() {
        in_.read(reinterpret_cast<char*>(buffer_.data()),
                 static_cast<std::streamsize>(buffer_.size()));
        if (in_.bad()) throw std::runtime_error(fmt::format("cannot read {}", name_));
        return std::span(buffer_).first(static_cast<std::size_t>(in_.gcount()));
    }

private:
    std::ifstream in_;
    std::string name_;
    std::vector<std::byte> buffer_ = std::vector<std::byte>(std::size_t{1} << 17);
};

struct Inflater {
    z_stream stream{};
    Inflater() {
        constexpr int gzip_only = 16 + MAX_WBITS;
        if (inflateInit2(&stream, gzip_only) != Z_OK) throw std::bad_alloc();
    }
    ~Inflater() { inflateEnd(&stream); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
};

// Hotel and campus networks answer every address with a page that asks for a login.
Verdict not_gzip(std::span<const std::byte> head) {
    const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
    const bool page = text.substr(0, text.find_first_not_of(" \t\r\n") + 1).ends_with('<');
    return {Soundness::wrong,
            page ? "is a web page and no gzip file; does this network want a login first?"
                 : "is no gzip file"};
}

Verdict check_packed(const std::filesystem::path& file, const WantedFile& wanted) {
    Pieces pieces(file);
    Comparison comparison(wanted);
    Inflater inflater;
    z_stream& z = inflater.stream;
    std::vector<std::byte> out(std::size_t{1} << 17);
    bool first = true;
    for (auto piece = pieces.next(); !piece.empty(); piece = pieces.next()) {
        // RFC 1952, section 2.3.1: a gzip member begins 1f 8b.
        const bool begins_well =
            piece[0] == std::byte{0x1f} && (piece.size() < 2 || piece[1] == std::byte{0x8b});
        if (first && !begins_well)
            return not_gzip(piece.first(std::min<std::size_t>(piece.size(), 64)));
        first = false;
        z.next_in = reinterpret_cast<Bytef*>(piece.data());
        z.avail_in = static_cast<uInt>(piece.size());
        do {
            z.next_out = reinterpret_cast<Bytef*>(out.data());
            z.avail_out = static_cast<uInt>(out.size());
            const int status = inflate(&z, Z_NO_FLUSH);
            if (!comparison.add(std::span(out).first(out.size() - z.avail_out))) {
                return comparison.finish();
            }
            if (status == Z_STREAM_END) {
                if (z.avail_in > 0 || !pieces.next().empty()) {
                    return {Soundness::wrong, "has bytes behind the end of the gzip stream"};
                }
                Verdict verdict = comparison.finish();
                // The stream is whole, so nothing can follow.
                if (verdict.soundness == Soundness::incomplete) {
                    verdict.soundness = Soundness::wrong;
                }
                return verdict;
            }
            if (status != Z_OK && status != Z_BUF_ERROR) {
                return {Soundness::wrong, fmt::format("has a damaged gzip stream ({})",
                                                      z.msg != nullptr ? z.msg : "zlib error")};
            }
        } while (z.avail_in > 0 || z.avail_out == 0);
    }
    return {Soundness::incomplete,
            fmt::format("is cut off after {} bytes", std::filesystem::file_size(file))};
}

Verdict check_plain(const std::filesystem::path& file, const WantedFile& wanted) {
    Pieces pieces(file);
    Comparison comparison(wanted);
    for (auto piece = pieces.next(); !piece.empty(); piece = pieces.next()) {
        if (!comparison.add(piece)) break;
    }
    return comparison.finish();
}

}  // namespace

Verdict check_content(const std::filesystem::path& file, const WantedFile& wanted, bool packed) {
    return packed ? check_packed(file, wanted) : check_plain(file, wanted);
}

Verdict check_archive(const std::filesystem::path& archive, std::span<const WantedFile> wanted) {
    std::map<std::string, Verdict> verdicts;
    try {
        read_archive(archive, [&](const std::string& member, const MemberBytes& bytes) {
            const auto file = std::find_if(wanted.begin(), wanted.end(),
                                           [&](const auto& w) { return w.name == member; });
            if (file == wanted.end() || verdicts.count(member) > 0) return;
            Comparison comparison(*file);
            bytes([&](std::span<const std::byte> piece) { return comparison.add(piece); });
            verdicts[member] = comparison.finish();
        });
    } catch (const ArchiveError& e) {
        return {Soundness::incomplete, e.what()};
    }
    for (const WantedFile& file : wanted) {
        const auto found = verdicts.find(file.name);
        if (found == verdicts.end()) {
            return {Soundness::wrong, fmt::format("has no {} inside", file.name)};
        }
        if (found->second.soundness != Soundness::sound) {
            return {Soundness::wrong,
                    fmt::format("holds a {} that {}", file.name, found->second.why)};
        }
    }
    return {};
}

}  // namespace opal::cli::fetch
