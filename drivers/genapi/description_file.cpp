// unpack_description: a ZIP archive with one member, or XML as it is.
#include "drivers/genapi/description.h"

#include <archive.h>
#include <archive_entry.h>

#include <cstring>
#include <memory>

namespace opal::drivers::genapi {
namespace {

// The largest of 26 camera files has 1.3 MB.
constexpr std::size_t largest_xml = std::size_t{32} << 20;

struct CloseArchive {
    void operator()(archive* a) const { archive_read_free(a); }
};

bool is_zip(std::span<const std::byte> file) {
    return file.size() >= 2 && std::memcmp(file.data(), "PK", 2) == 0;
}

[[noreturn]] void fail(archive* a, const char* what) {
    const char* const why = archive_error_string(a);
    std::string text = std::string("camera description: ") + what + (why ? ": " : "");
    for (const char* c = why; c && *c; ++c)
        text += static_cast<unsigned char>(*c) < 0x20 ? ' ' : *c;
    throw DescriptionError(text);
}

[[noreturn]] void too_large() {
    throw DescriptionError("camera description: more than " + std::to_string(largest_xml >> 20) +
                           " MiB of XML; no camera sends that much");
}

}  // namespace

std::string unpack_description(std::span<const std::byte> file) {
    if (file.empty()) throw DescriptionError("camera description: an empty file");
    if (!is_zip(file)) {
        if (file.size() > largest_xml) too_large();
        return {reinterpret_cast<const char*>(file.data()), file.size()};
    }
    const std::unique_ptr<archive, CloseArchive> reader(archive_read_new());
    if (!reader) throw std::bad_alloc();
    archive_read_support_format_zip(reader.get());
    if (archive_read_open_memory(reader.get(), file.data(), file.size()) != ARCHIVE_OK)
        fail(reader.get(), "not a ZIP archive we can read");
    archive_entry* entry = nullptr;
    for (;;) {
        const int status = archive_read_next_header(reader.get(), &entry);
        if (status == ARCHIVE_EOF)
            throw DescriptionError("camera description: the ZIP archive has no file in it");
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
            fail(reader.get(), "damaged ZIP archive");
        if (archive_entry_filetype(entry) == AE_IFREG) break;
    }
    std::string xml;
    char room[65536];
    for (;;) {
        const auto count = archive_read_data(reader.get(), room, sizeof room);
        if (count == 0) return xml;
        if (count < 0) fail(reader.get(), "damaged ZIP archive");
        if (xml.size() + static_cast<std::size_t>(count) > largest_xml) too_large();
        xml.append(room, static_cast<std::size_t>(count));
    }
}

}  // namespace opal::drivers::genapi
