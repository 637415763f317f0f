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
    protocol::gvsp::Leader leader;
    protocol::gvsp::Trailer trailer;
    std::vector<std::byte> data;

    std::uint32_t data_packets() const;
    std::uint32_t last_packet() const { return data_packets() + 1; }  // the trailer
};

class GigeStream {
public:
    // Packet sizes, of the whole IP datagram.
    static constexpr std::uint32_t smallest_packet = 220;
    static constexpr std::uint32_t largest_packet = 16404;

    GigeStream(hal::UdpPort& port, StreamFaults faults) : port_(port), faults_(faults) {}

    StreamFaults& faults() { return faults_; }
    // Where everything goes from now on; host or port 0: nowhere, nothing is sent.
    void set_destination(hal::UdpAddress to) { to_ = to; }
    // Room for a new block's data, to be filled in before send_next(); storage of forgotten blocks
    // is used again. Where too many wait to be sent, the oldest is lost.
    StreamBlock& begin_block();
    // Sends the next packet of what waits, oldest first; bytes of its IP datagram. Two packets that
    // change places are one.
    std::size_t send_next();
    bool waiting() const { return unsent_ > 0; }
    void resend(const protocol::gvcp::PacketResend& request);
    // A datagram as large as SCPS says, if the network takes it.
    void send_test_packet(std::uint32_t packet_size);
    void drop_waiting();  // what has been sent may still be asked for
    void forget_all();

private:
    std::size_t send(const StreamBlock& block, std::uint32_t packet, bool again);
    void send_bytes(std::size_t size);

    hal::UdpPort& port_;
    StreamFaults faults_;
    hal::UdpAddress to_;
    std::deque<StreamBlock> blocks_;  // oldest first
    std::size_t unsent_ = 0;          // of them, at the end
    std::uint32_t next_packet_ = 0;   // of the first unsent one
    std::vector<std::byte> datagram_ = std::vector<std::byte>(65536);
};

}  // namespace opal::sim
