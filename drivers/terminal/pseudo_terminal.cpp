// PseudoTerminal: see pseudo_terminal.h.
#include "drivers/terminal/pseudo_terminal.h"

#include "drivers/descriptor_wait.h"
#include "hal/error.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <system_error>

namespace opal::drivers {

using hal::DeviceError;
using hal::ErrorKind;

namespace {

constexpr int look_again_ms = 10;

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number() const { return number_; }

private:
    const int number_;
};

class MasterEnd final : public hal::SerialLine {
public:
    MasterEnd() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)) {
        char path[128];
        if (master_.number() < 0 || ::grantpt(master_.number()) != 0 ||
            ::unlockpt(master_.number()) != 0 ||
            ::ptsname_r(master_.number(), path, sizeof path) != 0) {
            fail(ErrorKind::unsupported, "open", "this system gives no pseudo-terminal");
        }
        name_ = path;
        // Raw, or the terminal would repeat what the instrument sends as if it were typed.
        const Descriptor slave(::open(path, O_RDWR | O_NOCTTY | O_CLOEXEC));
        termios settings{};
        if (slave.number() < 0 || ::tcgetattr(slave.number(), &settings) != 0)
            fail(ErrorKind::unsupported, "open", "the terminal cannot be set up");
        ::cfmakeraw(&settings);
        if (::tcsetattr(slave.number(), TCSANOW, &settings) != 0)
            fail(ErrorKind::unsupported, "open", "the terminal cannot be made raw");
    }

    const std::string& name() const override { return name_; }
    const hal::SerialSettings& settings() const override { return settings_; }

    void write(std::span<const std::byte> bytes, hal::Deadline deadline) override {
        std::size_t taken = 0;
        while (taken < bytes.size()) {
            const auto rest = bytes.subspan(taken);
            const auto sent = ::write(master_.number(), rest.data(), rest.size());
            if (sent > 0)
                taken += static_cast<std::size_t>(sent);
            else if (sent < 0 && errno == EAGAIN) {
                if (wait_writable(master_.number(), deadline) == Readiness::deadline)
                    fail(ErrorKind::timeout, "write",
                         "nobody took the bytes before the deadline passed");
            } else if (sent < 0 && errno != EINTR) {
                fail_lost("write");
            }
        }
    }

    std::size_t read(std::span<std::byte> into, hal::Deadline deadline) override {
        const hal::SteadyClock clock;
        while (!into.empty()) {
            const auto got = ::read(master_.number(), into.data(), into.size());
            if (got > 0) return static_cast<std::size_t>(got);
            if (got < 0 && errno == EAGAIN) {
                if (wait_readable(master_.number(), deadline) == Readiness::deadline) return 0;
            } else if (got < 0 && errno == EIO) {  // nobody has the other end open
                const auto left = deadline.left(clock);
                if (left <= hal::Duration{0}) return 0;
                const auto left_ms =
                    std::chrono::duration_cast<std::chrono::milliseconds>(left).count() + 1;
                ::poll(nullptr, 0,
                       static_cast<int>(std::min<std::int64_t>(left_ms, look_again_ms)));
            } else if (got < 0 && errno != EINTR) {
                fail_lost("read");
            }
        }
        return 0;
    }

    void discard_input() override { ::tcflush(master_.number(), TCIFLUSH); }

private:
    [[noreturn]] void fail(ErrorKind kind, const char* operation, const std::string& text) const {
        throw DeviceError(kind, "pseudo-terminal " + name_, operation, text);
    }
    [[noreturn]] void fail_lost(const char* operation) const {
        fail(ErrorKind::disconnected, operation,
             std::error_code(errno, std::system_category()).message());
    }

    Descriptor master_;
    std::string name_;
    hal::SerialSettings settings_;
};

}  // namespace

PseudoTerminal open_pseudo_terminal() {
    auto line = std::make_unique<MasterEnd>();
    std::string path = line->name();
    return {std::move(line), std::move(path)};
}

}  // namespace opal::drivers
