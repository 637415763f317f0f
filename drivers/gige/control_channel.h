// ControlChannel: registers and memory of one GigE Vision device over GVCP: one question at a time,
// asked again with the same number when no answer comes, patient when the device asks for it or is
// busy.
#pragma once

#include "drivers/genapi/port.h"
#include "hal/clock.h"
#include "hal/error.h"
#include "hal/udp_port.h"
#include "protocol/gvcp_messages.h"

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace opal::drivers::gige {

struct ControlTiming {
    hal::Duration answer = std::chrono::milliseconds(300);  // how long one try waits
    int tries = 5;
    hal::Duration longest_pending = std::chrono::seconds(10);  // that one PENDING_ACK may ask for
    int most_pending = 100;                                    // in a row
    hal::Duration longest_busy = std::chrono::seconds(2);      // for which "busy" is asked again,
    hal::Duration busy_pause = std::chrono::milliseconds(50);  // so far apart
};

// The device understood and said no, or said so for as long as it was asked.
class ControlRefused final : public hal::DeviceError {
public:
    ControlRefused(hal::ErrorKind kind, const std::string& device, const std::string& operation,
                   const std::string& text, protocol::gvcp::Status status)
        : DeviceError(kind, device, operation, text), status_(status) {}
    protocol::gvcp::Status status() const { return status_; }

private:
    protocol::gvcp::Status status_;
};

// Whether a status says that the same may be possible a moment later.
constexpr bool is_busy(protocol::gvcp::Status status) {
    return status == protocol::gvcp::Status::busy ||
           status == protocol::gvcp::Status::temporarily_unavailable;
}

// Throws hal::DeviceError: timeout (no answer), refused (access denied, write protected, busy),
// out_of_range (invalid parameter), unsupported (no such address or command), corrupt. Safe to use
// from several threads.
class ControlChannel final : public genapi::Port {
public:
    // `port` and `clock` outlive the channel. `name`: for messages.
    ControlChannel(hal::UdpPort& port, hal::UdpAddress device, hal::Clock& clock, std::string name,
                   ControlTiming timing = {});

    std::uint32_t read_register(std::uint32_t address);
    void write_register(std::uint32_t address, std::uint32_t value);
    void read(std::uint64_t address, std::span<std::byte> into) override;
    void write(std::uint64_t address, std::span<const std::byte> bytes) override;

    hal::UdpAddress device() const { return device_; }
    const std::string& name() const { return name_; }
    // Commands that got no answer at first and were asked again.
    std::uint64_t retries() const { return retries_; }

private:
    // Sends what `encode` writes and returns the acknowledge's payload, valid until the next call.
    using Encode = std::function<std::size_t(std::uint16_t id, std::span<std::byte> into)>;
    std::span<const std::byte> ask(const char* operation, std::uint32_t address,
                                   protocol::gvcp::Command command, const Encode& encode);
    std::optional<protocol::gvcp::AckDatagram> ask_once(protocol::gvcp::Command command,
                                                        const Encode& encode);
    std::optional<protocol::gvcp::AckDatagram> wait_for_ack(protocol::gvcp::Command command,
                                                            std::uint16_t id,
                                                            hal::Deadline deadline);
    void read_aligned(std::uint32_t address, std::span<std::byte> into);
    void write_aligned(std::uint32_t address, std::span<const std::byte> bytes);
    std::uint32_t checked(const char* operation, std::uint64_t address, std::size_t size) const;
    [[noreturn]] void refuse(const char* operation, std::uint32_t address,
                             protocol::gvcp::Status status) const;

    hal::UdpPort& port_;
    const hal::UdpAddress device_;
    hal::Clock& clock_;
    const std::string name_;
    const ControlTiming timing_;
    std::mutex mutex_;
    std::uint16_t next_id_ = 1;
    std::uint64_t retries_ = 0;
    std::vector<std::byte> answer_ = std::vector<std::byte>(2048);
};

}  // namespace opal::drivers::gige
