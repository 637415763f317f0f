// GVCP identity <-> bytes.
#include "protocol/gvcp_identity.h"

#include "protocol/big_endian.h"
#include "protocol/gvcp_registers.h"

#include <cstring>

namespace opal::protocol::gvcp {
namespace {

template <std::size_t Room>
void store_text(std::byte* to, const FixedText<Room>& text) {
    std::memcpy(to, text.characters.data(), Room);
}

template <std::size_t Room>
void load_text(const std::byte* from, FixedText<Room>& text) {
    std::memcpy(text.characters.data(), from, Room);
}

}  // namespace

std::array<std::byte, identity_size> identity_registers(const Identity& identity) {
    std::array<std::byte, identity_size> bytes{};
    store_be16(&bytes[reg::version], identity.version_major);
    store_be16(&bytes[reg::version + 2], identity.version_minor);
    store_be32(&bytes[reg::device_mode], identity.device_mode);
    store_be32(&bytes[reg::mac_high], static_cast<std::uint32_t>(identity.mac >> 32 & 0xFFFFu));
    store_be32(&bytes[reg::mac_low], static_cast<std::uint32_t>(identity.mac & 0xFFFFFFFFu));
    store_be32(&bytes[reg::supported_ip_config], identity.supported_ip_config);
    store_be32(&bytes[reg::current_ip_config], identity.current_ip_config);
    store_be32(&bytes[reg::current_ip], identity.ip);
    store_be32(&bytes[reg::subnet_mask], identity.mask);
    store_be32(&bytes[reg::gateway], identity.gateway);
    store_text(&bytes[reg::manufacturer], identity.manufacturer);
    store_text(&bytes[reg::model], identity.model);
    store_text(&bytes[reg::device_version], identity.device_version);
    store_text(&bytes[reg::manufacturer_info], identity.manufacturer_info);
    store_text(&bytes[reg::serial], identity.serial);
    store_text(&bytes[reg::user_name], identity.user_name);
    return bytes;
}

std::size_t encode_discovery_ack(std::uint16_t id, const Identity& identity,
                                 std::span<std::byte> into) {
    const auto payload = identity_registers(identity);
    return encode_ack({Status::success, ack_of(Command::discovery), id, payload}, into);
}

std::optional<Identity> decode_identity(std::span<const std::byte> payload) {
    if (payload.size() < identity_size) return std::nullopt;
    Identity identity;
    identity.version_major = load_be16(&payload[reg::version]);
    identity.version_minor = load_be16(&payload[reg::version + 2]);
    identity.device_mode = load_be32(&payload[reg::device_mode]);
    identity.mac = std::uint64_t{load_be16(&payload[reg::mac_high + 2])} << 32 |
                   load_be32(&payload[reg::mac_low]);
    identity.supported_ip_config = load_be32(&payload[reg::supported_ip_config]);
    identity.current_ip_config = load_be32(&payload[reg::current_ip_config]);
    identity.ip = load_be32(&payload[reg::current_ip]);
    identity.mask = load_be32(&payload[reg::subnet_mask]);
    identity.gateway = load_be32(&payload[reg::gateway]);
    load_text(&payload[reg::manufacturer], identity.manufacturer);
    load_text(&payload[reg::model], identity.model);
    load_text(&payload[reg::device_version], identity.device_version);
    load_text(&payload[reg::manufacturer_info], identity.manufacturer_info);
    load_text(&payload[reg::serial], identity.serial);
    load_text(&payload[reg::user_name], identity.user_name);
    return identity;
}

}  // namespace opal::protocol::gvcp
