// VirtualU3vCamera: what every USB device answers: descriptors, and halting of endpoints.
#include "sim/instruments/u3v/virtual_u3v_camera.h"

#include "protocol/little_endian.h"

#include <fmt/format.h>

#include <array>

namespace opal::sim {

namespace u3v = protocol::u3v;

namespace {

// Standard requests and descriptor types [USB 2.0, tables 9-4 and 9-5; USB 3.0, table 9-6].
constexpr std::uint8_t request_clear_feature = 1;
constexpr std::uint8_t request_set_feature = 3;
constexpr std::uint8_t request_get_descriptor = 6;
constexpr std::uint8_t request_set_configuration = 9;
constexpr std::uint8_t request_set_interface = 11;
constexpr std::uint8_t to_endpoint = 0x02;  // request types
constexpr std::uint8_t from_device = 0x80;
constexpr std::uint16_t endpoint_halt = 0;

// Numbers of string descriptors.
enum Text : std::uint8_t { manufacturer = 1, product, serial, guid, family, version, info, user };

// Vendor, and eight digits that tell two cameras apart: the serial number's FNV-1a hash.
std::string guid_of(const U3vCameraOptions& options) {
    std::uint32_t hash = 2166136261u;
    for (const char c : options.serial) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    return fmt::format("{:04X}{:08X}", VirtualU3vCamera::vendor_id, hash);
}

u3v::Interfaces interfaces_of(const U3vCameraOptions& options) {
    u3v::Interfaces interfaces;
    interfaces.control.interface = 0;
    interfaces.control.out = VirtualU3vCamera::command_endpoint;
    interfaces.control.in = VirtualU3vCamera::ack_endpoint;
    interfaces.stream.emplace();
    interfaces.stream->interface = 1;
    interfaces.stream->in = VirtualU3vCamera::stream_endpoint;
    u3v::DeviceInfo& texts = interfaces.info.emplace();
    texts.guid = guid;
    texts.vendor = manufacturer;
    texts.model = product;
    texts.family = family;
    texts.device_version = version;
    texts.manufacturer_info = info;
    texts.serial = serial;
    texts.user_name = options.user_name.empty() ? std::uint8_t{0} : std::uint8_t{user};
    texts.speeds = u3v::high_speed | u3v::super_speed;
    return interfaces;
}

std::vector<std::byte> bytes_of(std::initializer_list<unsigned> values) {
    std::vector<std::byte> bytes;
    for (const unsigned v : values) bytes.push_back(static_cast<std::byte>(v & 0xFFu));
    return bytes;
}

std::vector<std::byte> text_descriptor(std::string_view text) {
    std::vector<std::byte> bytes = bytes_of({static_cast<unsigned>(2 + 2 * text.size()), 3});
    for (const char c : text) protocol::append_le16(bytes, static_cast<unsigned char>(c));
    return bytes;
}

std::vector<std::byte> device_descriptor(bool super) {
    auto bytes = bytes_of(
        {18, 1, super ? 0x00u : 0x10u, super ? 0x03u : 0x02u, 0xEF, 2, 1, super ? 9u : 64u});
    protocol::append_le16(bytes, VirtualU3vCamera::vendor_id);
    protocol::append_le16(bytes, VirtualU3vCamera::product_id);
    protocol::append_le16(bytes, 0x0100);
    for (const unsigned b : {unsigned{manufacturer}, unsigned{product}, unsigned{serial}, 1u})
        protocol::append_u8(bytes, b);
    return bytes;
}

// Which speeds there are [USB 3.0, section 9.6.2].
std::vector<std::byte> speeds_descriptor() {
    return bytes_of({5,  15, 22, 0, 2,           //
                     7,  16, 2,  2, 0,    0, 0,  // USB 2.0 extension: link power management
                     10, 16, 3,  0, 0x0E, 0, 1, 10, 0xFF, 0x07});
}

}  // namespace

hal::UsbDeviceInfo VirtualU3vCamera::usb_info(const U3vCameraOptions& options) {
    hal::UsbDeviceInfo usb;
    usb.vendor_id = vendor_id;
    usb.product_id = product_id;
    usb.manufacturer = "OPAL";
    usb.product = options.model;
    usb.serial = options.serial;
    usb.place = "usb:memory";
    usb.configuration = u3v::encode_configuration(interfaces_of(options), options.speed);
    return usb;
}

UsbGadget::Answer VirtualU3vCamera::descriptor(std::uint16_t value) const {
    const bool super = options_.speed >= u3v::super_speed;
    switch (value >> 8) {
        case 1:
            return device_descriptor(super);
        case 2:
            return u3v::encode_configuration(interfaces_of(options_), options_.speed);
        case 3:
            switch (value & 0xFFu) {
                case 0:
                    return bytes_of({4, 3, 0x09, 0x04});  // English
                case manufacturer:
                    return text_descriptor("OPAL");
                case product:
                    return text_descriptor(options_.model);
                case serial:
                    return text_descriptor(options_.serial);
                case guid:
                    return text_descriptor(guid_of(options_));
                case family:
                    return text_descriptor("virtual cameras");
                case version:
                    return text_descriptor("1.0");
                case info:
                    return text_descriptor("a camera that does not exist");
                case user:
                    return text_descriptor(options_.user_name);
                default:
                    return std::nullopt;
            }
        case 15:
            if (super) return speeds_descriptor();
            return std::nullopt;
        default:
            return std::nullopt;
    }
}

UsbGadget::Answer VirtualU3vCamera::take_setup(const hal::UsbSetup& setup) {
    const std::lock_guard alive(body_.mutex());
    const std::vector<std::byte> done;
    if (setup.request_type == from_device && setup.request == request_get_descriptor)
        return descriptor(setup.value);
    if (setup.request_type == to_endpoint && setup.value == endpoint_halt) {
        const auto endpoint = static_cast<std::uint8_t>(setup.index & 0xFFu);
        if (setup.request == request_set_feature) halt(endpoint);
        if (setup.request == request_clear_feature) clear_halt(endpoint);
        return done;
    }
    if (setup.request == request_set_configuration || setup.request == request_set_interface)
        return done;
    return std::nullopt;
}

void VirtualU3vCamera::halt(std::uint8_t endpoint) {
    if (endpoint == stream_endpoint) halted_ = true;
    usb_.stall(endpoint);
}

// What was on its way is dropped: the next thing on the stream is a leader.
void VirtualU3vCamera::clear_halt(std::uint8_t endpoint) {
    if (endpoint == stream_endpoint) halted_ = false;
    usb_.flush(endpoint);
}

}  // namespace opal::sim
