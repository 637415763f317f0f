// LightCrafterLink: requests and their replies on a LightCrafter's TCP stream (protocol/
// lightcrafter.h): never a second request before the reply, every chunk answered, busy asked again.
#pragma once

#include "hal/error.h"
#include "hal/tcp_stream.h"
#include "protocol/lightcrafter.h"

#include <memory>
#include <string>

namespace opal::drivers {

class LightCrafterLink {
public:
    // `clock` must outlive it.
    LightCrafterLink(std::unique_ptr<hal::TcpStream> stream, hal::Clock& clock);

    const std::string& device() const { return device_; }
    // Both throw DeviceError: refused with the device's own words, timeout, corrupt, disconnected.
    // After anything but refused the stream is closed: what comes next on it means nothing.
    void write(protocol::LcrCommand command, std::span<const std::byte> payload,
               const std::string& what);
    std::vector<std::byte> read(protocol::LcrCommand command, std::span<const std::byte> payload,
                                const std::string& what);
    std::uint64_t bytes_sent() const { return bytes_sent_; }

private:
    protocol::LcrPacket exchange(const protocol::LcrPacket& request, const std::string& what);
    protocol::LcrPacket receive(hal::Deadline deadline, const std::string& what);
    [[noreturn]] void fail(hal::ErrorKind kind, const std::string& what, const std::string& text);

    std::unique_ptr<hal::TcpStream> stream_;
    hal::Clock& clock_;
    std::string device_;
    protocol::LcrReader reader_;
    std::uint64_t bytes_sent_ = 0;
};

}  // namespace opal::drivers
