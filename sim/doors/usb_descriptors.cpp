// UsbDescriptors: see usb_descriptors.h.
#include "sim/doors/usb_descriptors.h"

#include "protocol/little_endian.h"

#include <algorithm>
#include <string_view>

namespace opal::sim {

using protocol::append_le16;
using protocol::append_u8;
using protocol::usbip::Speed;

namespace {

enum Type : unsigned { device = 1, text = 3, interface_type = 4, endpoint_type = 5, store = 15 };

// Calls `see(descriptor)` for each: they follow one another, beginning with length and type
// [USB 2.0, section 9.5].
template <typename See>
void for_each(std::span<const std::byte> all, See&& see) {
    while (all.size() >= 2) {
        const auto length = std::to_integer<std::size_t>(all[0]);
        if (length < 2 || length > all.size()) return;
        see(all.first(length));
        all = all.subspan(length);
    }
}

std::uint8_t at(std::span<const std::byte> descriptor, std::size_t i) {
    return std::to_integer<std::uint8_t>(descriptor[i]);
}

}  // namespace

std::vector<UsbEndpoint> endpoints_of(std::span<const std::byte> configuration) {
    std::vector<UsbEndpoint> endpoints;
    int interface = 0;
    for_each(configuration, [&](std::span<const std::byte> d) {
        if (at(d, 1) == interface_type && d.size() >= 9) interface = at(d, 2);
        if (at(d, 1) != endpoint_type || d.size() < 7) return;
        const std::size_t packet = protocol::load_le16(&d[4]) & 0x7FFu;
        const bool known = std::any_of(endpoints.begin(), endpoints.end(),
                                       [&](const auto& e) { return e.address == at(d, 2); });
        if (!known) endpoints.push_back({at(d, 2), interface, std::max<std::size_t>(1, packet)});
    });
    return endpoints;
}

std::vector<UsbInterface> interfaces_of(std::span<const std::byte> configuration) {
    std::vector<UsbInterface> interfaces;
    for_each(configuration, [&](std::span<const std::byte> d) {
        if (at(d, 1) == interface_type && d.size() >= 9 && at(d, 3) == 0)
            interfaces.push_back({at(d, 2), at(d, 5), at(d, 6), at(d, 7)});
    });
    return interfaces;
}

std::vector<std::byte> device_descriptor(const hal::UsbDeviceInfo& info,
                                         const UsbPersonality& personality) {
    const bool super = personality.speed >= Speed::super;
    std::vector<std::byte> d;
    append_u8(d, 18);
    append_u8(d, device);
    append_le16(d, super ? 0x0300 : 0x0200);
    append_u8(d, personality.class_code);
    append_u8(d, personality.subclass);
    append_u8(d, personality.protocol);
    append_u8(d, super ? 9 : 64);  // packets of endpoint 0; of SuperSpeed as a power of two
    append_le16(d, info.vendor_id);
    append_le16(d, info.product_id);
    append_le16(d, personality.release);
    append_u8(d, info.manufacturer.empty() ? 0 : 1);
    append_u8(d, info.product.empty() ? 0 : 2);
    append_u8(d, info.serial.empty() ? 0 : 3);
    append_u8(d, 1);  // configuration
    return d;
}

std::vector<std::byte> string_descriptor(std::string_view characters) {
    const std::string_view fits = characters.substr(0, 126);
    std::vector<std::byte> d;
    append_u8(d, static_cast<std::uint32_t>(2 + 2 * fits.size()));
    append_u8(d, text);
    for (const char c : fits) append_le16(d, static_cast<unsigned char>(c));
    return d;
}

std::vector<std::byte> language_descriptor() {
    std::vector<std::byte> d;
    append_u8(d, 4);
    append_u8(d, text);
    append_le16(d, 0x0409);
    return d;
}

std::vector<std::byte> object_store_descriptor() {
    constexpr std::uint8_t bytes[] = {
        5,  store, 22, 0, 2,                        // 22 bytes, two capabilities
        7,  16,    2,  0, 0,    0, 0,               // USB 2.0 extension: no link power management
        10, 16,    3,  0, 0x0E, 0, 3, 10, 0xFF, 7,  // SuperSpeed: full to super, exit latencies
    };
    std::vector<std::byte> d;
    for (const std::uint8_t b : bytes) append_u8(d, b);
    return d;
}

}  // namespace opal::sim
