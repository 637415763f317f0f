// LineInstrument: a virtual instrument that speaks in lines: bytes in, bytes out, nobody waits.
// Doors (sim/doors) carry the bytes: a serial line in memory, a pseudo-terminal, a socket.
#pragma once

#include "hal/error.h"
#include "sim/doors/memory_serial.h"

#include <array>
#include <cstddef>
#include <span>
#include <string>

namespace opal::sim {

class LineInstrument {
public:
    virtual ~LineInstrument() = default;
    // What has arrived -> what goes back now; may be empty.
    virtual std::string receive(std::span<const std::byte> bytes) = 0;
};

// The instrument answers as soon as bytes arrive at its end of the line. Both must outlive each
// other's last byte: unplug the line first.
inline void serve(LineInstrument& instrument, MemorySerialLine& line) {
    line.on_arrival([&] {
        std::array<std::byte, 256> bytes;
        const hal::Deadline at_once{};
        try {
            while (const std::size_t count = line.read(bytes, at_once)) {
                const std::string answer = instrument.receive(std::span(bytes).first(count));
                line.write(std::as_bytes(std::span(answer)), at_once);
            }
        } catch (const hal::DeviceError&) {  // the cable is pulled: nobody to tell
        }
    });
}

}  // namespace opal::sim
