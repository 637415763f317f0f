// A locked, resumable file. See part_file.h.
#include "cli/fetch/part_file.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>

namespace opal::cli::fetch {

PartFile::PartFile(std::filesystem::path target) : target_(std::move(target)) {
    part_ = target_;
    part_ += ".part";
    descriptor_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (descriptor_ < 0) fail("open");
    struct stat opened {};
    struct stat there {};
    // Whoever held the lock may have renamed or removed the file meanwhile; then it is not ours.
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 || ::fstat(descriptor_, &opened) != 0 ||
        ::stat(part_.c_str(), &there) != 0 || opened.st_ino != there.st_ino) {
        ::close(descriptor_);
        throw std::runtime_error(fmt::format(
            "{} is in use: another `opal fetch` works in this folder; wait until it is done",
            part_.string()));
    }
    if (!S_ISREG(opened.st_mode)) {
        ::close(descriptor_);
        throw std::runtime_error(fmt::format("{} is no file; remove it", part_.string()));
    }
    size_ = static_cast<std::uint64_t>(opened.st_size);
}

PartFile::~PartFile() {
    if (descriptor_ < 0) return;
    if (size_ == 0) ::unlink(part_.c_str());
    close();
}

void PartFile::append(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t n =
            ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) fail("write");
        bytes = bytes.subspan(static_cast<std::size_t>(n));
        size_ += static_cast<std::uint64_t>(n);
    }
}

void PartFile::restart() {
    if (::ftruncate(descriptor_, 0) != 0) fail("empty");
    size_ = 0;
}

void PartFile::finish() {
    if (::fsync(descriptor_) != 0) fail("make durable");
    if (std::rename(part_.c_str(), target_.c_str()) != 0) fail("rename");
    close();
    const auto folder = target_.has_parent_path() ? target_.parent_path() : ".";
    const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return;
    ::fsync(directory);  // some file systems cannot; the file itself is safe
    ::close(directory);
}

void PartFile::discard() {
    ::unlink(part_.c_str());
    close();
}

void PartFile::fail(const char* what) const {
    throw std::runtime_error(
        fmt::format("cannot {} {}: {}", what, part_.string(), std::strerror(errno)));
}

void PartFile::close() {
    ::close(descriptor_);
    descriptor_ = -1;
}

}  // namespace opal::cli::fetch
