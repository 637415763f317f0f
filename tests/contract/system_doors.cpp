// The rim on this machine's network keeps the contracts of the rim. The far ends are
// plain system calls, so that a mistake in drivers/ cannot hide in both ends.
#include "drivers/asio_tcp_stream.h"
#include "drivers/asio_udp_port.h"
#include "tests/contract/far_descriptor.h"
#include "tests/contract/tcp_stream_suite.h"
#include "tests/contract/udp_port_suite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>

namespace {

using namespace opal;
using namespace std::chrono_literals;
using contract::Descriptor;

int listening_socket(std::uint16_t& port) {
    const int number = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(number, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(number, 1) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(number, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
    return number;
}

class AsioTcp {
public:
    // What loopback buffers hold, both sides grown to their limits.
    static constexpr std::size_t room_bytes = 16 << 20;
    static constexpr bool keeps_bytes_at_end = true;

    hal::TcpStream& near() { return *near_; }
    hal::Clock& clock() { return clock_; }
    void far_write(const std::vector<std::byte>& bytes) { far_->write(bytes); }
    std::vector<std::byte> far_read(std::size_t count) { return far_->read(count); }
    void far_end() { far_->end(); }
    void settle() { clock_.wait_for(20ms); }

private:
    hal::SteadyClock clock_;
    std::uint16_t port_ = 0;
    Descriptor listener_{listening_socket(port_)};
    std::unique_ptr<hal::TcpStream> near_ =
        drivers::connect_tcp("127.0.0.1", port_, hal::Deadline::after(clock_, 2s));
    std::unique_ptr<Descriptor> far_ =
        std::make_unique<Descriptor>(::accept(listener_.number(), nullptr, nullptr));
};

class AsioUdp {
public:
    hal::UdpPort& near() { return *near_; }
    hal::UdpPort& far() { return *far_; }
    hal::Clock& clock() { return clock_; }
    // The loopback network's own broadcast address.
    static std::uint32_t broadcast() { return 0x7FFFFFFF; }
    static hal::UdpAddress nobody() { return {INADDR_LOOPBACK, 9}; }

private:
    // Bound to every interface to hear broadcasts, but reached by the loopback address.
    class OnLoopback final : public hal::UdpPort {
    public:
        explicit OnLoopback(std::unique_ptr<hal::UdpPort> port) : port_(std::move(port)) {}
        hal::UdpAddress local() const override { return {INADDR_LOOPBACK, port_->local().port}; }
        void send(hal::UdpAddress to, std::span<const std::byte> bytes) override {
            port_->send(to, bytes);
        }
        std::size_t receive(std::span<hal::UdpArrival> arrivals, hal::Deadline deadline) override {
            return port_->receive(arrivals, deadline);
        }
        hal::UdpPortStatus status() override { return port_->status(); }

    private:
        std::unique_ptr<hal::UdpPort> port_;
    };

    hal::SteadyClock clock_;
    std::unique_ptr<hal::UdpPort> near_ =
        drivers::open_udp_port({INADDR_LOOPBACK, 0}, {.broadcast = true});
    std::unique_ptr<hal::UdpPort> far_ = std::make_unique<OnLoopback>(
        drivers::open_udp_port({hal::any_host, 0}, {.receive_buffer_bytes = 150000}));
};

}  // namespace

using namespace opal::contract;

TYPE_TO_STRING(AsioTcp);
TYPE_TO_STRING(AsioUdp);

OPAL_BYTE_STREAM_SUITE(AsioTcp);
OPAL_TCP_STREAM_SUITE(AsioTcp);
OPAL_UDP_PORT_SUITE(AsioUdp);

TEST_CASE("opening what is not there says so") {
    const hal::SteadyClock clock;
    const auto deadline = hal::Deadline::after(clock, 2s);
    std::uint16_t port = 0;
    { Descriptor closed{listening_socket(port)}; }
    check_kind(hal::ErrorKind::refused, [&] { drivers::connect_tcp("127.0.0.1", port, deadline); });
    check_kind(hal::ErrorKind::out_of_range,
               [&] { drivers::connect_tcp("laser.local", 1998, deadline); });
    const auto taken = drivers::open_udp_port({INADDR_LOOPBACK, 0});
    check_kind(hal::ErrorKind::refused, [&] { drivers::open_udp_port(taken->local()); });
}

TEST_CASE("connecting to a full listener ends at the deadline") {
    const hal::SteadyClock clock;
    std::uint16_t port = 0;
    const Descriptor listener{listening_socket(port)};
    // A backlog of one holds two on Linux; the next ones wait for ever.
    std::vector<std::unique_ptr<hal::TcpStream>> waiting;
    bool ended = false;
    for (int i = 0; i < 5 && !ended; ++i) {
        const hal::Time begin = clock.now();
        try {
            waiting.push_back(drivers::connect_tcp("127.0.0.1", port, {begin + 100ms}));
        } catch (const hal::DeviceError& error) {
            CHECK(error.kind() == hal::ErrorKind::timeout);
            CHECK(clock.now() >= begin + 100ms);
            CHECK(clock.now() < begin + 2s);
            ended = true;
        }
    }
    CHECK(ended);
}
