// GigeStream: cutting blocks into packets.
#include "sim/instruments/gige/gige_stream.h"

#include "hal/error.h"
#include "protocol/gvsp.h"

#include <algorithm>
#include <utility>

namespace opal::sim {

namespace gvsp = protocol::gvsp;
using protocol::gvcp::Status;

namespace {

// How many blocks a client may still ask packets of.
constexpr std::size_t kept_blocks = 8;
// How many may wait to be sent: a camera's memory is not endless.
constexpr std::size_t most_waiting = 32;
constexpr std::size_t ip_and_udp = 28;  // header bytes of a datagram

}  // namespace

std::uint32_t StreamBlock::data_packets() const {
    const std::size_t each = gvsp::data_per_packet(packet_size, extended);
    return static_cast<std::uint32_t>((data.size() + each - 1) / each);
}

StreamBlock& GigeStream::begin_block() {
    StreamBlock block;
    if (unsent_ >= most_waiting) {
        --unsent_;
        next_packet_ = 0;
    }
    while (blocks_.size() - unsent_ >= kept_blocks) {
        block.data = std::move(blocks_.front().data);
        blocks_.pop_front();
    }
    ++unsent_;
    return blocks_.emplace_back(std::move(block));
}

void GigeStream::forget_all() {
    blocks_.clear();
    unsent_ = 0;
    next_packet_ = 0;
}

void GigeStream::drop_waiting() {
    blocks_.resize(blocks_.size() - unsent_);
    unsent_ = 0;
    next_packet_ = 0;
}

void GigeStream::send_bytes(std::size_t size) {
    if (to_.host == 0 || to_.port == 0) return;
    try {
        port_.send(to_, std::span(datagram_).first(size));
    } catch (const hal::DeviceError&) {
        // A camera does not know whether anybody listens, or whether its packets fit the path.
    }
}

std::size_t GigeStream::send(const StreamBlock& block, std::uint32_t packet, bool again) {
    gvsp::Header header;
    header.extended = block.extended;
    header.block = block.id;
    header.packet = packet;
    if (again && block.extended)
        header.flags = gvsp::flag_resent;
    else if (again)
        header.status = Status::packet_resend;
    const std::span<std::byte> room(datagram_);
    const std::uint32_t last = block.last_packet();
    header.format = packet == 0      ? gvsp::Format::leader
                    : packet == last ? gvsp::Format::trailer
                                     : gvsp::Format::payload;
    std::size_t size = gvsp::encode_header(header, room);
    if (packet == 0) {
        size += gvsp::encode_leader(block.leader, room.subspan(size));
    } else if (packet == last) {
        size += gvsp::encode_trailer(block.trailer, room.subspan(size));
    } else {
        const std::size_t each = gvsp::data_per_packet(block.packet_size, block.extended);
        const std::size_t begin = (packet - 1) * each;
        const std::size_t count = std::min(each, block.data.size() - begin);
        std::copy_n(block.data.begin() + static_cast<std::ptrdiff_t>(begin), count,
                    room.begin() + static_cast<std::ptrdiff_t>(size));
        size += count;
    }
    send_bytes(size);
    return size + ip_and_udp;
}

std::size_t GigeStream::send_next() {
    const StreamBlock& block = blocks_[blocks_.size() - unsent_];
    const std::uint32_t packet = next_packet_++;
    std::size_t sent = 0;
    switch (faults_.fate(block.id, packet)) {
        case StreamFaults::Fate::lost:
            sent = block.packet_size;
            break;
        case StreamFaults::Fate::doubled:
            send(block, packet, false);
            sent = send(block, packet, false);
            break;
        case StreamFaults::Fate::swapped:
            if (packet != block.last_packet()) sent = send(block, next_packet_++, false);
            sent += send(block, packet, false);
            break;
        case StreamFaults::Fate::arrives:
            sent = send(block, packet, false);
    }
    if (next_packet_ > block.last_packet()) {
        --unsent_;
        next_packet_ = 0;
    }
    return sent;
}

void GigeStream::resend(const protocol::gvcp::PacketResend& request) {
    // The newest of this id: the others are of acquisitions before.
    const auto found = std::find_if(blocks_.rbegin(), blocks_.rend(), [&](const StreamBlock& b) {
        return b.id == request.block && b.extended == request.extended_ids;
    });
    if (found == blocks_.rend() || faults_.deny_resend) {
        gvsp::Header header;
        header.status = Status::packet_unavailable;
        header.extended = request.extended_ids;
        header.format = gvsp::Format::payload;
        header.block = request.block;
        header.packet = request.first_packet;
        send_bytes(gvsp::encode_header(header, datagram_));
        return;
    }
    const std::uint32_t last = std::min(request.last_packet, found->last_packet());
    for (std::uint64_t packet = request.first_packet; packet <= last; ++packet)
        send(*found, static_cast<std::uint32_t>(packet), true);
}

void GigeStream::send_test_packet(std::uint32_t packet_size) {
    if (packet_size <= 28 + gvsp::standard_header_size) return;
    const std::size_t size = packet_size - 28;
    gvsp::Header header;
    header.format = gvsp::Format::payload;  // of block 0, which is no block
    std::fill_n(datagram_.begin(), size, std::byte{0x55});
    gvsp::encode_header(header, datagram_);
    send_bytes(size);
}

}  // namespace opal::sim
