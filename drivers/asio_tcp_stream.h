// AsioTcpStream: hal::TcpStream and hal::TcpListener on real sockets. Deadlines are on the host's
// steady clock.
#pragma once

#include "hal/tcp_listener.h"
#include "hal/tcp_stream.h"

#include <cstdint>
#include <memory>
#include <string>

namespace opal::drivers {

// host: a numeric address, "192.168.1.5" or "::1"; names would wait for a name server without a
// deadline. Throws DeviceError{timeout} if nobody answers by the deadline, {refused} if someone
// says no.
std::unique_ptr<hal::TcpStream> connect_tcp(const std::string& host, std::uint16_t port,
                                            hal::Deadline deadline);

// host: the numeric address of one of this machine's interfaces, "127.0.0.1". port 0: any free one.
// Throws DeviceError{refused} if the port is taken or the address is nobody's here.
std::unique_ptr<hal::TcpListener> listen_tcp(const std::string& host, std::uint16_t port);

}  // namespace opal::drivers
