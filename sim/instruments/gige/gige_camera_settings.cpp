// VirtualGigeCamera: what its registers hold at first, what may be written to them, and what
// follows from it.
#include "sim/instruments/gige/camera_description.h"
#include "sim/instruments/gige/camera_registers.h"
#include "sim/instruments/gige/virtual_gige_camera.h"

#include "protocol/gvcp_registers.h"
#include "protocol/pixel_code.h"
#include "sim/table/scene_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace opal::sim {

using hal::Duration;
using namespace std::chrono_literals;
namespace gvcp = protocol::gvcp;
namespace reg = protocol::gvcp::reg;
namespace at = gige_camera;
using gvcp::Status;
using protocol::PixelCode;

namespace {

using Access = CameraMemory::Access;

constexpr std::uint32_t tick_hz = 1000000000;  // time stamps count nanoseconds
constexpr std::array formats{PixelCode::mono8,   PixelCode::mono10, PixelCode::mono10_packed,
                             PixelCode::mono10p, PixelCode::mono12, PixelCode::mono12_packed,
                             PixelCode::mono12p};

Duration in_100ns(std::uint32_t count) {
    return Duration{std::int64_t{count} * 100};
}

hal::PixelFormat format_of(std::uint32_t code) {
    switch (static_cast<PixelCode>(code)) {
        case PixelCode::mono8:
            return hal::PixelFormat::mono8;
        case PixelCode::mono10:
        case PixelCode::mono10_packed:
        case PixelCode::mono10p:
            return hal::PixelFormat::mono10;
        default:
            return hal::PixelFormat::mono12;
    }
}

// What the frame's shape hangs on stays as it is while frames are being taken.
bool shapes_frames(std::uint32_t address) {
    return (address >= at::width && address <= at::test_pattern) ||
           address == at::acquisition_mode || address == at::rate_enable ||
           (address >= at::trigger_mode && address <= at::trigger_activation) ||
           address == at::load_defaults || address == at::chunk_mode ||
           address == reg::stream_config;
}

}  // namespace

void VirtualGigeCamera::fill_memory() {
    memory_.add_bytes(0, gvcp::identity_registers(identity_), false);
    memory_.add_text(reg::user_name, options_.user_name, 16, true);
    const std::string xml = gige_camera_description(scene_);
    const std::string url =
        fmt::format("Local:opal_camera.xml;{:x};{:x}", at::description_address, xml.size());
    memory_.add_text(reg::first_url, url, gvcp::url_length, false);
    memory_.add_text(reg::second_url, url, gvcp::url_length, false);
    memory_.add_bytes(at::description_address, std::as_bytes(std::span(xml.data(), xml.size())),
                      false);
    const auto fixed = [&](std::uint32_t address, std::uint32_t value) {
        memory_.add(address, {value, Access::read});
    };
    fixed(reg::interfaces, 1);
    fixed(reg::link_speed, 1000);
    fixed(reg::message_channels, 0);
    fixed(reg::stream_channels, 1);
    fixed(reg::action_signals, 0);
    fixed(reg::active_links, 1);
    fixed(reg::stream_capability, gvcp::tells_source_port | gvcp::can_16_bit_ids);
    fixed(reg::message_capability, 0);
    fixed(reg::control_capability, gvcp::can_user_name | gvcp::can_serial |
                                       gvcp::can_disable_heartbeat | gvcp::can_link_speed |
                                       gvcp::can_tell_application | gvcp::can_resend |
                                       gvcp::can_write_memory | gvcp::can_concatenate);
    fixed(reg::tick_frequency_high, 0);
    fixed(reg::tick_frequency_low, tick_hz);
    fixed(reg::timestamp_high, 0);
    fixed(reg::timestamp_low, 0);
    fixed(reg::discovery_delay, 0);
    fixed(reg::pending_timeout, 0);
    fixed(reg::application_port, 0);
    fixed(reg::application_ip, 0);
    fixed(reg::stream_source_port, 0);
    fixed(reg::stream_channel_capability, 0);
    fixed(reg::stream_channel_config, 0);
    memory_.add(reg::timestamp_control, {0, Access::write, 0, 3});
    memory_.add(reg::control_privilege, {0, Access::both, 0, 7});
    memory_.add(reg::control_config, {0, Access::both});
    memory_.add(reg::heartbeat_timeout, {3000, Access::both, 500, 600000});
    memory_.add(reg::stream_config, {0, Access::both});
    memory_.add(reg::stream_port, {0, Access::both, 0, 0xFFFF});
    memory_.add(reg::stream_packet_size, {0, Access::both});
    memory_.add(reg::stream_packet_delay, {0, Access::both, 0, tick_hz});
    memory_.add(reg::stream_destination, {0, Access::both});

    const auto rows = static_cast<std::uint32_t>(scene_.rows);
    const auto columns = static_cast<std::uint32_t>(scene_.columns);
    fixed(at::sensor_width, columns);
    fixed(at::sensor_height, rows);
    fixed(at::payload_size, 0);
    fixed(at::readout_ns, 0);
    fixed(at::missed_triggers, 0);
    fixed(at::temperature_centi_c,
          static_cast<std::uint32_t>(std::lround(scene_.temperature_c * 100)));
    fixed(at::black_level_milli_dn,
          static_cast<std::uint32_t>(std::lround(scene_.black_level_dn8 * 1000)));
    fixed(at::pitch_nm, static_cast<std::uint32_t>(std::lround(scene_.pitch_um * 1000)));
    memory_.add(at::width, {columns, Access::both, 1, columns});
    memory_.add(at::height, {rows, Access::both, 1, rows});
    memory_.add(at::offset_x, {0, Access::both, 0, columns - 1});
    memory_.add(at::offset_y, {0, Access::both, 0, rows - 1});
    memory_.add(at::pixel_format, {0, Access::both});
    memory_.add(at::test_pattern, {0, Access::both, 0, at::pattern_moving_ramp});
    memory_.add(at::acquisition_mode, {0, Access::both, 0, at::mode_multi});
    memory_.add(at::acquisition_frames, {1, Access::both, 1});
    memory_.add(at::rate_enable, {0, Access::both, 0, 1});
    memory_.add(at::rate_mhz, {10000, Access::both, 1});
    const auto shortest = static_cast<std::uint32_t>(std::ceil(scene_.min_exposure_us * 10 - 1e-6));
    memory_.add(at::exposure_100ns, {1000, Access::both, std::max(shortest, 1u), 100000000});
    memory_.add(at::trigger_delay_100ns, {0, Access::both, 0, 10000000});
    memory_.add(at::trigger_mode, {0, Access::both, 0, 1});
    memory_.add(at::trigger_source, {at::source_line0, Access::both, 0, at::source_line0});
    memory_.add(at::trigger_activation, {0, Access::both, 0, 0});
    memory_.add(at::parameters_locked, {0, Access::both, 0, 1});
    memory_.add(at::chunk_mode, {0, Access::both, 0, 1});
    for (const std::uint32_t command :
         {at::acquisition_start, at::acquisition_stop, at::trigger_software, at::missed_reset,
          at::load_defaults, at::device_reset})
        memory_.add(command, {0, Access::write, 1, 1});
    set_defaults();
}

void VirtualGigeCamera::set_defaults() {
    memory_.set(at::width, static_cast<std::uint32_t>(scene_.columns));
    memory_.set(at::height, static_cast<std::uint32_t>(scene_.rows));
    for (const std::uint32_t zero :
         {at::offset_x, at::offset_y, at::test_pattern, at::acquisition_mode, at::rate_enable,
          at::trigger_mode, at::trigger_activation, at::trigger_delay_100ns, at::chunk_mode,
          reg::control_config, reg::stream_config, reg::stream_packet_delay})
        memory_.set(zero, 0);
    memory_.set(at::pixel_format, number_of(PixelCode::mono8));
    memory_.set(at::trigger_source, at::source_line0);
    memory_.set(at::exposure_100ns, std::max(1000u, memory_.word(at::exposure_100ns).min));
    memory_.set(at::acquisition_frames, 1);
    memory_.set(at::rate_mhz, 10000);
    memory_.set(reg::heartbeat_timeout, 3000);
    memory_.set(reg::stream_packet_size, gvcp::do_not_fragment | 1500);
}

Status VirtualGigeCamera::check_setting(std::uint32_t address, std::uint32_t value) const {
    const auto of = [&](std::uint32_t a) { return memory_.value(a); };
    if ((acquiring_ || of(at::parameters_locked) != 0) && shapes_frames(address))
        return Status::access_denied;
    const auto columns = static_cast<std::uint32_t>(scene_.columns);
    const auto rows = static_cast<std::uint32_t>(scene_.rows);
    const auto inside = [](bool fits) {
        return fits ? Status::success : Status::invalid_parameter;
    };
    switch (address) {
        case at::width:
            return inside(value <= columns - of(at::offset_x));
        case at::offset_x:
            return inside(value <= columns - of(at::width));
        case at::height:
            return inside(value <= rows - of(at::offset_y));
        case at::offset_y:
            return inside(value <= rows - of(at::height));
        case at::pixel_format:
            return inside(std::any_of(formats.begin(), formats.end(),
                                      [&](PixelCode code) { return number_of(code) == value; }));
        case reg::stream_packet_size: {
            const std::uint32_t size = value & gvcp::packet_size_mask;
            const bool same = size == (of(address) & gvcp::packet_size_mask);
            if (acquiring_ && !same) return Status::access_denied;
            return inside((value & gvcp::big_endian_pixels) == 0 && size % 4 == 0 &&
                          size >= at::smallest_packet && size <= at::largest_packet);
        }
        case at::trigger_software:
            return of(at::trigger_mode) == 1 && of(at::trigger_source) == at::source_software
                       ? Status::success
                       : Status::access_denied;
        case at::acquisition_start:
            return of(reg::stream_port) != 0 && of(reg::stream_destination) != 0
                       ? Status::success
                       : Status::access_denied;
        default:
            return Status::success;
    }
}

void VirtualGigeCamera::apply(std::uint32_t address, std::uint32_t value) {
    switch (address) {
        case at::acquisition_start:
            return start_acquisition();
        case at::acquisition_stop:
            return stop_acquisition();
        case at::trigger_software: {
            const auto lock = table_.lock();
            if (acquiring_ && sensor_.armed()) sensor_.trigger();
            break;
        }
        case at::missed_reset: {
            const auto lock = table_.lock();
            missed_before_ = sensor_.missed_edges();
            break;
        }
        case at::load_defaults:
            return set_defaults();
        case at::device_reset:
            release_control();
            return set_defaults();
        case reg::stream_port:
            if (value == 0) stop_acquisition();
            break;
        case reg::timestamp_control: {
            if (value & gvcp::timestamp_reset) timestamp_zero_ = now();
            const auto ticks = static_cast<std::uint64_t>((now() - timestamp_zero_).count());
            memory_.set(reg::timestamp_high, static_cast<std::uint32_t>(ticks >> 32));
            memory_.set(reg::timestamp_low, static_cast<std::uint32_t>(ticks));
            break;
        }
        case reg::stream_packet_size:
            if ((value & gvcp::fire_test_packet) == 0) break;
            memory_.set(address, value & ~gvcp::fire_test_packet);
            stream_.send_test_packet(stream_destination(), value & gvcp::packet_size_mask);
            break;
        default:
            break;
    }
    if (address == at::trigger_software) schedule_frame();
}

// Registers that follow from others.
void VirtualGigeCamera::refresh() {
    const auto code = static_cast<PixelCode>(memory_.value(at::pixel_format));
    const std::size_t pixels = std::size_t{memory_.value(at::width)} * memory_.value(at::height);
    std::size_t payload = protocol::image_bytes(code, pixels);
    if (memory_.value(at::chunk_mode) != 0) payload += 8 + (8 + 8) + (4 + 8);
    memory_.set(at::payload_size, static_cast<std::uint32_t>(payload));
    memory_.set(at::readout_ns, static_cast<std::uint32_t>(readout().count()));
    const auto lock = table_.lock();
    memory_.set(at::missed_triggers,
                static_cast<std::uint32_t>(sensor_.missed_edges() - missed_before_));
}

hal::CameraSettings VirtualGigeCamera::settings() const {
    const auto of = [&](std::uint32_t a) { return static_cast<int>(memory_.value(a)); };
    hal::CameraSettings settings;
    settings.region = {of(at::offset_y), of(at::offset_x), of(at::height), of(at::width)};
    settings.format = format_of(memory_.value(at::pixel_format));
    settings.exposure = in_100ns(memory_.value(at::exposure_100ns));
    settings.trigger_delay = in_100ns(memory_.value(at::trigger_delay_100ns));
    const bool line = memory_.value(at::trigger_mode) == 1 &&
                      memory_.value(at::trigger_source) == at::source_line0;
    settings.trigger = line ? hal::TriggerSource::line : hal::TriggerSource::software;
    return settings;
}

Duration VirtualGigeCamera::readout() const {
    return from_microseconds(scene_.readout_us_per_row * memory_.value(at::height));
}

Duration VirtualGigeCamera::busy() const {
    const hal::CameraSettings s = settings();
    return s.trigger_delay + s.exposure + readout();
}

}  // namespace opal::sim
