// Files: calibration/whole_file.h with the errors of the program. See files.h.
#include "cli/files.h"

#include "calibration/whole_file.h"
#include "cli/exit_code.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace opal::cli {

namespace {

void write_in_place(const std::filesystem::path& file, std::string_view content) {
    const auto check = [&](bool good) {
        if (good) return;
        throw std::runtime_error(fmt::format("cannot write to {}: {}", file.string(),
                                             std::generic_category().message(errno)));
    };
    const int out = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
    check(out >= 0);
    while (!content.empty()) {
        const ssize_t n = ::write(out, content.data(), content.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) break;
        content.remove_prefix(static_cast<std::size_t>(n));
    }
    const int error = content.empty() ? 0 : errno;
    const bool closed = ::close(out) == 0;
    if (error != 0) errno = error;
    check(error == 0 && closed);
}

}  // namespace

std::vector<std::byte> read_file(const std::filesystem::path& file) {
    try {
        return calibration::read_whole_file(file);
    } catch (const std::system_error& e) {
        throw BadInput(fmt::format("cannot read {}: {}", file.string(), e.code().message()));
    }
}

void write_file(const std::filesystem::path& file, std::string_view content) {
    struct stat about {};
    if (::stat(file.c_str(), &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode))
        return write_in_place(file, content);
    try {
        calibration::write_whole_file(file, std::as_bytes(std::span(content)),
                                      calibration::Predecessor::replaced);
    } catch (const std::system_error& e) {
        throw std::runtime_error(fmt::format("cannot write {} ({} bytes): {}; nothing was changed",
                                             file.string(), content.size(), e.code().message()));
    }
}

void require_writable(const std::filesystem::path& file) {
    const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    std::error_code unknown;
    if (std::filesystem::is_directory(file, unknown)) {
        throw std::runtime_error(fmt::format("cannot write {}: it is a folder", file.string()));
    }
    if (::access(folder.c_str(), W_OK | X_OK) != 0) {
        throw std::runtime_error(fmt::format("cannot write {}: {}: {}", file.string(),
                                             folder.string(),
                                             std::generic_category().message(errno)));
    }
}

}  // namespace opal::cli
