// VirtualU3vCamera: what every USB device answers: descriptors, and halting of endpoints.
#include "sim/instruments/u3v/virtual_u3v_camera.h"

#include <fmt/format.h>

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

// A device whose interfaces come in groups [USB 2.0, Interface Association Descriptors].
UsbPersonality VirtualU3vCamera::usb_personality(const U3vCameraOptions& options) {
    UsbPersonality personality;
    personality.speed = options.speed >= u3v::super_speed ? protocol::usbip::Speed::super
                                                          : protocol::usbip::Speed::high;
    personality.class_code = 0xEF;
    personality.subclass = 2;
    personality.protocol = 1;
    return personality;
}

UsbGadget::Answer VirtualU3vCamera::descriptor(std::uint16_t value) const {
    const bool super = options_.speed >= u3v::super_speed;
    switch (value >> 8) {
        case 1:
            return device_descriptor(usb_info(options_), usb_personality(options_));
        case 2:
            return u3v::encode_configuration(interfaces_of(options_), options_.speed);
        case 3:
            switch (value & 0xFFu) {
                case 0:
                    return language_descriptor();
                case manufacturer:
                    return string_descriptor("OPAL");
                case product:
                    return string_descriptor(options_.model);
                case serial:
                    return string_descriptor(options_.serial);
                case guid:
                    return string_descriptor(guid_of(options_));
                case family:
                    return string_descriptor("virtual cameras");
                case version:
                    return string_descriptor("1.0");
                case info:
                    return string_descriptor("a camera that does not exist");
                case user:
                    return string_descriptor(options_.user_name);
                default:
                    return std::nullopt;
            }
        case 15:
            if (super) return object_store_descriptor();
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
        if (endpoint != command_endpoint && endpoint != ack_endpoint && endpoint != stream_endpoint)
            return std::nullopt;
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
    const bool bare = endpoint == stream_endpoint && !halted_;
    if (endpoint == stream_endpoint) halted_ = false;
    if (bare && options_.keeps_unread) return;
    usb_.flush(endpoint);
}

}  // namespace opal::sim
