// AsioTcpStream: a non-blocking socket and poll: every wait ends at its deadline.
#include "drivers/asio_tcp_stream.h"

#include "drivers/descriptor_wait.h"
#include "hal/error.h"

#include <sys/socket.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>

namespace opal::drivers {

namespace asio = boost::asio;
using boost::system::error_code;
using hal::DeviceError;
using hal::ErrorKind;

namespace {

class AsioTcpStream final : public hal::TcpStream {
public:
    AsioTcpStream(const std::string& host, std::uint16_t port, hal::Deadline deadline)
        : peer_(host + ":" + std::to_string(port)), socket_(context_) {
        error_code error;
        const auto address = asio::ip::make_address(host, error);
        if (error)
            fail(ErrorKind::out_of_range, "connect",
                 "a numeric address is needed, e.g. 192.168.1.5");
        const asio::ip::tcp::endpoint endpoint(address, port);
        socket_.open(endpoint.protocol(), error);
        if (!error) socket_.native_non_blocking(true, error);
        if (error) fail(ErrorKind::refused, "connect", error.message());
        // Not Asio's connect, which waits for as long as the system likes.
        if (::connect(socket_.native_handle(), endpoint.data(),
                      static_cast<socklen_t>(endpoint.size())) != 0) {
            error = error_code(errno, boost::system::system_category());
        }
        if (error == asio::error::in_progress) {
            if (wait_writable(socket_.native_handle(), deadline) == Readiness::deadline)
                fail(ErrorKind::timeout, "connect", "nobody answered by the deadline");
            int failure = 0;
            socklen_t size = sizeof failure;
            ::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_ERROR, &failure, &size);
            error = error_code(failure, boost::system::system_category());
        }
        if (error) fail(ErrorKind::refused, "connect", error.message());
        socket_.set_option(asio::ip::tcp::no_delay(true), error);
    }

    // Takes over the socket of an accepted connection.
    AsioTcpStream(const asio::ip::tcp::endpoint& peer, int socket)
        : peer_(peer.address().to_string() + ":" + std::to_string(peer.port())), socket_(context_) {
        error_code error;
        socket_.assign(peer.protocol(), socket, error);
        if (!error) socket_.native_non_blocking(true, error);
        if (error) fail(ErrorKind::refused, "accept", error.message());
        socket_.set_option(asio::ip::tcp::no_delay(true), error);
    }

    ~AsioTcpStream() override { close(); }

    const std::string& peer() const override { return peer_; }

    void write(std::span<const std::byte> bytes, hal::Deadline deadline) override {
        std::size_t taken = 0;
        while (taken < bytes.size()) {
            if (closed_) fail(ErrorKind::disconnected, "write", "the stream is closed");
            const auto rest = bytes.subspan(taken);
            // Not Asio's send: MSG_NOSIGNAL, or a peer that is gone would end the program.
            const auto sent =
                ::send(socket_.native_handle(), rest.data(), rest.size(), MSG_NOSIGNAL);
            if (sent >= 0) {
                taken += static_cast<std::size_t>(sent);
            } else if (errno == EAGAIN) {
                if (wait_writable(socket_.native_handle(), deadline) == Readiness::deadline) {
                    close();
                    fail(ErrorKind::timeout, "write",
                         std::to_string(taken) + " of " + std::to_string(bytes.size()) +
                             " bytes taken when the deadline passed; the stream is closed, "
                             "connect again");
                }
            } else if (errno != EINTR) {
                fail_lost("write");
            }
        }
    }

    std::size_t read(std::span<std::byte> into, hal::Deadline deadline) override {
        if (closed_) fail(ErrorKind::disconnected, "read", "the stream is closed");
        if (into.empty()) return 0;
        for (;;) {
            const auto got = ::recv(socket_.native_handle(), into.data(), into.size(), 0);
            if (got > 0) return static_cast<std::size_t>(got);
            if (got == 0) fail(ErrorKind::disconnected, "read", "the peer closed the stream");
            if (errno == EAGAIN) {
                if (wait_readable(socket_.native_handle(), deadline) == Readiness::deadline)
                    return 0;
            } else if (errno != EINTR) {
                fail_lost("read");
            }
        }
    }

    void close() override {
        if (closed_.exchange(true)) return;
        // The descriptor stays until destruction: the other thread may be waiting on it, and its
        // number must not be given to someone else meanwhile. Shutting down wakes that thread.
        error_code ignored;
        socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    }

private:
    [[noreturn]] void fail(ErrorKind kind, const char* operation, const std::string& text) const {
        throw DeviceError(kind, "tcp " + peer_, operation, text);
    }
    [[noreturn]] void fail_lost(const char* operation) const {
        fail(ErrorKind::disconnected, operation,
             error_code(errno, boost::system::system_category()).message());
    }

    const std::string peer_;
    asio::io_context context_;
    asio::ip::tcp::socket socket_;
    std::atomic<bool> closed_{false};
};

class AsioTcpListener final : public hal::TcpListener {
public:
    AsioTcpListener(const std::string& host, std::uint16_t port)
        : name_("tcp " + host + ":" + std::to_string(port)), acceptor_(context_) {
        error_code error;
        const auto address = asio::ip::make_address(host, error);
        if (error) fail(ErrorKind::out_of_range, "listen", "a numeric address is needed");
        const asio::ip::tcp::endpoint endpoint(address, port);
        acceptor_.open(endpoint.protocol(), error);
        // Or a port would stay taken for a minute after the last connection on it.
        if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
        if (!error) acceptor_.bind(endpoint, error);
        if (!error) acceptor_.listen(backlog, error);
        if (!error) acceptor_.native_non_blocking(true, error);
        if (error) fail(ErrorKind::refused, "listen", error.message());
        port_ = acceptor_.local_endpoint(error).port();
        if (error) fail(ErrorKind::refused, "listen", error.message());
    }

    std::uint16_t port() const override { return port_; }

    std::unique_ptr<hal::TcpStream> accept(hal::Deadline deadline) override {
        for (;;) {
            asio::ip::tcp::endpoint peer;
            auto size = static_cast<socklen_t>(peer.capacity());
            const int socket =
                ::accept4(acceptor_.native_handle(), peer.data(), &size, SOCK_CLOEXEC);
            if (socket >= 0) {
                peer.resize(size);
                return std::make_unique<AsioTcpStream>(peer, socket);
            }
            if (errno == EAGAIN) {
                if (wait_readable(acceptor_.native_handle(), deadline) == Readiness::deadline)
                    return nullptr;
            } else if (errno != EINTR && errno != ECONNABORTED) {
                fail(ErrorKind::refused, "accept",
                     error_code(errno, boost::system::system_category()).message());
            }
        }
    }

private:
    [[noreturn]] void fail(ErrorKind kind, const char* operation, const std::string& text) const {
        throw DeviceError(kind, name_, operation, text);
    }
    static constexpr int backlog = 8;

    const std::string name_;
    asio::io_context context_;
    asio::ip::tcp::acceptor acceptor_;
    std::uint16_t port_ = 0;
};

}  // namespace

std::unique_ptr<hal::TcpListener> listen_tcp(const std::string& host, std::uint16_t port) {
    return std::make_unique<AsioTcpListener>(host, port);
}

std::unique_ptr<hal::TcpStream> connect_tcp(const std::string& host, std::uint16_t port,
                                            hal::Deadline deadline) {
    return std::make_unique<AsioTcpStream>(host, port, deadline);
}

}  // namespace opal::drivers
