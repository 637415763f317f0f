// VirtualU3vCamera: the registers of USB3 Vision: what they hold at first, what may be written to
// them, and what follows from it.
#include "sim/instruments/u3v/virtual_u3v_camera.h"

#include "protocol/little_endian.h"
#include "protocol/u3v_manifest.h"
#include "protocol/u3v_registers.h"
#include "protocol/u3v_stream.h"
#include "sim/instruments/genicam/camera_registers.h"
#include "sim/instruments/u3v/u3v_description.h"

#include <array>
#include <span>

namespace opal::sim {

namespace u3v = protocol::u3v;
namespace abrm = protocol::u3v::abrm;
namespace sbrm = protocol::u3v::sbrm;
namespace sirm = protocol::u3v::sirm;
using Access = CameraMemory::Access;

namespace {

// The sizes of real cameras [Allied Vision 1800 U-500c].
constexpr std::uint32_t manifest_address = 0x30000;
constexpr std::uint32_t longest_packet = 0x400;

}  // namespace

void VirtualU3vCamera::set_wide(std::uint32_t address, std::uint64_t value) {
    memory_.set(address, static_cast<std::uint32_t>(value));
    memory_.set(address + 4, static_cast<std::uint32_t>(value >> 32));
}

void VirtualU3vCamera::fill_memory(const SensorScene& sensor) {
    const auto fixed = [&](std::uint32_t address, std::uint32_t value) {
        memory_.add(address, {value, Access::read});
    };
    const auto wide = [&](std::uint32_t address, std::uint64_t value) {
        fixed(address, 0);
        fixed(address + 4, 0);
        set_wide(address, value);
    };
    fixed(abrm::gencp_version, 0x00010002);
    const auto text = [&](std::uint32_t address, std::string_view value) {
        memory_.add_text(address, value, abrm::text_size, address == abrm::user_name);
    };
    text(abrm::manufacturer, "OPAL");
    text(abrm::model, options_.model);
    text(abrm::family, "virtual cameras");
    text(abrm::device_version, "1.0");
    text(abrm::manufacturer_info, "a camera that does not exist");
    text(abrm::serial, options_.serial);
    text(abrm::user_name, options_.user_name);
    wide(abrm::capability, u3v::has_user_name | u3v::has_family);
    fixed(abrm::max_response_ms, options_.max_response_ms);
    wide(abrm::manifest, manifest_address);
    wide(abrm::sbrm, sbrm_address);
    wide(abrm::configuration, 0);
    fixed(abrm::heartbeat_ms, 0);
    fixed(abrm::message_channel, 0);
    wide(abrm::timestamp, 0);
    memory_.add(abrm::timestamp_latch, {0, Access::write, 1, 1});
    wide(abrm::timestamp_increment, 1);
    fixed(abrm::access_privilege, 0);
    fixed(abrm::protocol_endianness, 0xFFFFFFFF);
    fixed(abrm::implementation_endianness, 0xFFFFFFFF);

    fixed(sbrm_address + sbrm::u3v_version, 0x00010000);
    wide(sbrm_address + sbrm::capability, u3v::has_stream);
    wide(sbrm_address + sbrm::configuration, 0);
    fixed(sbrm_address + sbrm::max_command, longest_packet);
    fixed(sbrm_address + sbrm::max_ack, longest_packet);
    fixed(sbrm_address + sbrm::stream_channels, 1);
    wide(sbrm_address + sbrm::sirm, sirm_address);
    fixed(sbrm_address + sbrm::sirm_length, sirm::end);
    wide(sbrm_address + sbrm::eirm, 0);
    fixed(sbrm_address + sbrm::eirm_length, 0);
    wide(sbrm_address + sbrm::iidc2, 0);
    fixed(sbrm_address + sbrm::speed, options_.speed);

    fixed(sirm_address + sirm::info, options_.alignment_bits << 24);
    memory_.add(sirm_address + sirm::control, {0, Access::both, 0, 1});
    wide(sirm_address + sirm::required_payload, 0);
    fixed(sirm_address + sirm::required_leader, u3v::image_leader_size);
    fixed(sirm_address + sirm::required_trailer, u3v::image_and_chunks_trailer_size);
    for (const std::uint32_t size : {sirm::max_leader, sirm::transfer_size, sirm::transfer_count,
                                     sirm::final_1, sirm::final_2, sirm::max_trailer})
        memory_.add(sirm_address + size, {0, Access::both});

    const std::string xml = u3v_camera_description(sensor);
    memory_.add_bytes(camera_register::description_address,
                      std::as_bytes(std::span(xml.data(), xml.size())), false);
    std::array<std::byte, 8 + u3v::manifest_entry_size> manifest{};
    protocol::store_le64(manifest.data(), 1);
    u3v::ManifestEntry entry;
    entry.address = camera_register::description_address;
    entry.size = xml.size();
    u3v::encode_manifest_entry(entry, std::span(manifest).subspan(8));
    memory_.add_bytes(manifest_address, manifest, false);
    refresh();
}

void VirtualU3vCamera::restart() {
    for (std::uint32_t at = sirm::max_leader; at < sirm::end; at += 4)
        memory_.set(sirm_address + at, 0);
    memory_.set(sirm_address + sirm::control, 0);
    memory_.set(camera_register::parameters_locked, 0);
    clear_halt(stream_endpoint);
}

void VirtualU3vCamera::refresh() {
    body_.refresh();
    set_wide(sirm_address + sirm::required_payload, body_.payload_bytes());
}

bool VirtualU3vCamera::stream_on() const {
    return memory_.value(sirm_address + sirm::control) == sirm::stream_on;
}

// The transfers the host has announced have to take what a frame needs.
VirtualU3vCamera::Status VirtualU3vCamera::check_stream_sizes() const {
    const auto of = [&](std::uint32_t at) {
        return std::uint64_t{memory_.value(sirm_address + at)};
    };
    const std::uint64_t alignment = std::uint64_t{1} << options_.alignment_bits;
    for (const std::uint32_t size : {sirm::transfer_size, sirm::final_1, sirm::final_2})
        if (of(size) % alignment != 0) return Status::payload_size_not_aligned;
    const std::uint64_t room =
        of(sirm::transfer_size) * of(sirm::transfer_count) + of(sirm::final_1) + of(sirm::final_2);
    // Empty transfers would carry nothing, up to 2^32 times a frame.
    const bool empty = of(sirm::transfer_size) == 0 && of(sirm::transfer_count) > 0;
    const bool enough = !empty && room >= body_.payload_bytes() &&
                        of(sirm::max_leader) >= of(sirm::required_leader) &&
                        of(sirm::max_trailer) >= of(sirm::required_trailer);
    return enough ? Status::success : Status::stream_registers_inconsistent;
}

VirtualU3vCamera::Status VirtualU3vCamera::check(std::uint32_t address, std::uint32_t value) const {
    if (address >= sirm_address + sirm::max_leader && address < sirm_address + sirm::end)
        return stream_on() ? Status::access_denied : Status::success;
    if (address == sirm_address + sirm::control && value == sirm::stream_on)
        return halted_ ? Status::stream_endpoint_halted : check_stream_sizes();
    if (stream_on() && CameraBody::shapes_frames(address)) return Status::access_denied;
    return static_cast<Status>(body_.check(address, value));  // the same numbers
}

void VirtualU3vCamera::apply(std::uint32_t address, std::uint32_t value) {
    switch (address) {
        case abrm::timestamp_latch:
            return set_wide(abrm::timestamp, static_cast<std::uint64_t>(body_.now().count()));
        case sirm_address + sirm::control:
            if (value != sirm::stream_on && !options_.keeps_unread) usb_.flush(stream_endpoint);
            return;
        case camera_register::acquisition_start:
            dropped_ = 0;
            return body_.apply(address);
        default:
            return body_.apply(address);
    }
}

}  // namespace opal::sim
