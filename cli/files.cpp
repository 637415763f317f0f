// Files: reads whole files, writes beside and renames. See files.h.
#include "cli/files.h"

#include "cli/exit_code.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace opal::cli {

namespace {

std::string reason(int error) {
    return std::generic_category().message(error);
}

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }
    int close() { return ::close(std::exchange(fd_, -1)); }

private:
    int fd_;
};

// 0, or errno.
int write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const ssize_t n = ::write(fd, content.data(), content.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        content.remove_prefix(static_cast<std::size_t>(n));
    }
    return 0;
}

[[noreturn]] void cannot_write(const std::filesystem::path& file, std::size_t bytes, int error) {
    throw std::runtime_error(fmt::format("cannot write {} ({} bytes): {}; nothing was changed",
                                         file.string(), bytes, reason(error)));
}

void write_in_place(const std::filesystem::path& file, std::string_view content) {
    Descriptor out(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    int error = out.get() < 0 ? errno : write_all(out.get(), content);
    if (error == 0 && out.close() != 0) error = errno;
    if (error != 0) {
        throw std::runtime_error(
            fmt::format("cannot write to {}: {}", file.string(), reason(error)));
    }
}

}  // namespace

std::vector<std::byte> read_file(const std::filesystem::path& file) {
    const auto fail = [&](int error) {
        return BadInput(fmt::format("cannot read {}: {}", file.string(), reason(error)));
    };
    const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (in.get() < 0) throw fail(errno);
    struct stat about {};
    if (::fstat(in.get(), &about) != 0) throw fail(errno);
    if (S_ISDIR(about.st_mode)) throw fail(EISDIR);
    std::vector<std::byte> bytes(static_cast<std::size_t>(about.st_size));
    std::size_t filled = 0;
    for (;;) {  // pipes have no size, and files may grow
        if (filled == bytes.size()) bytes.resize(2 * filled + 4096);
        const ssize_t n = ::read(in.get(), bytes.data() + filled, bytes.size() - filled);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw fail(errno);
        if (n == 0) break;
        filled += static_cast<std::size_t>(n);
    }
    bytes.resize(filled);
    return bytes;
}

void write_file(const std::filesystem::path& file, std::string_view content) {
    struct stat about {};
    if (::stat(file.c_str(), &about) == 0 && !S_ISREG(about.st_mode)) {
        if (S_ISDIR(about.st_mode)) cannot_write(file, content.size(), EISDIR);
        return write_in_place(file, content);
    }
    std::string beside = file.string() + ".XXXXXX";
    Descriptor out(::mkostemp(beside.data(), O_CLOEXEC));
    if (out.get() < 0) cannot_write(file, content.size(), errno);
    int error = write_all(out.get(), content);
    // mkostemp makes files only their owner can read; a result is for whoever the umask allows.
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (error == 0 && ::fchmod(out.get(), 0666 & ~mask) != 0) error = errno;
    if (error == 0 && ::fsync(out.get()) != 0) error = errno;
    if (out.close() != 0 && error == 0) error = errno;
    if (error == 0 && ::rename(beside.c_str(), file.c_str()) != 0) error = errno;
    if (error != 0) {
        ::unlink(beside.c_str());
        cannot_write(file, content.size(), error);
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
