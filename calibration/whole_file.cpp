// WholeFile: see whole_file.h. POSIX calls, because the standard library can neither flush a file
// to the disk nor say that the disk was full.
#include "calibration/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace opal::calibration {

namespace {

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

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

// Removes the temporary file unless it was renamed away.
class Temporary {
public:
    explicit Temporary(std::string path) : path_(std::move(path)) {}
    ~Temporary() {
        if (!path_.empty()) ::unlink(path_.c_str());
    }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    void keep() { path_.clear(); }

private:
    std::string path_;
};

void flush_folder(const std::filesystem::path& folder) {
    const Descriptor d(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (d.get() >= 0) ::fsync(d.get());  // some file systems cannot; the rename itself is done
}

}  // namespace

std::filesystem::path previous_file(const std::filesystem::path& path, int generation) {
    std::string name = path.string() + ".previous";
    if (generation > 1) name += "." + std::to_string(generation);
    return name;
}

void write_whole_file(const std::filesystem::path& path, std::span<const std::byte> bytes,
                      Predecessor predecessor) {
    struct stat there {};
    const bool exists = ::stat(path.c_str(), &there) == 0;
    if (exists && !S_ISREG(there.st_mode)) {
        errno = S_ISDIR(there.st_mode) ? EISDIR : EINVAL;
        fail("cannot replace what is no regular file");
    }
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    std::string name = path.string() + ".XXXXXX";
    Descriptor file(::mkostemp(name.data(), O_CLOEXEC));
    if (file.get() < 0) fail("cannot create a file there");
    Temporary temporary(name);
    while (!bytes.empty()) {
        const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("cannot write");
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    // mkostemp makes the file private; a result is as readable as any file the user makes.
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::fchmod(file.get(), 0666 & ~mask) != 0) fail("cannot set permissions");
    if (::fsync(file.get()) != 0) fail("cannot flush to the disk");
    if (file.close() != 0) fail("cannot write");  // network file systems may find out only now

    if (exists && predecessor == Predecessor::kept) {
        for (int generation = kept_generations; generation > 1; --generation)
            ::rename(previous_file(path, generation - 1).c_str(),
                     previous_file(path, generation).c_str());  // the oldest is lost
        const std::string previous = previous_file(path, 1).string();
        // A hard link: at no moment is there no file at `path`.
        ::unlink(previous.c_str());
        if (::link(path.c_str(), previous.c_str()) != 0)
            std::filesystem::copy_file(path, previous);  // file systems without links
    }
    if (::rename(name.c_str(), path.c_str()) != 0) fail("cannot rename");
    temporary.keep();
    flush_folder(folder);
}

std::vector<std::byte> read_whole_file(const std::filesystem::path& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) fail("cannot open");
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) fail("cannot read");
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        fail("cannot read");
    }
    // One more, so that the end of a file that keeps its size is seen without growing.
    std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size) + 1);
    std::size_t have = 0;
    for (;;) {  // pipes have no size, and files may grow
        if (have == bytes.size()) bytes.resize(2 * have + 4096);
        const ssize_t n = ::read(file.get(), bytes.data() + have, bytes.size() - have);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("cannot read");
        if (n == 0) break;
        have += static_cast<std::size_t>(n);
    }
    bytes.resize(have);
    return bytes;
}

}  // namespace opal::calibration
