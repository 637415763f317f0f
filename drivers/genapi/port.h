// Port: the memory of a camera, as GenICam sees it: bytes at 64-bit addresses. GigE Vision reads it
// with READREG and READMEM, USB3 Vision with its control protocol; this folder knows neither.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace opal::drivers::genapi {

// For drivers:
//   - Any address and length may be asked for; what the wire cannot address as it stands is widened
//     to what it can.
//   - Both throw hal::DeviceError, and have deadlines of their own.
class Port {
public:
    virtual ~Port() = default;
    virtual void read(std::uint64_t address, std::span<std::byte> into) = 0;
    virtual void write(std::uint64_t address, std::span<const std::byte> bytes) = 0;
};

}  // namespace opal::drivers::genapi
