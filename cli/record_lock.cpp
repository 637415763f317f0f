// RecordLock: see record_lock.h.
#include "cli/record_lock.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace opal::cli {

namespace {

// What the holder wrote about itself; it may not have come to it, or the disk may be full.
std::string holder(int descriptor) {
    std::array<char, 64> text{};
    const ssize_t n = ::pread(descriptor, text.data(), text.size(), 0);
    return n > 0 ? std::string(text.data(), static_cast<std::size_t>(n)) : "another process";
}

}  // namespace

RecordLock::RecordLock(const std::filesystem::path& record) : file_(record.string() + ".lock") {
    for (;;) {
        descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (descriptor_ < 0)
            throw std::runtime_error(fmt::format("cannot lock {}: {}: {}", record.string(),
                                                 file_.string(),
                                                 std::generic_category().message(errno)));
        if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
            const int error = errno;
            const std::string who = holder(descriptor_);
            ::close(descriptor_);
            throw std::runtime_error(
                error == EWOULDBLOCK
                    ? fmt::format("{} is being calibrated by {}; wait until it is done, or name "
                                  "another file with --calibration",
                                  record.string(), who)
                    : fmt::format("cannot lock {}: {}", file_.string(),
                                  std::generic_category().message(error)));
        }
        struct stat ours {};
        struct stat there {};
        // Whoever held the lock may have removed the file in between; then ours is no lock.
        if (::fstat(descriptor_, &ours) == 0 && ::stat(file_.c_str(), &there) == 0 &&
            ours.st_ino == there.st_ino && ours.st_dev == there.st_dev)
            break;
        ::close(descriptor_);
    }
    const std::string who = fmt::format("process {}", ::getpid());
    // A courtesy to whoever finds it locked; on a full disk it stays empty.
    if (::ftruncate(descriptor_, 0) == 0 && ::pwrite(descriptor_, who.data(), who.size(), 0) < 0)
        errno = 0;
}

RecordLock::~RecordLock() {
    ::unlink(file_.c_str());  // while it is still ours
    ::close(descriptor_);
}

}  // namespace opal::cli
