// FuseFile: a file whose openings, reads, ioctls and polls are answered by this program: the
// kernel's FUSE protocol [Linux, include/uapi/linux/fuse.h], spoken over /dev/fuse without a
// library, for one file mounted over an empty one.
//
//   client --open, read, ioctl, poll--> kernel --/dev/fuse--> FuseFile --> FuseFileActs
//
// Rule: the acts are called by the file's own thread, one after the other, and wait for nobody.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace opal::sim {

struct FuseIoctl {
    pid_t caller = 0;
    std::uint32_t command = 0;
    std::uint64_t argument = 0;
    // What the kernel brings along for commands that say they write: _IOW, _IOWR.
    std::span<const std::byte> in;
};
struct FuseIoctlResult {
    int result = 0;  // below 0: an errno
    // For commands that say they read: _IOR, _IOWR; not more than their size.
    std::vector<std::byte> out{};
};

struct FuseFileActs {
    std::function<std::span<const std::byte>()> content;
    std::function<FuseIoctlResult(const FuseIoctl&)> ioctl;
    std::function<std::uint32_t()> ready;  // what poll() is to say now
    std::function<void()> closed;          // the last descriptor of one opening
    std::function<void()> idle;            // every few milliseconds
};

class FuseFile {
public:
    // `path`: a file that is there. Throws hal::DeviceError{unsupported} where this process may not
    // mount, with the reason.
    FuseFile(std::string path, FuseFileActs acts);
    // Whoever still has it open gets errors from then on.
    ~FuseFile();
    FuseFile(const FuseFile&) = delete;
    FuseFile& operator=(const FuseFile&) = delete;

    // Wakes whoever polls; from any thread.
    void notify();

private:
    struct Request;
    void run(const std::stop_token& stop);
    void answer(const Request& request);
    void reply(std::uint64_t unique, int error, std::span<const std::byte> head,
               std::span<const std::byte> tail = {}) const;

    const std::string path_;
    const FuseFileActs acts_;
    int fuse_ = -1;
    std::mutex poll_mutex_;
    std::vector<std::uint64_t> pollers_;  // handles of polls that wait
    std::jthread thread_;
};

}  // namespace opal::sim
