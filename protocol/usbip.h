// USB/IP: USB transfers over TCP, as the Linux kernel's vhci_hcd asks for them
// [Documentation/usb/usbip_protocol.rst, version 1.1.1]. All numbers are big-endian.
//
//   host: list or import    01 11 80 05 00 00 00 00              8 bytes, of an import + 32 of name
//   server                  01 11 00 05 00 00 00 00 ...
//   then, imported          host: Submit, Unlink      server: Submitted, Unlinked    48 bytes each
//
// Rules: an unlinked transfer is answered by Unlinked{connection_reset} alone; one that was
// completed before, by its Submitted and Unlinked{0}. What an endpoint is (bulk, interrupt) is not
// in the messages: the descriptors say. Nothing here reads beyond its span.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace opal::protocol::usbip {

inline constexpr std::uint16_t default_port = 3240;
inline constexpr std::size_t operation_bytes = 8;
inline constexpr std::size_t bus_id_bytes = 32;
inline constexpr std::size_t device_bytes = 312;
inline constexpr std::size_t urb_bytes = 48;

enum class Operation : std::uint16_t {
    list_request = 0x8005,
    list_reply = 0x0005,
    import_request = 0x8003,
    import_reply = 0x0003,
};
struct OperationHeader {
    Operation operation = Operation::list_request;
    std::uint32_t status = 0;  // of a reply; 0: well
    bool operator==(const OperationHeader&) const = default;
};

enum class Speed : std::uint32_t { low = 1, full = 2, high = 3, super = 5, super_plus = 6 };

struct Interface {
    std::uint8_t class_code = 0;
    std::uint8_t subclass = 0;
    std::uint8_t protocol = 0;
    bool operator==(const Interface&) const = default;
};

struct Device {
    std::string path;    // up to 255 characters, "/sys/devices/..."
    std::string bus_id;  // up to 31, "1-1"
    std::uint32_t bus = 0;
    std::uint32_t number = 0;
    Speed speed = Speed::high;
    std::uint16_t vendor_id = 0;
    std::uint16_t product_id = 0;
    std::uint16_t release = 0;  // bcdDevice
    std::uint8_t class_code = 0;
    std::uint8_t subclass = 0;
    std::uint8_t protocol = 0;
    std::uint8_t configuration = 0;  // the active one
    std::uint8_t configurations = 1;
    std::vector<Interface> interfaces;  // listed, not imported; of an imported one only their count
    bool operator==(const Device&) const = default;
};

std::vector<std::byte> encode_list_request();
std::vector<std::byte> encode_list_reply(std::span<const Device> devices);
std::vector<std::byte> encode_import_request(std::string_view bus_id);
std::vector<std::byte> encode_import_reply(const Device& device);
std::vector<std::byte> encode_import_refusal();

// The first operation_bytes; another version or an unknown operation is none.
std::optional<OperationHeader> decode_operation(std::span<const std::byte> bytes);
// What follows them. `bytes` may be longer than a reply: `length` says what it took.
std::optional<std::string> decode_bus_id(std::span<const std::byte> bytes);
std::optional<Device> decode_imported(std::span<const std::byte> bytes);
struct DeviceList {
    std::vector<Device> devices;
    std::size_t length = 0;
};
std::optional<DeviceList> decode_list(std::span<const std::byte> bytes);

// Linux error numbers that end a transfer.
namespace status {
inline constexpr std::int32_t good = 0, shut_down = -108, connection_reset = -104, stalled = -32,
                              overflow = -75, short_read = -121, bad_request = -22;
}

// Transfer flags of the kernel that a device has to heed.
inline constexpr std::uint32_t short_not_ok = 0x0001;

struct Submit {
    std::uint32_t sequence = 0;
    std::uint32_t device = 0;  // bus << 16 | number
    bool in = false;
    std::uint32_t endpoint = 0;  // without the direction bit
    std::uint32_t flags = 0;
    std::uint32_t length = 0;  // of the buffer; if !in, so many bytes follow
    std::uint32_t start_frame = 0;
    std::uint32_t packets = 0;  // isochronous only; otherwise 0 or 0xFFFFFFFF
    std::uint32_t interval = 0;
    std::array<std::byte, 8> setup{};
    bool operator==(const Submit&) const = default;
};
struct Unlink {
    std::uint32_t sequence = 0;
    std::uint32_t device = 0;
    bool in = false;
    std::uint32_t endpoint = 0;
    std::uint32_t unlinked = 0;  // the sequence of the transfer
    bool operator==(const Unlink&) const = default;
};
struct Submitted {
    std::uint32_t sequence = 0;
    std::int32_t status = 0;
    std::uint32_t length = 0;  // moved; of a read, so many bytes follow
    bool operator==(const Submitted&) const = default;
};
struct Unlinked {
    std::uint32_t sequence = 0;
    std::int32_t status = 0;
    bool operator==(const Unlinked&) const = default;
};
using UrbMessage = std::variant<Submit, Unlink, Submitted, Unlinked>;
using UrbHeader = std::array<std::byte, urb_bytes>;

UrbHeader encode(const UrbMessage& message);
// The first urb_bytes. Unknown commands, directions and endpoints above 15 are none.
std::optional<UrbMessage> decode_urb(std::span<const std::byte> bytes);

}  // namespace opal::protocol::usbip
