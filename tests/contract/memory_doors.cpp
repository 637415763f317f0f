// The rim inside the process keeps the contracts of the rim.
#include "sim/doors/memory_network.h"
#include "sim/doors/memory_serial.h"
#include "sim/doors/memory_tcp.h"
#include "tests/contract/serial_line_suite.h"
#include "tests/contract/tcp_stream_suite.h"
#include "tests/contract/udp_port_suite.h"

#include <tuple>

namespace {

using namespace opal;
using namespace std::chrono_literals;

// Both ends of a pair of streams, one of them the far end. The clock outlives them.
template <typename Stream>
class Pair {
public:
    static constexpr bool keeps_bytes_at_end = true;

    using Ends = std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>>;
    explicit Pair(Ends (*make)(sim::VirtualClock&)) { std::tie(near_, far_) = make(clock_); }

    Stream& near() { return *near_; }
    hal::Clock& clock() { return clock_; }
    void far_write(const std::vector<std::byte>& bytes) {
        far_->write(bytes, hal::Deadline::after(clock_, 5s));
    }
    std::vector<std::byte> far_read(std::size_t count) {
        std::vector<std::byte> all;
        std::byte byte;
        try {
            while (all.size() < count &&
                   far_->read({&byte, 1}, hal::Deadline::after(clock_, 1s)) == 1)
                all.push_back(byte);
        } catch (const hal::DeviceError&) {
            // The near end has closed: that is all there is.
        }
        return all;
    }
    void settle() { clock_.wait_for(10ms); }

protected:
    sim::VirtualClock clock_;
    std::unique_ptr<Stream> near_;
    std::unique_ptr<Stream> far_;
};

class MemoryTcp : public Pair<sim::MemoryTcpStream> {
public:
    static constexpr std::size_t room_bytes = 65536;

    MemoryTcp()
        : Pair([](sim::VirtualClock& clock) {
              return sim::make_tcp_pair(clock, "10.0.0.2:1998", "10.0.0.1:40000",
                                        {.latency = 100us});
          }) {}
    void far_end() { far_->close(); }
};

class MemorySerial : public Pair<sim::MemorySerialLine> {
public:
    static constexpr std::size_t room_bytes = 4096;

    MemorySerial()
        : Pair([](sim::VirtualClock& clock) {
              return sim::make_serial_pair(clock, "serial:memory");
          }) {}
    void far_end() { far_->unplug(); }
};

class MemoryUdp {
public:
    hal::UdpPort& near() { return *near_; }
    hal::UdpPort& far() { return *far_; }
    hal::Clock& clock() { return clock_; }
    static std::uint32_t broadcast() { return hal::everyone; }
    static hal::UdpAddress nobody() { return {0x0A000063, 3956}; }

private:
    sim::VirtualClock clock_;
    sim::MemoryNetwork network_{clock_, 50us};
    std::unique_ptr<hal::UdpPort> near_ = network_.open_udp({0x0A000001, 0});
    std::unique_ptr<hal::UdpPort> far_ = network_.open_udp({0x0A000002, 3956});
};

}  // namespace

using namespace opal::contract;

TYPE_TO_STRING(MemoryTcp);
TYPE_TO_STRING(MemorySerial);
TYPE_TO_STRING(MemoryUdp);

OPAL_BYTE_STREAM_SUITE(MemoryTcp, MemorySerial);
OPAL_TCP_STREAM_SUITE(MemoryTcp);
OPAL_SERIAL_LINE_SUITE(MemorySerial);
OPAL_UDP_PORT_SUITE(MemoryUdp);

TEST_CASE("memory network: addresses, ports in use, and the end of the network") {
    sim::VirtualClock clock;
    auto network = std::make_unique<sim::MemoryNetwork>(clock, 50us);
    const auto a = network->open_udp({0x0A000001, 0});
    const auto b = network->open_udp({0x0A000001, 0});
    CHECK(a->local() != b->local());
    check_kind(hal::ErrorKind::refused, [&] { network->open_udp(a->local()); });
    const auto deaf = network->open_udp({0x0A000003, 3956}, {.hears_broadcast = false});
    a->send({hal::everyone, 3956}, bytes_of("who?"));
    CHECK_FALSE(receive_one(*deaf, hal::Deadline::after(clock, 1ms)));
    const auto narrow = network->open_udp({0x0A000004, 0}, {.largest_unfragmented = 1472});
    check_kind(hal::ErrorKind::out_of_range, [&] { narrow->send(a->local(), some_bytes(1473)); });
    narrow->send(a->local(), some_bytes(1472));
    clock.wait_for(1ms);
    network.reset();
    check_kind(hal::ErrorKind::disconnected, [&] { a->send(b->local(), bytes_of("x")); });
    CHECK(receive_one(*a, hal::Deadline::after(clock, 1ms)));  // it had arrived
    check_kind(hal::ErrorKind::disconnected,
               [&] { receive_one(*a, hal::Deadline::after(clock, 1ms)); });
}

TEST_CASE("memory doors: an instrument that reacts answers at its virtual moment") {
    sim::VirtualClock clock;
    auto [host, laser] = sim::make_serial_pair(clock, "serial:laser");
    std::string line;
    laser->on_arrival([&, &far = *laser] {
        std::array<std::byte, 64> part;
        const std::size_t got = far.read(part, {clock.now()});
        for (std::size_t i = 0; i < got; ++i) line += static_cast<char>(part[i]);
        if (line == "ilk?\r")
            clock.call_at(clock.now() + 5ms,
                          [&] { far.write(bytes_of("0\r\n"), hal::Deadline{clock.now()}); });
    });
    host->write(bytes_of("ilk?\r"), hal::Deadline::after(clock, 1s));
    std::array<std::byte, 64> reply;
    REQUIRE(host->read(reply, hal::Deadline::after(clock, 1s)) == 3);
    CHECK(reply[0] == std::byte{'0'});
    // 5 bytes there, 5 ms of thought, 3 bytes back, ten bits each at 115200 baud (rounded to ns).
    CHECK(clock.now().time_since_epoch() == 8 * 86805ns + 5ms);
}
