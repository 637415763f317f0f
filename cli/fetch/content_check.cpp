// Streams a file through inflate and SHA-256. See content_check.h.
#include "cli/fetch/content_check.h"

#include "cli/fetch/archive.h"
#include "cli/fetch/sha256.h"

#include <fmt/format.h>

#include <zlib.h>
#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace opal::cli::fetch {

namespace {

// A file that comes piece by piece, held against what it should be.
class Comparison {
public:
    virtual ~Comparison() = default;
    // False once the verdict cannot change any more.
    virtual bool add(std::span<const std::byte> bytes) = 0;
    virtual Verdict finish() = 0;
};

class PlainComparison final : public Comparison {
public:
    explicit PlainComparison(const WantedFile& wanted) : wanted_(wanted) {}

    bool add(std::span<const std::byte> bytes) override {
        bytes_ += bytes.size();
        digest_.add(bytes);
        return bytes_ <= wanted_.content_bytes;
    }

    Verdict finish() override {
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

// Hotel and campus networks answer every address with a page that asks for a login.
Verdict not_gzip(std::span<const std::byte> head) {
    const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    const bool page = begin != std::string_view::npos && text[begin] == '<';
    return {Soundness::wrong,
            page ? "is a web page and no gzip file; does this network want a login first?"
                 : "is no gzip file"};
}

// One gzip member and nothing behind it.
class PackedComparison final : public Comparison {
public:
    explicit PackedComparison(const WantedFile& wanted) : content_(wanted) {
        constexpr int gzip_only = 16 + MAX_WBITS;
        if (inflateInit2(&z_, gzip_only) != Z_OK) throw std::bad_alloc();
    }
    ~PackedComparison() override { inflateEnd(&z_); }
    PackedComparison(const PackedComparison&) = delete;
    PackedComparison& operator=(const PackedComparison&) = delete;

    bool add(std::span<const std::byte> bytes) override {
        if (bytes.empty() || judgement_) return !judgement_;
        if (ended_) return judge({Soundness::wrong, "has bytes behind the end of the gzip stream"});
        // RFC 1952, section 2.3.1: a gzip member begins 1f 8b.
        if (bytes_ == 0 &&
            (bytes[0] != std::byte{0x1f} || (bytes.size() > 1 && bytes[1] != std::byte{0x8b}))) {
            return judge(not_gzip(bytes));
        }
        bytes_ += bytes.size();
        z_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
        z_.avail_in = static_cast<uInt>(bytes.size());
        do {
            z_.next_out = reinterpret_cast<Bytef*>(unpacked_.data());
            z_.avail_out = static_cast<uInt>(unpacked_.size());
            const int status = inflate(&z_, Z_NO_FLUSH);
            if (!content_.add(std::span(unpacked_).first(unpacked_.size() - z_.avail_out))) {
                return judge(content_.finish());
            }
            ended_ = status == Z_STREAM_END;
            if (status != Z_OK && status != Z_BUF_ERROR && !ended_) {
                return judge(
                    {Soundness::wrong, fmt::format("has a damaged gzip stream ({})",
                                                   z_.msg != nullptr ? z_.msg : "zlib error")});
            }
        } while (!ended_ && (z_.avail_in > 0 || z_.avail_out == 0));
        if (z_.avail_in == 0) return true;
        return judge({Soundness::wrong, "has bytes behind the end of the gzip stream"});
    }

    Verdict finish() override {
        if (judgement_) return *judgement_;
        if (!ended_) {
            return {Soundness::incomplete, fmt::format("is cut off after {} bytes", bytes_)};
        }
        Verdict verdict = content_.finish();
        // The stream is whole, so nothing can follow.
        if (verdict.soundness == Soundness::incomplete) verdict.soundness = Soundness::wrong;
        return verdict;
    }

private:
    bool judge(Verdict verdict) {
        judgement_ = std::move(verdict);
        return false;
    }

    PlainComparison content_;
    z_stream z_{};
    std::uint64_t bytes_ = 0;
    bool ended_ = false;
    std::optional<Verdict> judgement_;
    std::vector<std::byte> unpacked_ = std::vector<std::byte>(std::size_t{1} << 17);
};

std::unique_ptr<Comparison> make_comparison(const WantedFile& wanted, bool packed) {
    if (packed) return std::make_unique<PackedComparison>(wanted);
    return std::make_unique<PlainComparison>(wanted);
}

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

}  // namespace

Verdict check_content(const std::filesystem::path& file, const WantedFile& wanted, bool packed) {
    Pieces pieces(file);
    const auto comparison = make_comparison(wanted, packed);
    for (auto piece = pieces.next(); !piece.empty(); piece = pieces.next()) {
        if (!comparison->add(piece)) break;
    }
    return comparison->finish();
}

Verdict check_archive(const std::filesystem::path& archive, std::span<const WantedFile> wanted) {
    std::map<std::string, Verdict> verdicts;
    try {
        read_archive(archive, [&](const std::string& member, const MemberBytes& bytes) {
            const auto file = std::find_if(wanted.begin(), wanted.end(),
                                           [&](const auto& w) { return w.name == member; });
            if (file == wanted.end() || verdicts.count(member) > 0) return;
            const auto comparison = make_comparison(*file, file->is_packed());
            bytes([&](std::span<const std::byte> piece) { return comparison->add(piece); });
            verdicts[member] = comparison->finish();
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
