// FuseFile: requests of the kernel and their answers.
#include "sim/doors/fuse_file.h"

#include "hal/error.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/uio.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace opal::sim {

namespace {

constexpr std::size_t largest_request = 256 * 1024;
constexpr int idle_ms = 2;

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
    return std::as_bytes(std::span(&value, 1));
}

std::string reason(int error) {
    return std::generic_category().message(error);
}

fuse_attr attributes() {
    fuse_attr attr{};
    attr.ino = FUSE_ROOT_ID;
    attr.mode = S_IFREG | 0666;
    attr.nlink = 1;
    return attr;
}

}  // namespace

struct FuseFile::Request {
    fuse_in_header header{};
    std::span<const std::byte> body;

    template <typename T>
    T as() const {
        T value{};
        std::memcpy(&value, body.data(), std::min(sizeof value, body.size()));
        return value;
    }
};

FuseFile::FuseFile(std::string path, FuseFileActs acts)
    : path_(std::move(path)), acts_(std::move(acts)) {
    const auto refuse = [&](const char* what) {
        const int error = errno;
        if (fuse_ >= 0) ::close(fuse_);
        throw hal::DeviceError(hal::ErrorKind::unsupported, path_, "open",
                               fmt::format("{}: {}", what, reason(error)));
    };
    fuse_ = ::open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fuse_ < 0) refuse("/dev/fuse cannot be opened");
    const std::string options =
        fmt::format("fd={},rootmode=100666,user_id={},group_id={}", fuse_, getuid(), getgid());
    if (::mount("opal", path_.c_str(), "fuse.opal", MS_NOSUID | MS_NODEV, options.c_str()) != 0)
        refuse("this process may not mount a file of its own");
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

FuseFile::~FuseFile() {
    ::umount2(path_.c_str(), MNT_DETACH);
    thread_.request_stop();
    thread_.join();
    ::close(fuse_);
}

void FuseFile::notify() {
    std::vector<std::uint64_t> waiting;
    {
        const std::lock_guard lock(poll_mutex_);
        waiting.swap(pollers_);
    }
    for (const std::uint64_t handle : waiting) {
        fuse_notify_poll_wakeup_out wakeup{};
        wakeup.kh = handle;
        // Told, not answered: no request has this number, and the code stands for an error.
        reply(0, FUSE_NOTIFY_POLL, bytes_of(wakeup));
    }
}

void FuseFile::run(const std::stop_token& stop) {
    std::vector<std::byte> room(largest_request);
    while (!stop.stop_requested()) {
        pollfd watched{fuse_, POLLIN, 0};
        ::poll(&watched, 1, idle_ms);
        for (;;) {
            const ssize_t count = ::read(fuse_, room.data(), room.size());
            if (count < static_cast<ssize_t>(sizeof(fuse_in_header))) {
                if (errno == ENODEV) return;  // unmounted, and nobody has it open
                break;
            }
            Request request;
            std::memcpy(&request.header, room.data(), sizeof request.header);
            request.body = std::span(room)
                               .first(static_cast<std::size_t>(count))
                               .subspan(sizeof request.header);
            answer(request);
        }
        acts_.idle();
    }
}

void FuseFile::reply(std::uint64_t unique, int error, std::span<const std::byte> head,
                     std::span<const std::byte> tail) const {
    fuse_out_header header{};
    header.unique = unique;
    header.error = error;
    header.len = static_cast<std::uint32_t>(sizeof header + head.size() + tail.size());
    const auto piece = [](std::span<const std::byte> bytes) {
        return iovec{const_cast<std::byte*>(bytes.data()), bytes.size()};
    };
    const std::array pieces{piece(bytes_of(header)), piece(head), piece(tail)};
    // Refused if the caller was killed meanwhile: nobody waits for it any more.
    [[maybe_unused]] const ssize_t written =
        ::writev(fuse_, pieces.data(), static_cast<int>(pieces.size()));
}

void FuseFile::answer(const Request& request) {
    const std::uint64_t unique = request.header.unique;
    switch (request.header.opcode) {
        case FUSE_INIT: {
            const auto in = request.as<fuse_init_in>();
            fuse_init_out out{};
            out.major = FUSE_KERNEL_VERSION;
            out.minor = FUSE_KERNEL_MINOR_VERSION;
            out.max_readahead = in.max_readahead;
            out.max_write = 4096;
            return reply(unique, 0, bytes_of(out));
        }
        case FUSE_GETATTR: {
            fuse_attr_out out{};
            out.attr = attributes();
            return reply(unique, 0, bytes_of(out));
        }
        case FUSE_OPEN: {
            fuse_open_out out{};
            out.open_flags = FOPEN_DIRECT_IO;  // its size is not known beforehand
            return reply(unique, 0, bytes_of(out));
        }
        case FUSE_READ: {
            const auto in = request.as<fuse_read_in>();
            const auto content = acts_.content();
            const std::size_t from = std::min<std::size_t>(in.offset, content.size());
            return reply(
                unique, 0,
                content.subspan(from, std::min<std::size_t>(in.size, content.size() - from)));
        }
        case FUSE_IOCTL: {
            const auto in = request.as<fuse_ioctl_in>();
            const auto brought = request.body.subspan(sizeof in);
            FuseIoctl call{static_cast<pid_t>(request.header.pid), in.cmd, in.arg,
                           brought.first(std::min<std::size_t>(in.in_size, brought.size()))};
            FuseIoctlResult result = acts_.ioctl(call);
            if (result.result < 0) return reply(unique, result.result, {});
            fuse_ioctl_out out{};
            out.result = result.result;
            result.out.resize(std::min<std::size_t>(result.out.size(), in.out_size));
            return reply(unique, 0, bytes_of(out), result.out);
        }
        case FUSE_POLL: {
            const auto in = request.as<fuse_poll_in>();
            if ((in.flags & FUSE_POLL_SCHEDULE_NOTIFY) != 0) {
                const std::lock_guard lock(poll_mutex_);
                pollers_.push_back(in.kh);
            }
            fuse_poll_out out{};
            out.revents = acts_.ready();
            return reply(unique, 0, bytes_of(out));
        }
        case FUSE_RELEASE:
            acts_.closed();
            return reply(unique, 0, {});
        case FUSE_FLUSH:
        case FUSE_ACCESS:
            return reply(unique, 0, {});
        case FUSE_FORGET:
        case FUSE_BATCH_FORGET:
        case FUSE_INTERRUPT:
            return;  // these want no answer
        default:
            return reply(unique, -ENOSYS, {});
    }
}

}  // namespace opal::sim
