// VirtualGigeCamera: the registers of GigE Vision: what they hold at first, what may be written to
// them, and what follows from it.
#include "sim/instruments/genicam/camera_registers.h"
#include "sim/instruments/gige/gige_description.h"
#include "sim/instruments/gige/virtual_gige_camera.h"

#include "protocol/gvcp_registers.h"

#include <fmt/format.h>

#include <span>

namespace opal::sim {

namespace gvcp = protocol::gvcp;
namespace reg = protocol::gvcp::reg;
namespace at = camera_register;
using gvcp::Status;

namespace {

using Access = CameraMemory::Access;

constexpr std::uint32_t tick_hz = 1000000000;  // time stamps count nanoseconds
}  // namespace

void VirtualGigeCamera::fill_memory(const SensorScene& sensor) {
    memory_.add_bytes(0, gvcp::identity_registers(identity_), false);
    memory_.add_text(reg::user_name, options_.user_name, 16, true);
    const std::string xml = gige_camera_description(sensor, options_.pixel_formats);
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
    fixed(reg::message_channels, 1);
    fixed(reg::stream_channels, 1);
    fixed(reg::action_signals, 0);
    fixed(reg::active_links, 1);
    fixed(reg::stream_capability, gvcp::tells_source_port | gvcp::can_16_bit_ids);
    fixed(reg::message_capability, 0);
    fixed(reg::control_capability,
          gvcp::can_user_name | gvcp::can_serial | gvcp::can_disable_heartbeat |
              gvcp::can_link_speed | gvcp::can_tell_application | gvcp::can_resend |
              gvcp::can_event | gvcp::can_write_memory | gvcp::can_concatenate);
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
    memory_.add(reg::message_port, {0, Access::both, 0, 0xFFFF});
    memory_.add(reg::message_destination, {0, Access::both});
    memory_.add(reg::message_timeout, {200, Access::both, 1, 10000});
    memory_.add(reg::message_retries, {3, Access::both, 0, 100});
    fixed(reg::message_source_port, 0);
    memory_.add(at::event_notification, {0, Access::both, 0, 1});
    memory_.add(reg::heartbeat_timeout, {3000, Access::both, 500, 600000});
    memory_.add(reg::stream_config, {0, Access::both});
    memory_.add(reg::stream_port, {0, Access::both, 0, 0xFFFF});
    memory_.add(reg::stream_packet_size, {0, Access::both});
    memory_.add(reg::stream_packet_delay, {0, Access::both, 0, tick_hz});
    memory_.add(reg::stream_destination, {0, Access::both});

    load_defaults();
}

void VirtualGigeCamera::load_defaults() {
    for (const std::uint32_t zero :
         {reg::control_config, reg::stream_config, reg::stream_packet_delay})
        memory_.set(zero, 0);
    memory_.set(reg::heartbeat_timeout, 3000);
    memory_.set(reg::message_timeout, 200);
    memory_.set(reg::message_retries, 3);
    memory_.set(at::event_notification, 0);
    memory_.set(reg::stream_packet_size, gvcp::do_not_fragment | 1500);
}

void VirtualGigeCamera::restart() {
    release_control();
    load_defaults();
    answered_.clear();
}

void VirtualGigeCamera::aim_stream() {
    stream_.set_destination({memory_.value(reg::stream_destination),
                             static_cast<std::uint16_t>(memory_.value(reg::stream_port))});
}

bool VirtualGigeCamera::can_stream() const {
    return memory_.value(reg::stream_port) != 0 && memory_.value(reg::stream_destination) != 0;
}

Status VirtualGigeCamera::check_setting(std::uint32_t address, std::uint32_t value) const {
    if (address == reg::stream_config && body_.locked()) return Status::access_denied;
    if (address != reg::stream_packet_size) return body_.check(address, value);
    const std::uint32_t size = value & gvcp::packet_size_mask;
    const bool same = size == (memory_.value(address) & gvcp::packet_size_mask);
    if (body_.acquiring() && !same) return Status::access_denied;
    const bool fits = (value & gvcp::big_endian_pixels) == 0 && size % 4 == 0 &&
                      size >= GigeStream::smallest_packet && size <= GigeStream::largest_packet;
    return fits ? Status::success : Status::invalid_parameter;
}

void VirtualGigeCamera::apply(std::uint32_t address, std::uint32_t value) {
    switch (address) {
        case reg::heartbeat_timeout:
            watch_heartbeat();
            break;
        case reg::stream_port:
        case reg::stream_destination:
            aim_stream();
            if (can_stream()) break;
            body_.stop();
            stream_.drop_waiting();
            break;
        case at::acquisition_stop:
            body_.apply(address);
            stream_.drop_waiting();
            break;
        case reg::timestamp_control: {
            if (value & gvcp::timestamp_reset) timestamp_zero_ = body_.now();
            const auto ticks = static_cast<std::uint64_t>((body_.now() - timestamp_zero_).count());
            memory_.set(reg::timestamp_high, static_cast<std::uint32_t>(ticks >> 32));
            memory_.set(reg::timestamp_low, static_cast<std::uint32_t>(ticks));
            break;
        }
        case reg::stream_packet_size:
            if ((value & gvcp::fire_test_packet) == 0) break;
            memory_.set(address, value & ~gvcp::fire_test_packet);
            stream_.send_test_packet(value & gvcp::packet_size_mask);
            break;
        default:
            body_.apply(address);
            break;
    }
}

}  // namespace opal::sim
