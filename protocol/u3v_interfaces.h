// USB3 Vision interfaces: which interfaces and endpoints of a USB device make it a camera, from its
// configuration descriptor [USB3 Vision 1.0, section 3]. Interfaces of class EF, subclass 05 are
// told apart by their protocol number:
//
//   00 control   bulk OUT (commands), bulk IN (acknowledges); device info descriptor behind it
//   01 events    bulk IN, optional
//   02 stream    bulk IN, optional
//
// Rule: nothing here throws or reads past its span.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace opal::protocol::u3v {

struct Channel {
    int interface = 0;
    std::uint8_t out = 0;  // endpoint address; control only
    std::uint8_t in = 0;
    std::uint16_t packet_bytes = 0;  // of the IN endpoint
    bool operator==(const Channel&) const = default;
};

// The class-specific descriptor behind the control interface. Texts are indices of string
// descriptors, 0: none.
struct DeviceInfo {
    std::uint16_t gencp_minor = 2;
    std::uint16_t gencp_major = 1;
    std::uint16_t u3v_minor = 0;
    std::uint16_t u3v_major = 1;
    std::uint8_t guid = 0;
    std::uint8_t vendor = 0;
    std::uint8_t model = 0;
    std::uint8_t family = 0;
    std::uint8_t device_version = 0;
    std::uint8_t manufacturer_info = 0;
    std::uint8_t serial = 0;
    std::uint8_t user_name = 0;
    std::uint8_t speeds = 0;  // 0x01 low, 0x02 full, 0x04 high, 0x08 super, 0x10 super plus
    bool operator==(const DeviceInfo&) const = default;
};
inline constexpr std::uint8_t high_speed = 0x04;
inline constexpr std::uint8_t super_speed = 0x08;

struct Interfaces {
    Channel control;
    std::optional<DeviceInfo> info;
    std::optional<Channel> events;
    std::optional<Channel> stream;
    bool operator==(const Interfaces&) const = default;
};

// Nothing if there is no control interface with both its endpoints: not such a camera.
std::optional<Interfaces> find_interfaces(std::span<const std::byte> configuration);

// The whole configuration descriptor of a camera with these channels; SuperSpeed endpoints have
// their companions, with bursts of 16 packets for the stream.
std::vector<std::byte> encode_configuration(const Interfaces& interfaces, std::uint8_t speed);

}  // namespace opal::protocol::u3v
