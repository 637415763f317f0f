// VirtualGigeCamera: how frames go out.
#include "sim/instruments/gige/virtual_gige_camera.h"

#include "protocol/gvcp_registers.h"
#include "protocol/gvsp.h"
#include "protocol/pixel_code.h"
#include "sim/instruments/genicam/camera_registers.h"

#include <algorithm>
#include <chrono>

namespace opal::sim {

using hal::Duration;
namespace reg = protocol::gvcp::reg;

namespace {

// A host's timers are no finer: packets leave in bursts of what fits into this time.
constexpr std::uint64_t burst_ns = 500000;
// At one time; beyond, the camera's memory for them overflows.
constexpr std::uint64_t most_events = 32;

}  // namespace

void VirtualGigeCamera::send_frame(const hal::Frame& frame) {
    StreamBlock& block = stream_.begin_block();
    block.extended = (memory_.value(reg::stream_config) & protocol::gvcp::use_64_bit_ids) != 0;
    // The sensor counts what it exposed: a frame it had no room for leaves a gap here too.
    const std::uint64_t number = options_.first_block + frame.frame_id;
    block.id = block.extended ? number : (number - 1) % 65535 + 1;
    block.packet_size = memory_.value(reg::stream_packet_size) & protocol::gvcp::packet_size_mask;
    block.leader.timestamp =
        static_cast<std::uint64_t>((frame.device_time - timestamp_zero_).count());
    block.leader.image = {number_of(body_.wire_code()),
                          static_cast<std::uint32_t>(frame.region.columns),
                          static_cast<std::uint32_t>(frame.region.rows),
                          static_cast<std::uint32_t>(frame.region.column),
                          static_cast<std::uint32_t>(frame.region.row),
                          0,
                          0};
    block.trailer.size_y = static_cast<std::uint32_t>(frame.region.rows);
    body_.write_payload(frame, block.data);
    if (body_.with_chunks()) {
        block.leader.with_chunks = block.trailer.with_chunks = true;
        block.trailer.chunk_size = static_cast<std::uint32_t>(block.data.size());
        block.trailer.chunk_layout = 1;
    }
    if (!sending_) continue_sending();
}

void VirtualGigeCamera::triggers_missed(std::uint64_t count) {
    namespace at = camera_register;
    const hal::UdpAddress to{memory_.value(reg::message_destination),
                             static_cast<std::uint16_t>(memory_.value(reg::message_port))};
    if (memory_.value(at::event_notification) == 0 || to.host == 0 || to.port == 0) return;
    protocol::gvcp::Event event;
    event.id = at::event_frame_trigger_missed;
    event.channel = 0;
    event.timestamp = static_cast<std::uint64_t>((body_.now() - timestamp_zero_).count());
    for (std::uint64_t i = 0; i < std::min(count, most_events); ++i)
        send_event(messages_.write(event), to);
}

// Again and again until it is acknowledged, as often as the client has said.
void VirtualGigeCamera::send_event(std::uint16_t number, hal::UdpAddress to) {
    if (!messages_.send(number, to, memory_.value(reg::message_retries))) return;
    body_.call_at(body_.now() + std::chrono::milliseconds(memory_.value(reg::message_timeout)),
                  [this, number, to] { send_event(number, to); });
}

Duration VirtualGigeCamera::link_time(std::size_t payload_bytes) const {
    const std::size_t size =
        memory_.value(reg::stream_packet_size) & protocol::gvcp::packet_size_mask;
    const bool extended = (memory_.value(reg::stream_config) & protocol::gvcp::use_64_bit_ids) != 0;
    const std::size_t each =
        protocol::gvsp::data_per_packet(static_cast<std::uint32_t>(size), extended);
    if (each == 0) return Duration{0};
    constexpr std::size_t ends = 128;  // bytes, at most, of leader and trailer behind their headers
    const std::size_t packets = (payload_bytes + each - 1) / each + 2;
    const std::size_t bytes = payload_bytes + packets * (size - each) + ends;
    std::uint64_t ns = packets * memory_.value(reg::stream_packet_delay);
    if (options_.link_mbit > 0) ns += bytes * 8 * 1000 / options_.link_mbit;
    // Whole microseconds, as a camera tells its times.
    return std::chrono::microseconds((ns + 999) / 1000);
}

// All packets at once, or no faster than the link and the client's wish for a delay allow.
void VirtualGigeCamera::continue_sending() {
    sending_ = false;
    std::uint64_t taken_ns = 0;
    while (stream_.waiting() && taken_ns < burst_ns) {
        const std::uint64_t bytes = stream_.send_next();
        if (options_.link_mbit > 0) taken_ns += bytes * 8 * 1000 / options_.link_mbit;
        taken_ns += memory_.value(reg::stream_packet_delay);
    }
    if (!stream_.waiting()) return;
    sending_ = true;
    body_.call_at(body_.now() + Duration{static_cast<std::int64_t>(taken_ns)},
                  [this] { continue_sending(); });
}

}  // namespace opal::sim
