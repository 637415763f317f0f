// VirtualGigeCamera: control: who may do what, and the answers.
#include "sim/instruments/gige/virtual_gige_camera.h"

#include "hal/error.h"
#include "protocol/big_endian.h"
#include "protocol/gvcp_messages.h"
#include "protocol/gvcp_registers.h"
#include "sim/instruments/genicam/camera_registers.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace opal::sim {

using hal::Duration;
using hal::UdpAddress;
using namespace std::chrono_literals;
namespace gvcp = protocol::gvcp;
namespace reg = protocol::gvcp::reg;
using gvcp::Status;

namespace {

// A command repeated within this time is a retry: it gets the same answer and is not done again.
constexpr Duration remembered_for = 5s;
constexpr std::size_t remembered = 32;

}  // namespace

VirtualGigeCamera::VirtualGigeCamera(OpticalTable& table, const Scene& scene, hal::UdpPort& control,
                                     hal::UdpPort& stream, GigeCameraOptions options)
    : control_(control),
      options_(std::move(options)),
      stream_(stream, options_.faults),
      messages_(control),
      body_(table, scene.sensor, memory_, *this, options_.threads) {
    identity_.supported_ip_config = 7;
    identity_.current_ip_config = 6;
    identity_.ip = control.local().host;
    // A locally administered address that follows from the IP address: two cameras, two MACs.
    identity_.mac = 0x024F50000000u | (identity_.ip & 0xFFFFFFu);
    identity_.mask = options_.subnet_mask != 0   ? options_.subnet_mask
                     : identity_.ip >> 24 == 127 ? 0xFF000000u
                                                 : 0xFFFFFF00u;
    identity_.manufacturer.assign("OPAL");
    identity_.model.assign(options_.model);
    identity_.device_version.assign("1.0");
    identity_.manufacturer_info.assign("a camera that does not exist");
    identity_.serial.assign(options_.serial);
    identity_.user_name.assign(options_.user_name);
    fill_memory(scene.sensor);
    memory_.set(reg::stream_source_port, stream.local().port);
    memory_.set(reg::message_source_port, control.local().port);
}

VirtualGigeCamera::~VirtualGigeCamera() = default;

std::optional<UdpAddress> VirtualGigeCamera::owner() {
    const std::lock_guard alive(body_.mutex());
    return owner_;
}

void VirtualGigeCamera::set_faults(const StreamFaults& faults) {
    const std::lock_guard alive(body_.mutex());
    stream_.faults() = faults;
}

void VirtualGigeCamera::reboot() {
    const std::lock_guard alive(body_.mutex());
    body_.stop();
    restart();
    body_.set_defaults();
}

void VirtualGigeCamera::handle(UdpAddress from, std::span<const std::byte> datagram) {
    const std::lock_guard alive(body_.mutex());
    const auto command = gvcp::decode_command(datagram);
    if (!command) {
        if (owner_ && owner_->host == from.host) messages_.acknowledged(datagram);
        return;
    }
    if (owner_ == from) note_heartbeat();
    if (command->command == gvcp::Command::packet_resend) {
        // From the client's stream port, so its address alone is compared.
        const auto request = gvcp::decode_packet_resend(command->payload, command->extended_ids());
        if (request && owner_ && owner_->host == from.host) stream_.resend(*request);
        return;
    }
    if (repeated(from, datagram)) return;
    std::array<std::byte, gvcp::largest_datagram> ack;
    const std::size_t size = answer(from, *command, ack);
    if (size == 0 || !command->wants_ack()) return;
    const bool changes = command->command == gvcp::Command::write_register ||
                         command->command == gvcp::Command::write_memory;
    if (changes && owner_ == from) {  // of this client's time in control
        if (answered_.size() >= remembered) answered_.pop_front();
        answered_.push_back({from,
                             {datagram.begin(), datagram.end()},
                             {ack.begin(), ack.begin() + static_cast<std::ptrdiff_t>(size)},
                             body_.now()});
    }
    acknowledge(reachable(from, *command), std::span(ack).first(size));
}

void VirtualGigeCamera::acknowledge(UdpAddress to, std::span<const std::byte> ack) {
    try {
        control_.send(to, ack);
    } catch (const hal::DeviceError&) {
        // Nobody can be told that an answer could not be sent.
    }
}

// Somebody in another network who looks for cameras is answered so that everybody hears it, if
// they allow it.
UdpAddress VirtualGigeCamera::reachable(UdpAddress from,
                                        const gvcp::CommandDatagram& command) const {
    const bool neighbour = ((from.host ^ identity_.ip) & identity_.mask) == 0;
    const bool by_broadcast = command.command == gvcp::Command::discovery &&
                              (command.flags & gvcp::flag_broadcast_ack) != 0;
    return neighbour || !by_broadcast ? from : UdpAddress{hal::everyone, from.port};
}

bool VirtualGigeCamera::repeated(UdpAddress from, std::span<const std::byte> command) {
    while (!answered_.empty() && body_.now() - answered_.front().at > remembered_for)
        answered_.pop_front();
    for (const Answered& earlier : answered_) {
        if (earlier.from != from || !std::equal(earlier.command.begin(), earlier.command.end(),
                                                command.begin(), command.end()))
            continue;
        acknowledge(from, earlier.ack);
        return true;
    }
    return false;
}

std::size_t VirtualGigeCamera::answer(UdpAddress from, const gvcp::CommandDatagram& command,
                                      std::span<std::byte> ack) {
    switch (command.command) {
        case gvcp::Command::discovery:
            return gvcp::encode_discovery_ack(command.request_id, identity_, ack);
        case gvcp::Command::force_ip: {
            // A camera on loopback keeps its address; it answers who it is meant for.
            const auto force = gvcp::decode_force_ip(command.payload);
            if (!force || force->mac != identity_.mac || owner_) return 0;
            return gvcp::encode_empty_ack(Status::success, command.command, command.request_id,
                                          ack);
        }
        case gvcp::Command::read_register:
        case gvcp::Command::read_memory:
            return answer_reads(from, command, ack);
        case gvcp::Command::write_register:
        case gvcp::Command::write_memory:
            return answer_writes(from, command, ack);
        default:
            return gvcp::encode_empty_ack(Status::not_implemented, command.command,
                                          command.request_id, ack);
    }
}

Status VirtualGigeCamera::read_allowed(UdpAddress from) const {
    return exclusive_ && owner_ && *owner_ != from ? Status::access_denied : Status::success;
}

std::size_t VirtualGigeCamera::answer_reads(UdpAddress from, const gvcp::CommandDatagram& command,
                                            std::span<std::byte> ack) {
    const auto refuse = [&](Status status) {
        return gvcp::encode_empty_ack(status, command.command, command.request_id, ack);
    };
    const Status allowed = read_allowed(from);
    if (allowed != Status::success) return refuse(allowed);
    body_.refresh();
    if (command.command == gvcp::Command::read_register) {
        const auto addresses = gvcp::decode_read_registers(command.payload);
        if (!addresses) return refuse(Status::invalid_header);
        std::array<std::uint32_t, gvcp::largest_payload / 4> values{};
        if (addresses->size() > values.size()) return refuse(Status::invalid_parameter);
        for (std::size_t i = 0; i < addresses->size(); ++i) {
            const Status status = memory_.read((*addresses)[i], values[i]);
            if (status != Status::success) return refuse(status);
        }
        return gvcp::encode_register_values(command.request_id,
                                            std::span(values).first(addresses->size()), ack);
    }
    const auto range = gvcp::decode_read_memory(command.payload);
    if (!range) return refuse(Status::invalid_header);
    if (range->address % 4 != 0 || range->count % 4 != 0) return refuse(Status::bad_alignment);
    if (range->count == 0 || range->count > gvcp::largest_memory)
        return refuse(Status::invalid_parameter);
    std::array<std::byte, gvcp::largest_memory> data{};
    for (std::uint32_t offset = 0; offset < range->count; offset += 4) {
        std::uint32_t value = 0;
        const Status status = memory_.read(range->address + offset, value);
        if (status != Status::success) return refuse(status);
        protocol::store_be32(&data[offset], value);
    }
    return gvcp::encode_memory_values(command.request_id,
                                      {range->address, std::span(data).first(range->count)}, ack);
}

std::size_t VirtualGigeCamera::answer_writes(UdpAddress from, const gvcp::CommandDatagram& command,
                                             std::span<std::byte> ack) {
    const auto answer = [&](Status status, std::size_t done) {
        return gvcp::encode_write_ack(status, command.command, command.request_id,
                                      static_cast<std::uint16_t>(done), ack);
    };
    if (command.command == gvcp::Command::write_register) {
        const auto writes = gvcp::decode_write_registers(command.payload);
        if (!writes) return answer(Status::invalid_header, 0);
        for (std::size_t i = 0; i < writes->size(); ++i) {
            const Status status = write(from, (*writes)[i].address, (*writes)[i].value);
            if (status != Status::success) return answer(status, i);
        }
        return answer(Status::success, writes->size());
    }
    const auto memory = gvcp::decode_write_memory(command.payload);
    if (!memory || memory->data.empty()) return answer(Status::invalid_header, 0);
    if (memory->address % 4 != 0 || memory->data.size() % 4 != 0)
        return answer(Status::bad_alignment, 0);
    for (std::size_t offset = 0; offset < memory->data.size(); offset += 4) {
        const Status status = write(from, memory->address + static_cast<std::uint32_t>(offset),
                                    protocol::load_be32(&memory->data[offset]));
        if (status != Status::success) return answer(status, offset);
    }
    return answer(Status::success, memory->data.size());
}

Status VirtualGigeCamera::write(UdpAddress from, std::uint32_t address, std::uint32_t value) {
    if (address == reg::control_privilege) return take_or_give_control(from, value);
    if (owner_ != from) return Status::access_denied;
    const Status possible = memory_.check_write(address, value);
    if (possible != Status::success) return possible;
    const Status allowed = check_setting(address, value);
    if (allowed != Status::success) return allowed;
    memory_.write(address, value);
    apply(address, value);
    return Status::success;
}

Status VirtualGigeCamera::take_or_give_control(UdpAddress from, std::uint32_t value) {
    if (owner_ && *owner_ != from) return Status::access_denied;
    // Nobody can be handed control: there is no switchover.
    constexpr std::uint32_t possible = gvcp::control_access | gvcp::exclusive_access;
    if ((value & ~possible) != 0) return Status::invalid_parameter;
    const std::uint32_t wanted = value & possible;
    if (wanted == 0) {
        release_control();
        return Status::success;
    }
    owner_ = from;
    exclusive_ = (wanted & gvcp::exclusive_access) != 0;
    memory_.set(reg::control_privilege, value);
    memory_.set(reg::application_ip, from.host);
    memory_.set(reg::application_port, from.port);
    note_heartbeat();
    return Status::success;
}

void VirtualGigeCamera::release_control() {
    body_.stop();
    owner_.reset();
    exclusive_ = false;
    for (const std::uint32_t address :
         {reg::control_privilege, reg::application_ip, reg::application_port, reg::stream_port,
          reg::stream_destination, reg::message_port, reg::message_destination,
          camera_register::parameters_locked})
        memory_.set(address, 0);
    aim_stream();
    stream_.forget_all();
    answered_.clear();
}

void VirtualGigeCamera::note_heartbeat() {
    last_heartbeat_ = body_.now();
    watch_heartbeat();
}

// The timeout may have become shorter meanwhile; a look that comes too early looks again.
void VirtualGigeCamera::watch_heartbeat() {
    const Duration due =
        last_heartbeat_ + std::chrono::milliseconds(memory_.value(reg::heartbeat_timeout));
    if (heartbeat_look_ && *heartbeat_look_ <= due) return;
    heartbeat_look_ = due;
    body_.call_at(due, [this, due] {
        if (heartbeat_look_ == due) check_heartbeat();
    });
}

void VirtualGigeCamera::check_heartbeat() {
    heartbeat_look_.reset();
    if (!owner_) return;
    const auto timeout = std::chrono::milliseconds(memory_.value(reg::heartbeat_timeout));
    const bool off = (memory_.value(reg::control_config) & gvcp::heartbeat_off) != 0;
    if (off) return;  // watched again with the next command
    if (body_.now() >= last_heartbeat_ + timeout) return release_control();
    watch_heartbeat();
}

}  // namespace opal::sim
