// GVCP identity: who a GigE Vision device says it is; the payload of a DISCOVERY acknowledge and
// the first 248 bytes of its registers [GigE Vision 2.2, section 18.1].
#pragma once

#include "protocol/gvcp.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace opal::protocol::gvcp {

inline constexpr std::size_t identity_size = 248;

// A string of fixed room, padded with 0 and not ended by one when full.
template <std::size_t Room>
struct FixedText {
    std::array<char, Room> characters{};

    std::string_view view() const {
        std::size_t length = 0;
        while (length < Room && characters[length] != '\0') ++length;
        return {characters.data(), length};
    }
    // What does not fit is cut off.
    void assign(std::string_view text) {
        characters = {};
        for (std::size_t i = 0; i < Room && i < text.size(); ++i) characters[i] = text[i];
    }
    bool operator==(const FixedText&) const = default;
};

struct Identity {
    std::uint16_t version_major = 2;
    std::uint16_t version_minor = 0;
    std::uint32_t device_mode = 0x80000001;  // big-endian transmitter, single link, UTF-8
    std::uint64_t mac = 0;                   // 48 bits
    std::uint32_t supported_ip_config = 0;
    std::uint32_t current_ip_config = 0;
    std::uint32_t ip = 0;
    std::uint32_t mask = 0;
    std::uint32_t gateway = 0;
    FixedText<32> manufacturer;
    FixedText<32> model;
    FixedText<32> device_version;
    FixedText<48> manufacturer_info;
    FixedText<16> serial;
    FixedText<16> user_name;
    bool operator==(const Identity&) const = default;
};

std::array<std::byte, identity_size> identity_registers(const Identity& identity);
std::size_t encode_discovery_ack(std::uint16_t id, const Identity& identity,
                                 std::span<std::byte> into);
std::optional<Identity> decode_identity(std::span<const std::byte> payload);

}  // namespace opal::protocol::gvcp
