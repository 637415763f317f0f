// MemoryFile: bytes under a path, for readers that take nothing else. Lives in memory; the path is
// valid as long as the object.
#pragma once

#include "tests/fuzz/fuzz_target.h"

#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>

namespace opal::fuzz {

class MemoryFile {
public:
    explicit MemoryFile(std::span<const std::byte> bytes) : fd_(::memfd_create("fuzz", 0)) {
        require(fd_ >= 0, "the system has files in memory");
        while (!bytes.empty()) {
            const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
            require(n > 0, "memory takes the bytes");
            bytes = bytes.subspan(static_cast<std::size_t>(n));
        }
    }
    ~MemoryFile() { ::close(fd_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(fd_); }

private:
    int fd_;
};

}  // namespace opal::fuzz
