// The serial line of this machine keeps its contracts on a pseudo-terminal, whose other end is used
// by plain system calls.
#include "drivers/asio_serial_line.h"
#include "tests/contract/far_descriptor.h"
#include "tests/contract/serial_line_suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>

#include <cstdio>
#include <memory>

namespace {

using namespace opal;
using namespace std::chrono_literals;
using contract::Descriptor;

// A chroot without /dev/pts has none; ctest then reports this program as skipped.
int open_terminal() {
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0) std::puts("skipped: no pseudo-terminals on this machine");
    return master;
}

std::string name_of(int master) {
    REQUIRE(::grantpt(master) == 0);
    REQUIRE(::unlockpt(master) == 0);
    return ::ptsname(master);
}

class PseudoTerminal {
public:
    static constexpr std::size_t room_bytes = 65536;
    static constexpr bool keeps_bytes_at_end = false;  // Linux drops them when the master closes

    hal::SerialLine& near() { return *near_; }
    hal::Clock& clock() { return clock_; }
    void far_write(const std::vector<std::byte>& bytes) { far_.write(bytes); }
    std::vector<std::byte> far_read(std::size_t count) { return far_.read(count); }
    void far_end() { far_.end(); }
    void settle() { clock_.wait_for(20ms); }

private:
    hal::SteadyClock clock_;
    Descriptor far_{open_terminal()};
    std::unique_ptr<hal::SerialLine> near_ = drivers::open_serial_line(name_of(far_.number()));
};

}  // namespace

using namespace opal::contract;

TYPE_TO_STRING(PseudoTerminal);

OPAL_BYTE_STREAM_SUITE(PseudoTerminal);
OPAL_SERIAL_LINE_SUITE(PseudoTerminal);

TEST_CASE("serial settings reach the terminal, impossible ones are out_of_range") {
    const Descriptor far{open_terminal()};
    const std::string path = name_of(far.number());
    {
        const auto line = drivers::open_serial_line(path, {19200, hal::Parity::even, 2});
        CHECK(line->settings() == hal::SerialSettings{19200, hal::Parity::even, 2});
        termios mode{};
        REQUIRE(::tcgetattr(far.number(), &mode) == 0);
        CHECK(::cfgetospeed(&mode) == B19200);
        CHECK((mode.c_cflag & CSTOPB) != 0);
        CHECK((mode.c_lflag & (ICANON | ECHO)) == 0);
        CHECK((mode.c_iflag & (IXON | ICRNL)) == 0);
        CHECK((mode.c_oflag & OPOST) == 0);
    }
    check_kind(hal::ErrorKind::out_of_range, [&] {
        drivers::open_serial_line(path, {12345, hal::Parity::none, 1});
    });
    check_kind(hal::ErrorKind::out_of_range, [&] {
        drivers::open_serial_line(path, {9600, hal::Parity::none, 3});
    });
    check_kind(hal::ErrorKind::out_of_range, [&] {
        drivers::open_serial_line(path, {-1, hal::Parity::none, 1});
    });
}

TEST_CASE("opening a line that is not there, or is taken, is refused") {
    check_kind(hal::ErrorKind::refused, [] { drivers::open_serial_line("/dev/no-such-line"); });
    check_kind(hal::ErrorKind::refused, [] { drivers::open_serial_line("/dev/null"); });
}
