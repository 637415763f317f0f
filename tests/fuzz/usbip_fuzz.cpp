// Fuzz target: USB/IP (protocol/usbip.h). What decodes is written back as the same bytes where the
// format leaves nothing over.
#include "tests/fuzz/fuzz_target.h"

#include "protocol/usbip.h"

#include <algorithm>

namespace opal::fuzz {

namespace usbip = protocol::usbip;

namespace {

Bytes seed_of(std::span<const std::byte> bytes) {
    Bytes seed;
    for (const std::byte b : bytes) seed.push_back(std::to_integer<std::uint8_t>(b));
    return seed;
}

}  // namespace

std::vector<Bytes> seeds() {
    usbip::Device device;
    device.path = "/bench";
    device.bus_id = "1-1";
    device.interfaces = {{3, 0, 0}, {0xEF, 5, 2}};
    return {
        seed_of(usbip::encode_list_request()),
        seed_of(usbip::encode_import_request("1-1")),
        seed_of(usbip::encode_import_reply(device)),
        seed_of(usbip::encode_list_reply({&device, 1})),
        seed_of(usbip::encode(usbip::Submit{1, 0x10001, true, 1, 0, 64, 0, 0, 4, {}})),
        seed_of(usbip::encode(usbip::Unlink{2, 0x10001, true, 1, 1})),
        seed_of(usbip::encode(usbip::Submitted{1, usbip::status::stalled, 0})),
        seed_of(usbip::encode(usbip::Unlinked{2, usbip::status::connection_reset})),
    };
}

std::vector<std::string> words() {
    return {std::string("\x01\x11\x80\x05", 4), std::string("\x01\x11\x00\x03", 4),
            std::string("\0\0\0\1", 4), std::string("\0\0\0\4", 4), "\xFF\xFF\xFF\xFF"};
}

void feed(std::span<const std::byte> input) {
    if (const auto message = usbip::decode_urb(input)) {
        const auto again = usbip::decode_urb(usbip::encode(*message));
        require(again == message, "a transfer is written and read back as itself");
    }
    const auto header = usbip::decode_operation(input);
    if (!header) return;
    const auto body = input.subspan(usbip::operation_bytes);
    if (const auto bus_id = usbip::decode_bus_id(body))
        require(bus_id->size() < usbip::bus_id_bytes, "a bus id stays in its room");
    if (const auto device = usbip::decode_imported(body)) {
        const auto again = usbip::encode_import_reply(*device);
        require(usbip::decode_imported(std::span(again).subspan(usbip::operation_bytes)) == device,
                "a device is written and read back as itself");
    }
    if (const auto list = usbip::decode_list(body)) {
        require(list->length <= body.size(), "a list ends inside of its bytes");
        const auto again = usbip::encode_list_reply(list->devices);
        require(again.size() == usbip::operation_bytes + list->length, "and is as long again");
    }
}

}  // namespace opal::fuzz
