// VirtualU3vCamera: how frames go out.
#include "sim/instruments/u3v/virtual_u3v_camera.h"

#include "protocol/u3v_registers.h"
#include "protocol/u3v_stream.h"

#include <algorithm>
#include <array>
#include <utility>

namespace opal::sim {

namespace u3v = protocol::u3v;
namespace sirm = protocol::u3v::sirm;

// In transfers of the sizes the host has announced. The last one ends with the payload: by a short
// packet, or by an empty one where it would look as if more were to come.
void VirtualU3vCamera::send_payload(std::span<const std::byte> payload) {
    const auto of = [&](std::uint32_t at) { return memory_.value(sirm_address + at); };
    const std::size_t packet = options_.speed >= u3v::super_speed ? 1024 : 512;
    std::uint64_t transfer = 0;
    while (!payload.empty()) {
        const std::uint64_t count = of(sirm::transfer_count);
        const std::size_t room = transfer < count    ? of(sirm::transfer_size)
                                 : transfer == count ? of(sirm::final_1)
                                                     : of(sirm::final_2);
        ++transfer;
        if (room == 0 && transfer <= count + 2) continue;
        const std::size_t part = std::min<std::size_t>(payload.size(), room > 0 ? room : packet);
        usb_.send(stream_endpoint, payload.first(part));
        payload = payload.subspan(part);
        if (part < room && part % packet == 0) usb_.send(stream_endpoint, {});
    }
}

hal::Duration VirtualU3vCamera::link_time(std::size_t payload_bytes) const {
    if (!(options_.link_bytes_per_s > 0)) return {};
    return std::chrono::duration_cast<hal::Duration>(std::chrono::duration<double>(
        static_cast<double>(payload_bytes) / options_.link_bytes_per_s));
}

void VirtualU3vCamera::send_frame(const hal::Frame& frame) {
    if (!stream_on() || halted_) return;
    auto fate = std::exchange(next_fate_, U3vFaults::Fate::fine);
    if (fate == U3vFaults::Fate::fine) fate = faults_.fate(frame.frame_id);
    // Pixels that never came off the sensor: as a camera whose memory ran over has it.
    if (frame.status == hal::FrameStatus::incomplete) fate = U3vFaults::Fate::overrun;
    if (fate == U3vFaults::Fate::lost) return;
    body_.write_payload(frame, payload_);
    if (usb_.unread(stream_endpoint) + payload_.size() > options_.buffer_bytes) {
        ++dropped_;
        return;
    }
    u3v::Leader leader;
    // The sensor counts what it exposed: a frame it had no room for leaves a gap here too.
    leader.block_id = frame.frame_id;
    leader.type =
        body_.with_chunks() ? u3v::PayloadType::image_and_chunks : u3v::PayloadType::image;
    leader.timestamp_ns = static_cast<std::uint64_t>(frame.device_time.count());
    leader.pixel_format = number_of(body_.wire_code());
    leader.size_x = static_cast<std::uint32_t>(frame.region.columns);
    leader.size_y = static_cast<std::uint32_t>(frame.region.rows);
    leader.offset_x = static_cast<std::uint32_t>(frame.region.column);
    leader.offset_y = static_cast<std::uint32_t>(frame.region.row);
    std::array<std::byte, u3v::image_leader_size> bytes;
    usb_.send(stream_endpoint, std::span(bytes).first(u3v::encode_leader(leader, bytes)));

    u3v::Trailer trailer;
    trailer.block_id = leader.block_id;
    trailer.valid_bytes = payload_.size();
    trailer.size_y = leader.size_y;
    trailer.chunk_layout = 1;
    std::span<const std::byte> sent = payload_;
    switch (fate) {
        case U3vFaults::Fate::short_payload:
            sent = sent.first(sent.size() / 2);
            trailer.valid_bytes = sent.size();
            trailer.status = Status::data_discarded;
            break;
        case U3vFaults::Fate::silent_short:
            sent = sent.first(sent.size() / 3);
            break;
        case U3vFaults::Fate::overrun:
            trailer.status = Status::data_overrun;
            break;
        case U3vFaults::Fate::stalled:
            send_payload(sent.first(sent.size() / 2));
            return halt(stream_endpoint);
        default:
            break;
    }
    send_payload(sent);
    if (fate == U3vFaults::Fate::no_trailer) return;
    usb_.send(stream_endpoint,
              std::span(bytes).first(u3v::encode_trailer(trailer, leader.type, bytes)));
}

}  // namespace opal::sim
