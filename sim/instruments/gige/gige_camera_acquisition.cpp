// VirtualGigeCamera: frames: when they are taken, and how they go out.
#include "sim/instruments/gige/camera_registers.h"
#include "sim/instruments/gige/virtual_gige_camera.h"

#include "protocol/big_endian.h"
#include "protocol/gvcp_registers.h"
#include "protocol/gvsp.h"
#include "protocol/gvsp_chunks.h"
#include "protocol/pixel_code.h"
#include "sim/table/scene_time.h"

#include <algorithm>
#include <array>

namespace opal::sim {

using hal::Duration;
namespace gvsp = protocol::gvsp;
namespace reg = protocol::gvcp::reg;
namespace at = gige_camera;
using protocol::PixelCode;

namespace {

// Frames the sensor may hold; they are sent as soon as they are ready.
constexpr std::uint64_t sensor_room = 64;

// A host's timers are no finer: packets leave in bursts of what fits into this time.
constexpr std::uint64_t burst_ns = 500000;

void append_chunk(std::vector<std::byte>& data, std::uint32_t id,
                  std::span<const std::byte> value) {
    data.insert(data.end(), value.begin(), value.end());
    std::array<std::byte, gvsp::chunk_tag_size> tag;
    gvsp::encode_chunk_tag(id, static_cast<std::uint32_t>(value.size()), tag);
    data.insert(data.end(), tag.begin(), tag.end());
}

}  // namespace

hal::UdpAddress VirtualGigeCamera::stream_destination() const {
    return {memory_.value(reg::stream_destination),
            static_cast<std::uint16_t>(memory_.value(reg::stream_port))};
}

void VirtualGigeCamera::start_acquisition() {
    if (acquiring_) return;
    acquiring_ = true;
    triggered_ = memory_.value(at::trigger_mode) == 1;
    from_sensor_ = triggered_ || memory_.value(at::test_pattern) == at::pattern_off;
    frames_sent_ = 0;
    missed_before_ = 0;
    const std::uint32_t mode = memory_.value(at::acquisition_mode);
    frames_wanted_ = mode == at::mode_single  ? 1
                     : mode == at::mode_multi ? memory_.value(at::acquisition_frames)
                                              : 0;
    if (from_sensor_) {
        const hal::CameraSettings s = settings();
        table_.optics().prepare(s.region);
        const auto lock = table_.lock();
        table_.events().write(table_.now(), "camera", "arm");
        sensor_.arm(
            s, {from_microseconds(scene_.trigger_delay_us), s.trigger_delay, s.exposure, readout()},
            sensor_room);
    }
    if (triggered_) {
        schedule_frame();
    } else {
        next_free_run_ = now();
        free_run_due();
    }
}

void VirtualGigeCamera::stop_acquisition() {
    if (!acquiring_) return;
    acquiring_ = false;
    const auto lock = table_.lock();
    if (!sensor_.armed()) return;
    sensor_.disarm();
    table_.events().write(table_.now(), "camera", "disarm");
}

// The table changed: frames may be ready at other times. Under the table's lock.
void VirtualGigeCamera::after_change(Duration) {
    if (!sensor_.armed()) return;
    const auto ready = sensor_.next_ready();
    if (!ready || (frame_act_ && *frame_act_ <= *ready)) return;
    frame_act_ = ready;
    call_at(*ready, &VirtualGigeCamera::frame_due);
}

void VirtualGigeCamera::schedule_frame() {
    const auto lock = table_.lock();
    after_change(now());
}

void VirtualGigeCamera::free_run_due() {
    if (!acquiring_ || triggered_ || now() < next_free_run_) return;
    if (from_sensor_) {
        {
            const auto lock = table_.lock();
            sensor_.trigger();
        }
        schedule_frame();
    } else {
        frame_.frame_id = frames_sent_;
        frame_.device_time = now();
        const hal::CameraSettings s = settings();
        frame_.reshape(s.region, s.format);
        draw_test_pattern(frame_, frames_sent_);
        send_frame(frame_);
        if (!acquiring_) return;
    }
    Duration period = busy();
    if (memory_.value(at::rate_enable) != 0)
        period = std::max(period, Duration{1000000000000 / memory_.value(at::rate_mhz)});
    // A client that cannot keep up with its own wishes does not get frames in bursts.
    next_free_run_ = std::max(next_free_run_ + period, now());
    call_at(next_free_run_, &VirtualGigeCamera::free_run_due);
}

void VirtualGigeCamera::frame_due() {
    {
        const auto lock = table_.lock();
        if (frame_act_ && *frame_act_ <= now()) frame_act_.reset();
    }
    while (acquiring_ && from_sensor_) {
        const auto delivery = [&] {
            const auto lock = table_.lock();
            return sensor_.deliver();
        }();
        if (!delivery) break;
        sensor_.fetch(*delivery, frame_);  // renders, without the table's lock
        send_frame(frame_);
    }
    if (acquiring_ && from_sensor_) schedule_frame();
}

void VirtualGigeCamera::draw_test_pattern(hal::Frame& frame, std::uint64_t number) const {
    const bool moving = memory_.value(at::test_pattern) == at::pattern_moving_ramp;
    const auto shift = moving ? static_cast<unsigned>(number) : 0u;
    const auto columns = static_cast<unsigned>(frame.region.columns);
    const auto mask = static_cast<unsigned>(frame.max_count());
    if (hal::bytes_per_pixel(frame.format) == 1) {
        const auto pixels = frame.as_u8();
        for (unsigned c = 0; c < columns; ++c)
            pixels[c] = static_cast<std::uint8_t>((c + shift) & mask);
    } else {
        const auto pixels = frame.as_u16();
        for (unsigned c = 0; c < columns; ++c)
            pixels[c] = static_cast<std::uint16_t>((c + shift) & mask);
    }
    const auto row = static_cast<std::ptrdiff_t>(columns * hal::bytes_per_pixel(frame.format));
    for (int r = 1; r < frame.region.rows; ++r)
        std::copy_n(frame.bytes.begin(), row, frame.bytes.begin() + r * row);
}

void VirtualGigeCamera::send_frame(const hal::Frame& frame) {
    const auto code = static_cast<PixelCode>(memory_.value(at::pixel_format));
    StreamBlock& block = stream_.begin_block();
    block.extended = (memory_.value(reg::stream_config) & protocol::gvcp::use_64_bit_ids) != 0;
    // The sensor counts what it exposed: a frame it had no room for leaves a gap here too.
    const std::uint64_t number = options_.first_block + frame.frame_id;
    block.id = block.extended ? number : (number - 1) % 65535 + 1;
    block.packet_size = memory_.value(reg::stream_packet_size) & protocol::gvcp::packet_size_mask;
    block.to = stream_destination();
    block.leader.timestamp =
        static_cast<std::uint64_t>((frame.device_time - timestamp_zero_).count());
    block.leader.image = {number_of(code),
                          static_cast<std::uint32_t>(frame.region.columns),
                          static_cast<std::uint32_t>(frame.region.rows),
                          static_cast<std::uint32_t>(frame.region.column),
                          static_cast<std::uint32_t>(frame.region.row),
                          0,
                          0};
    block.trailer.size_y = static_cast<std::uint32_t>(frame.region.rows);
    if (const auto packing = protocol::packing_of(code)) {
        block.data.resize(protocol::packed_size(*packing, frame.region.pixels()));
        protocol::pack_pixels(*packing, frame.as_u16(), block.data);
    } else {
        block.data.assign(frame.bytes.begin(), frame.bytes.end());
    }
    if (memory_.value(at::chunk_mode) != 0) {
        const auto image = static_cast<std::uint32_t>(block.data.size());
        std::array<std::byte, 8> value;
        gvsp::encode_chunk_tag(at::chunk_image, image, value);
        block.data.insert(block.data.end(), value.begin(), value.end());
        protocol::store_be64(value.data(), frame.frame_id);
        append_chunk(block.data, at::chunk_frame_id, value);
        protocol::store_be32(value.data(), memory_.value(at::exposure_100ns));
        append_chunk(block.data, at::chunk_exposure_100ns, std::span(value).first(4));
        block.leader.with_chunks = block.trailer.with_chunks = true;
        block.trailer.chunk_size = static_cast<std::uint32_t>(block.data.size());
        block.trailer.chunk_layout = 1;
    }
    if (!sending_) continue_sending();
    if (++frames_sent_ == frames_wanted_) stop_acquisition();
}

// All packets at once, or no faster than the link and the client's wish for a delay allow.
void VirtualGigeCamera::continue_sending() {
    sending_ = false;
    const std::uint64_t size =
        memory_.value(reg::stream_packet_size) & protocol::gvcp::packet_size_mask;
    const std::uint64_t on_the_link_ns =
        options_.link_mbit > 0 ? size * 8 * 1000 / options_.link_mbit : 0;
    const std::uint64_t each_ns = on_the_link_ns + memory_.value(reg::stream_packet_delay);
    if (each_ns == 0) {
        stream_.send_some(~std::uint32_t{0});
        return;
    }
    const std::uint64_t count = std::max<std::uint64_t>(1, burst_ns / each_ns);
    if (!stream_.send_some(static_cast<std::uint32_t>(count))) return;
    sending_ = true;
    call_at(now() + Duration{static_cast<std::int64_t>(count * each_ns)},
            &VirtualGigeCamera::continue_sending);
}

}  // namespace opal::sim
