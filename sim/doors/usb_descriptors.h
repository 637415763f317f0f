// UsbDescriptors: what a configuration descriptor says, and the descriptors a device has besides
// it [USB 2.0, section 9.6; USB 3.2, section 9.6].
#pragma once

#include "hal/usb_device.h"
#include "protocol/usbip.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace opal::sim {

struct UsbEndpoint {
    std::uint8_t address = 0;  // 0x81: IN 1
    int interface = 0;
    std::size_t packet_bytes = 64;
};
struct UsbInterface {
    int number = 0;
    std::uint8_t class_code = 0;
    std::uint8_t subclass = 0;
    std::uint8_t protocol = 0;
};
// In order; of interfaces with alternate settings the first. What is cut off at the end is not
// there.
std::vector<UsbEndpoint> endpoints_of(std::span<const std::byte> configuration);
std::vector<UsbInterface> interfaces_of(std::span<const std::byte> configuration);

// What a host asks for beyond hal::UsbDeviceInfo.
struct UsbPersonality {
    protocol::usbip::Speed speed = protocol::usbip::Speed::high;
    std::uint16_t release = 0x0100;
    std::uint8_t class_code = 0;  // 0: the interfaces say
    std::uint8_t subclass = 0;
    std::uint8_t protocol = 0;
    // Beside manufacturer, product and serial number, which are strings 1, 2 and 3.
    std::map<std::uint8_t, std::string> strings;
};

std::vector<std::byte> device_descriptor(const hal::UsbDeviceInfo& info,
                                         const UsbPersonality& personality);
// Two-byte characters after length and type; ASCII only.
std::vector<std::byte> string_descriptor(std::string_view text);
std::vector<std::byte> language_descriptor();  // string 0: English (United States)
// The binary object store of a SuperSpeed device.
std::vector<std::byte> object_store_descriptor();

}  // namespace opal::sim
