// TcpListener: a place where TCP connections arrive, as virtual instruments need it.
#pragma once

#include "hal/tcp_stream.h"

#include <cstdint>
#include <memory>

namespace opal::hal {

// For users:
//   - accept() waits for one connection; null if the deadline passed first. Connections that come
//     meanwhile wait, a few of them.
//   - Destroying it stops listening; streams already accepted go on.
class TcpListener {
public:
    virtual ~TcpListener() = default;
    virtual std::uint16_t port() const = 0;
    virtual std::unique_ptr<TcpStream> accept(Deadline deadline) = 0;
};

}  // namespace opal::hal
