// MemorySerial: two pipes that are slow.
#include "sim/doors/memory_serial.h"

#include "hal/error.h"

#include <fmt/format.h>

namespace opal::sim {

using hal::DeviceError;
using hal::ErrorKind;

MemorySerialLine::MemorySerialLine(std::string name, hal::SerialSettings settings,
                                   std::shared_ptr<MemoryPipe> out, std::shared_ptr<MemoryPipe> in)
    : name_(std::move(name)), settings_(settings), out_(std::move(out)), in_(std::move(in)) {}

MemorySerialLine::~MemorySerialLine() {
    in_->on_arrival({});
}

void MemorySerialLine::write(std::span<const std::byte> bytes, hal::Deadline deadline) {
    const std::size_t taken = out_->write(bytes, deadline);
    if (out_->cut_off())
        throw DeviceError(ErrorKind::disconnected, name_, "write", "the adapter is gone");
    if (taken < bytes.size())
        throw DeviceError(
            ErrorKind::timeout, name_, "write",
            fmt::format("{} of {} bytes taken when the deadline passed", taken, bytes.size()));
}

std::size_t MemorySerialLine::read(std::span<std::byte> into, hal::Deadline deadline) {
    if (into.empty()) return 0;
    const std::size_t count = in_->read(into, deadline);
    if (count == 0 && in_->cut_off())
        throw DeviceError(ErrorKind::disconnected, name_, "read", "the adapter is gone");
    return count;
}

void MemorySerialLine::discard_input() {
    in_->discard_arrived();
    if (in_->cut_off())
        throw DeviceError(ErrorKind::disconnected, name_, "discard_input", "the adapter is gone");
}

void MemorySerialLine::unplug() {
    out_->cut();
    in_->cut();
}

void MemorySerialLine::on_arrival(std::function<void()> act) {
    in_->on_arrival(std::move(act));
}

std::pair<std::unique_ptr<MemorySerialLine>, std::unique_ptr<MemorySerialLine>> make_serial_pair(
    VirtualClock& clock, std::string name, hal::SerialSettings settings) {
    if (settings.baud < 50 || settings.baud > 12'000'000)
        throw DeviceError(ErrorKind::out_of_range, name, "open",
                          fmt::format("{} baud asked; 50 to 12000000 are possible", settings.baud));
    if (settings.stop_bits != 1 && settings.stop_bits != 2)
        throw DeviceError(
            ErrorKind::out_of_range, name, "open",
            fmt::format("{} stop bits asked; 1 or 2 are possible", settings.stop_bits));
    // Start bit, eight data bits, parity if any, stop bits.
    const int bits = 9 + (settings.parity == hal::Parity::none ? 0 : 1) + settings.stop_bits;
    PipeWire wire;
    wire.time_per_byte = hal::Duration{1'000'000'000LL * bits / settings.baud};
    wire.piece_bytes = 16;  // the FIFO of a common UART
    wire.room_bytes = 4096;
    const auto there = std::make_shared<MemoryPipe>(clock, wire);
    const auto back = std::make_shared<MemoryPipe>(clock, wire);
    return {std::make_unique<MemorySerialLine>(name, settings, there, back),
            std::make_unique<MemorySerialLine>(name, settings, back, there)};
}

}  // namespace opal::sim
