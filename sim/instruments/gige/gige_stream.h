// GigeStream: frames as GVSP packets, the last ones kept for resending. Part of the virtual GigE
// Vision camera; knows sizes and addresses, not sensors.
#pragma once

#include "hal/udp_port.h"
#include "protocol/gvcp_messages.h"
#include "protocol/gvsp_payloads.h"
#include "sim/instruments/gige/stream_faults.h"

#include <cstdint>
#include <deque>
#include <vector>

namespace opal::sim {

// A frame on its way: everything needed to send any of its packets, any number of times.
struct StreamBlock {
    std::uint64_t id = 1;
    bool extended = false;
    std::uint32_t packet_size = 1500;  // of the whole IP datagram
    hal::UdpAddress to;
    protocol::gvsp::Leader leader;
    protocol::gvsp::Trailer trailer;
    std::vector<std::byte> data;

    std::uint32_t data_packets() const;
    std::uint32_t last_packet() const { return data_packets() + 1; }  // the trailer
};

class GigeStream {
public:
    GigeStream(hal::UdpPort& port, StreamFaults faults) : port_(port), faults_(faults) {}

    StreamFaults& faults() { return faults_; }
    // Room for a new block's data; storage of forgotten blocks is used again.
    StreamBlock& begin_block();
    // Sends packets [from, ...) of the newest block, at most `count`; returns the next one to send,
    // beyond last_packet() when done.
    std::uint32_t send_newest(std::uint32_t from, std::uint32_t count);
    void resend(const protocol::gvcp::PacketResend& request, hal::UdpAddress to);
    // A datagram as large as SCPS says, if the network takes it.
    void send_test_packet(hal::UdpAddress to, std::uint32_t packet_size);
    void forget_all() { blocks_.clear(); }

private:
    void send(const StreamBlock& block, std::uint32_t packet, bool again);
    void send_bytes(hal::UdpAddress to, std::size_t size);

    hal::UdpPort& port_;
    StreamFaults faults_;
    std::deque<StreamBlock> blocks_;  // oldest first
    std::vector<std::byte> datagram_ = std::vector<std::byte>(65536);
};

}  // namespace opal::sim
