// The text of `opal fetch NAME --explain`. See explanation.h.
#include "cli/fetch/explanation.h"

#include <fmt/format.h>

namespace opal::cli::fetch {

namespace {

std::string file_lines(const WantedFile& file) {
    if (!file.is_packed()) {
        return fmt::format("  {}\n      {:>9} bytes, SHA-256 {}\n", file.name, file.content_bytes,
                           file.content_sha256);
    }
    return fmt::format(
        "  {}   (or unpacked: {})\n"
        "      packed   {:>9} bytes, SHA-256 {}  as published\n"
        "      unpacked {:>9} bytes, SHA-256 {}  decides\n",
        file.name, file.content_name(), file.packed_bytes, file.packed_sha256, file.content_bytes,
        file.content_sha256);
}

}  // namespace

std::string explanation(const Dataset& dataset, const std::filesystem::path& folder) {
    std::string text = fmt::format("{}\norigin:  {}\nlicence: {}\n\n", dataset.title,
                                   dataset.origin, dataset.licence);
    text += fmt::format("To place it by hand, put these files into {}\n\n", folder.string());
    bool packed = false;
    for (const WantedFile& file : dataset.files) {
        text += file_lines(file);
        packed = packed || file.is_packed();
    }
    if (packed) {
        text +=
            "\nMirrors pack the same content in different ways; only the unpacked sum has to "
            "agree:\n"
            "  gzip -dc FILE.gz | sha256sum\n";
    }
    text += "\nPublic copies:\n";
    for (const std::string& mirror : dataset.mirrors) {
        text += fmt::format("  {}{}\n", mirror,
                            is_archive(mirror) ? "   (the files are inside)" : "/FILE");
    }
    for (const DerivedFile& file : dataset.derived) {
        text += fmt::format(
            "\n{} ({} bytes, SHA-256 {}) is in no public archive;\n"
            "opal makes it from {} in the last step, without internet.\n",
            file.name, file.bytes, file.sha256, file.from);
    }
    text += fmt::format(
        "\nThen: opal fetch {0}                 checks them, without internet if all are there\n"
        "or:   opal fetch {0} --from FOLDER   copies them from a folder (a USB stick) and checks\n",
        dataset.name);
    return text;
}

}  // namespace opal::cli::fetch
