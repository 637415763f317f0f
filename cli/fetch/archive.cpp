// Reads archives by libarchive. See archive.h.
#include "cli/fetch/archive.h"

#include <fmt/format.h>

#include <archive.h>
#include <archive_entry.h>
#include <memory>
#include <new>

namespace opal::cli::fetch {

namespace {

struct Close {
    void operator()(struct archive* reader) const { archive_read_free(reader); }
};

[[noreturn]] void fail(struct archive* reader) {
    const char* const why = archive_error_string(reader);
    throw ArchiveError(fmt::format("cannot be unpacked ({})",
                                   why != nullptr ? why : "libarchive gives no reason"));
}

}  // namespace

void read_archive(
    const std::filesystem::path& archive,
    const std::function<void(const std::string& name, const MemberBytes& bytes)>& visit) {
    const std::unique_ptr<struct archive, Close> reader(archive_read_new());
    if (reader == nullptr) throw std::bad_alloc();
    archive_read_support_filter_gzip(reader.get());
    archive_read_support_format_tar(reader.get());
    archive_read_support_format_zip_streamable(reader.get());
    archive_read_support_format_zip_seekable(reader.get());
    constexpr std::size_t block_bytes = std::size_t{1} << 16;
    if (archive_read_open_filename(reader.get(), archive.c_str(), block_bytes) != ARCHIVE_OK) {
        fail(reader.get());
    }
    const MemberBytes bytes = [&](const TakePiece& take) {
        const void* data = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        la_int64_t expected = 0;
        for (;;) {
            const int status = archive_read_data_block(reader.get(), &data, &size, &offset);
            if (status == ARCHIVE_EOF) return;
            if (status < ARCHIVE_WARN) fail(reader.get());
            if (offset != expected) throw ArchiveError("has a file with holes inside");
            expected += static_cast<la_int64_t>(size);
            if (!take({static_cast<const std::byte*>(data), size})) return;
        }
    };
    for (;;) {
        archive_entry* entry = nullptr;
        const int status = archive_read_next_header(reader.get(), &entry);
        if (status == ARCHIVE_EOF) return;
        if (status < ARCHIVE_WARN) fail(reader.get());
        const char* const path = archive_entry_pathname(entry);
        if (path == nullptr || archive_entry_filetype(entry) != AE_IFREG) continue;
        visit(std::filesystem::path(path).filename().string(), bytes);
    }
}

}  // namespace opal::cli::fetch
