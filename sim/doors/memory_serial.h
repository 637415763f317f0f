// MemorySerial: the two ends of a serial line inside the process. Bytes take their time: ten bits
// each at the line's baud rate, on virtual time.
#pragma once

#include "hal/serial_line.h"
#include "sim/doors/memory_pipe.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace opal::sim {

class MemorySerialLine final : public hal::SerialLine {
public:
    MemorySerialLine(std::string name, hal::SerialSettings settings,
                     std::shared_ptr<MemoryPipe> out, std::shared_ptr<MemoryPipe> in);
    ~MemorySerialLine() override;

    const std::string& name() const override { return name_; }
    const hal::SerialSettings& settings() const override { return settings_; }
    void write(std::span<const std::byte> bytes, hal::Deadline deadline) override;
    std::size_t read(std::span<std::byte> into, hal::Deadline deadline) override;
    void discard_input() override;

    // The adapter is pulled out: both ends are disconnected.
    void unplug();
    // For instruments that react instead of waiting: called when bytes have arrived. It must not
    // wait; read() with a deadline that has passed does not.
    void on_arrival(std::function<void()> act);

private:
    const std::string name_;
    const hal::SerialSettings settings_;
    std::shared_ptr<MemoryPipe> out_;
    std::shared_ptr<MemoryPipe> in_;
};

// The clock outlives both ends.
std::pair<std::unique_ptr<MemorySerialLine>, std::unique_ptr<MemorySerialLine>> make_serial_pair(
    VirtualClock& clock, std::string name, hal::SerialSettings settings = {});

}  // namespace opal::sim
