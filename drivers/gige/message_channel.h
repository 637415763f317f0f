// MessageChannel: what a camera says without being asked (GVCP EVENT and EVENTDATA): counts events
// of one kind, and acknowledges all, so that the camera does not repeat itself. On a thread of its
// own, or when asked where time is virtual.
//
//   message port <--EVENT 9001-- camera     missed triggers
//                ---ack-------->
#pragma once

#include "hal/clock.h"
#include "hal/udp_port.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace opal::drivers::gige {

class MessageChannel {
public:
    // The port and the clock outlive the channel. Messages of others than the device are not looked
    // at.
    MessageChannel(hal::UdpPort& port, hal::Clock& clock, hal::UdpAddress device, bool own_thread);

    // Counts events of this number from now on, from 0.
    void count(std::uint16_t event_id);
    std::uint64_t counted();

private:
    bool pump(hal::Deadline deadline);
    void take(std::span<const std::byte> datagram, hal::UdpAddress from);
    void run(const std::stop_token& stop);

    hal::UdpPort& port_;
    hal::Clock& clock_;
    const hal::UdpAddress device_;
    std::vector<std::byte> room_ = std::vector<std::byte>(2048);
    std::mutex mutex_;
    std::optional<std::uint16_t> event_id_;
    std::uint64_t counted_ = 0;
    std::array<std::uint16_t, 64> recent_{};  // numbers of messages, in a ring; 0: none
    std::size_t next_recent_ = 0;
    std::jthread thread_;
};

}  // namespace opal::drivers::gige
