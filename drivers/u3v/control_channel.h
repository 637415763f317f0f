// ControlChannel: registers and memory of one USB3 Vision device: one command at a time on the
// control interface's endpoints, patient when the device asks for it.
//
// A read that is not answered is asked again, under a new number. A write is not: the device may
// have done it, and a trigger done twice is a frame too many. What comes late for an earlier number
// is dropped.
#pragma once

#include "drivers/genapi/port.h"
#include "hal/clock.h"
#include "hal/usb_device.h"
#include "protocol/u3v_control.h"
#include "protocol/u3v_interfaces.h"

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace opal::drivers::u3v {

struct ControlTiming {
    // One try of a read, and a write: at least, since a camera's own time (register 0x1CC) counts
    // twice; real devices take longer than they promise.
    hal::Duration read_answer = std::chrono::milliseconds(500);
    hal::Duration write_answer = std::chrono::seconds(5);
    int tries = 5;
    hal::Duration longest_pending = std::chrono::seconds(10);  // that one pending ack may ask for
    int most_pending = 100;                                    // in a row
};

// Throws hal::DeviceError: timeout (no answer), refused (access denied, write protected, busy),
// out_of_range (invalid parameter), unsupported (no such address or command), corrupt,
// disconnected. Safe to use from several threads.
class ControlChannel final : public genapi::Port {
public:
    // The interface is claimed. `usb` and `clock` outlive the channel. `name`: for messages.
    ControlChannel(hal::UsbDevice& usb, const protocol::u3v::Channel& endpoints, hal::Clock& clock,
                   std::string name, ControlTiming timing = {});

    // How long the device takes to answer and how much it takes and sends at once, from its
    // registers; until then, each try of a read is twice as patient as the one before, and what is
    // sent is the least that every device can.
    void learn_limits();

    std::uint32_t read32(std::uint64_t address);
    std::uint64_t read64(std::uint64_t address);
    void write32(std::uint64_t address, std::uint32_t value);
    void read(std::uint64_t address, std::span<std::byte> into) override;
    void write(std::uint64_t address, std::span<const std::byte> bytes) override;

    const std::string& name() const { return name_; }
    // Reads that got no answer at first and were asked again.
    std::uint64_t retries() const { return retries_; }

private:
    // The acknowledge's payload, valid until the next call; nothing if there was no answer.
    std::optional<protocol::u3v::AckPacket> ask_once(protocol::u3v::Command command,
                                                     std::uint16_t id,
                                                     std::span<const std::byte> packet,
                                                     hal::Duration patience);
    void recover();
    std::uint16_t new_id();
    void read_piece(std::uint64_t address, std::span<std::byte> into);
    void write_piece(std::uint64_t address, std::span<const std::byte> bytes);
    [[noreturn]] void refuse(const char* operation, std::uint64_t address,
                             protocol::u3v::Status status) const;
    [[noreturn]] void give_up(const char* operation, std::uint64_t address,
                              const std::string& text) const;

    hal::UsbDevice& usb_;
    const protocol::u3v::Channel endpoints_;
    hal::Clock& clock_;
    const std::string name_;
    ControlTiming timing_;
    std::mutex mutex_;
    bool learned_ = false;  // the time that the device takes
    std::uint16_t next_id_ = 1;
    std::uint64_t retries_ = 0;
    std::size_t longest_command_ = 64;
    std::size_t longest_ack_ = 64;
    std::vector<std::byte> command_;
    std::vector<std::byte> answer_;  // whole packets: a pending ack may come instead of a short one
};

}  // namespace opal::drivers::u3v
