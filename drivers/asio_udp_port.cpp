// AsioUdpPort: Asio opens and sets up the socket; receiving many datagrams in one call is Linux'
// recvmmsg, which Asio does not have.
#include "drivers/asio_udp_port.h"

#include "drivers/descriptor_wait.h"
#include "hal/error.h"

#include <netinet/ip.h>
#include <sys/socket.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <system_error>

namespace opal::drivers {

namespace asio = boost::asio;
using hal::DeviceError;
using hal::ErrorKind;
using hal::UdpAddress;

namespace {

// Datagrams fetched by one system call.
constexpr std::size_t batch = 64;

// What SO_MEMINFO answers: so many numbers, one of them the datagrams lost [linux/sock_diag.h].
constexpr std::size_t memory_facts = 9;
constexpr std::size_t memory_drops = 8;

[[noreturn]] void fail(ErrorKind kind, UdpAddress local, const char* operation,
                       const std::string& text) {
    throw DeviceError(kind, "udp " + hal::to_string(local), operation, text);
}

std::string reason(int error) {
    return std::generic_category().message(error);
}

// Errors that say nothing is there, or that a peer does not listen: silence.
bool silence(int error) {
    return error == EAGAIN || error == EINTR || error == ECONNREFUSED || error == ECONNRESET ||
           error == EHOSTUNREACH || error == ENETUNREACH || error == EHOSTDOWN || error == EPROTO ||
           error == EMSGSIZE || error == ENOPROTOOPT || error == EACCES || error == EOPNOTSUPP;
}

// Errors that say this machine's network is gone, not that one peer is.
bool network_gone(int error) {
    return error == ENETDOWN || error == ENODEV || error == EBADF || error == ENOTSOCK;
}

sockaddr_in to_system(UdpAddress address) {
    sockaddr_in system{};
    system.sin_family = AF_INET;
    system.sin_port = htons(address.port);
    system.sin_addr.s_addr = htonl(address.host);
    return system;
}

class AsioUdpPort final : public hal::UdpPort {
public:
    AsioUdpPort(UdpAddress local, const UdpOptions& options) : socket_(context_) {
        try {
            open(local, options);
        } catch (const boost::system::system_error& error) {
            fail(ErrorKind::refused, local, "open", error.code().message());
        }
    }

    UdpAddress local() const override { return local_; }

    void send(UdpAddress to, std::span<const std::byte> bytes) override {
        if (bytes.size() > hal::largest_datagram)
            fail(ErrorKind::out_of_range, local_, "send",
                 std::to_string(bytes.size()) + " bytes asked; a datagram carries at most " +
                     std::to_string(hal::largest_datagram));
        const sockaddr_in system = to_system(to);
        for (;;) {
            if (::sendto(socket_.native_handle(), bytes.data(), bytes.size(), 0,
                         reinterpret_cast<const sockaddr*>(&system), sizeof system) >= 0)
                return;
            const int error = errno;
            if (error == EINTR) continue;
            if (error == EAGAIN) {
                // The network card is busy; it drains by itself.
                const hal::SteadyClock clock;
                if (wait_writable(socket_.native_handle(),
                                  hal::Deadline::after(clock, std::chrono::seconds(1))) ==
                    Readiness::deadline)
                    fail(ErrorKind::timeout, local_, "send", "the network took nothing for 1 s");
                continue;
            }
            fail_send(error, to, bytes.size());
        }
    }

    std::size_t receive(std::span<hal::UdpArrival> arrivals, hal::Deadline deadline) override {
        if (arrivals.empty()) return 0;
        // Peers that do not listen may send errors faster than they are read; what else is there is
        // still looked for when the deadline has passed, but not for ever.
        const hal::SteadyClock clock;
        for (std::size_t late = 0; late < batch; late += deadline.passed(clock) ? 1 : 0) {
            if (const std::size_t count = take(arrivals.first(std::min(batch, arrivals.size()))))
                return count;
            if (wait_readable(socket_.native_handle(), deadline) == Readiness::deadline) return 0;
        }
        return 0;
    }

    hal::UdpPortStatus status() override {
        hal::UdpPortStatus status;
        asio::socket_base::receive_buffer_size size;
        socket_.get_option(size);
        status.receive_buffer_bytes = static_cast<std::size_t>(size.value());
        // Asked for here and not with every datagram: that would cost a tenth of receiving.
        std::array<std::uint32_t, memory_facts> facts{};
        socklen_t length = sizeof facts;
        if (::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_MEMINFO, facts.data(), &length) ==
            0)
            status.dropped = facts[memory_drops];
        return status;
    }

private:
    void open(UdpAddress local, const UdpOptions& options) {
        socket_.open(asio::ip::udp::v4());
        socket_.set_option(asio::socket_base::reuse_address(options.share_port));
        socket_.set_option(asio::socket_base::broadcast(options.broadcast));
        socket_.set_option(
            asio::socket_base::receive_buffer_size(static_cast<int>(options.receive_buffer_bytes)));
        const int discover = options.forbid_fragments ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT;
        ::setsockopt(socket_.native_handle(), IPPROTO_IP, IP_MTU_DISCOVER, &discover,
                     sizeof discover);
        socket_.bind({asio::ip::address_v4(local.host), local.port});
        socket_.native_non_blocking(true);
        const auto bound = socket_.local_endpoint();
        local_ = {bound.address().to_v4().to_uint(), bound.port()};
        point_messages();
    }

    void point_messages() {
        for (std::size_t i = 0; i < batch; ++i) {
            messages_[i].msg_hdr = {};
            messages_[i].msg_hdr.msg_name = &senders_[i];
            messages_[i].msg_hdr.msg_iov = rooms_[i].data();
        }
    }

    std::size_t take(std::span<hal::UdpArrival> arrivals) {
        for (std::size_t i = 0; i < arrivals.size(); ++i) {
            const hal::UdpArrival& arrival = arrivals[i];
            rooms_[i] = {iovec{arrival.room.data(), arrival.room.size()},
                         iovec{arrival.more.data(), arrival.more.size()}};
            messages_[i].msg_hdr.msg_iovlen = arrival.more.empty() ? 1 : 2;
            messages_[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
        }
        const int count = ::recvmmsg(socket_.native_handle(), messages_.data(),
                                     static_cast<unsigned>(arrivals.size()), 0, nullptr);
        if (count < 0) {
            const int error = errno;
            if (network_gone(error))
                fail(ErrorKind::disconnected, local_, "receive", reason(error));
            if (!silence(error)) fail(ErrorKind::refused, local_, "receive", reason(error));
            return 0;
        }
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            hal::UdpArrival& arrival = arrivals[i];
            arrival.length = messages_[i].msg_len;
            arrival.truncated = (messages_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
            arrival.from = {ntohl(senders_[i].sin_addr.s_addr), ntohs(senders_[i].sin_port)};
        }
        return static_cast<std::size_t>(count);
    }

    [[noreturn]] void fail_send(int error, UdpAddress to, std::size_t size) const {
        const std::string text = "to " + hal::to_string(to) + ": " + reason(error);
        if (error == EMSGSIZE)
            fail(ErrorKind::out_of_range, local_, "send",
                 std::to_string(size) + " bytes are more than the path takes unfragmented");
        if (error == EACCES || error == EPERM)
            fail(ErrorKind::refused, local_, "send",
                 text + "; broadcasting has to be asked for at opening");
        if (network_gone(error)) fail(ErrorKind::disconnected, local_, "send", text);
        fail(ErrorKind::refused, local_, "send", text);
    }

    asio::io_context context_;
    asio::ip::udp::socket socket_;
    UdpAddress local_;
    // What recvmmsg works on; made once, so that receiving allocates nothing.
    std::array<mmsghdr, batch> messages_{};
    std::array<std::array<iovec, 2>, batch> rooms_{};
    std::array<sockaddr_in, batch> senders_{};
};

}  // namespace

std::unique_ptr<hal::UdpPort> open_udp_port(UdpAddress local, const UdpOptions& options) {
    return std::make_unique<AsioUdpPort>(local, options);
}

}  // namespace opal::drivers
