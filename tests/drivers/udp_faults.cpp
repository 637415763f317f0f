// AsioUdpPort when the system fails in ways nobody expects: it says so, and never spins.
#include "drivers/asio_udp_port.h"
#include "hal/error.h"

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <array>
#include <chrono>
#include <ctime>
#include <string>

using namespace opal;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t loopback = 0x7F000001;

std::chrono::nanoseconds processor_time() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

}  // namespace

TEST_CASE("room the system cannot write to is a fault in one line") {
    const auto port = drivers::open_udp_port({loopback, 0}, {});
    constexpr std::size_t size = 4096;
    void* const page = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(page != MAP_FAILED);
    std::array<hal::UdpArrival, 1> arrivals{};
    arrivals[0].room = {static_cast<std::byte*>(page), size};
    const std::array<std::byte, 3> bytes{};
    port->send(port->local(), bytes);
    const hal::SteadyClock clock;
    try {
        port->receive(arrivals, hal::Deadline::after(clock, 1s));
        FAIL("EFAULT is not silence");
    } catch (const hal::DeviceError& error) {
        CHECK(error.kind() == hal::ErrorKind::refused);
        CHECK(std::string(error.what()).find("Bad address") != std::string::npos);
    }
    munmap(page, size);
}

TEST_CASE("a peer that does not listen costs no processor time while nothing comes") {
    const auto port = drivers::open_udp_port({loopback, 0}, {});
    const auto deaf = drivers::open_udp_port({loopback, 0}, {})->local();  // closed again
    const std::array<std::byte, 3> bytes{};
    for (int i = 0; i < 5; ++i) port->send(deaf, bytes);
    std::array<std::byte, 100> room{};
    std::array<hal::UdpArrival, 1> arrivals{};
    arrivals[0].room = room;
    const hal::SteadyClock clock;
    const auto before = processor_time();
    CHECK(port->receive(arrivals, hal::Deadline::after(clock, 300ms)) == 0);
    // A loop without a wait would use all of the 300 ms.
    CHECK(processor_time() - before < 100ms);
}
