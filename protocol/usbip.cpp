// USB/IP messages <-> bytes.
#include "protocol/usbip.h"

#include "protocol/big_endian.h"

#include <algorithm>

namespace opal::protocol::usbip {
namespace {

constexpr std::uint16_t version = 0x0111;
constexpr std::size_t path_bytes = 256;

enum class Command : std::uint32_t { submit = 1, unlink = 2, submitted = 3, unlinked = 4 };

void append_header(std::vector<std::byte>& to, Operation operation, std::uint32_t status) {
    to.resize(to.size() + operation_bytes);
    std::byte* const at = to.data() + to.size() - operation_bytes;
    store_be16(at, version);
    store_be16(at + 2, static_cast<std::uint16_t>(operation));
    store_be32(at + 4, status);
}

// Padded with zeros; the last byte of the room always is one.
void append_text(std::vector<std::byte>& to, std::string_view text, std::size_t room) {
    const std::size_t begin = to.size();
    to.resize(begin + room);
    const std::string_view fits = text.substr(0, room - 1);
    std::transform(fits.begin(), fits.end(), to.begin() + static_cast<std::ptrdiff_t>(begin),
                   [](char c) { return static_cast<std::byte>(c); });
}

std::optional<std::string> load_text(std::span<const std::byte> room) {
    const auto end = std::find(room.begin(), room.end(), std::byte{0});
    if (end == room.end()) return std::nullopt;
    std::string text;
    std::transform(room.begin(), end, std::back_inserter(text),
                   [](std::byte b) { return static_cast<char>(b); });
    return text;
}

void append_device(std::vector<std::byte>& to, const Device& device) {
    append_text(to, device.path, path_bytes);
    append_text(to, device.bus_id, bus_id_bytes);
    std::array<std::byte, device_bytes - path_bytes - bus_id_bytes> rest{};
    store_be32(&rest[0], device.bus);
    store_be32(&rest[4], device.number);
    store_be32(&rest[8], static_cast<std::uint32_t>(device.speed));
    store_be16(&rest[12], device.vendor_id);
    store_be16(&rest[14], device.product_id);
    store_be16(&rest[16], device.release);
    rest[18] = std::byte{device.class_code};
    rest[19] = std::byte{device.subclass};
    rest[20] = std::byte{device.protocol};
    rest[21] = std::byte{device.configuration};
    rest[22] = std::byte{device.configurations};
    rest[23] = static_cast<std::byte>(device.interfaces.size());
    to.insert(to.end(), rest.begin(), rest.end());
}

std::optional<Device> load_device(std::span<const std::byte> bytes) {
    if (bytes.size() < device_bytes) return std::nullopt;
    Device device;
    const auto path = load_text(bytes.first(path_bytes));
    const auto bus_id = load_text(bytes.subspan(path_bytes, bus_id_bytes));
    if (!path || !bus_id) return std::nullopt;
    const auto rest = bytes.subspan(path_bytes + bus_id_bytes);
    const auto byte = [&](std::size_t i) { return std::to_integer<std::uint8_t>(rest[i]); };
    device.path = *path;
    device.bus_id = *bus_id;
    device.bus = load_be32(&rest[0]);
    device.number = load_be32(&rest[4]);
    device.speed = static_cast<Speed>(load_be32(&rest[8]));
    device.vendor_id = load_be16(&rest[12]);
    device.product_id = load_be16(&rest[14]);
    device.release = load_be16(&rest[16]);
    device.class_code = byte(18);
    device.subclass = byte(19);
    device.protocol = byte(20);
    device.configuration = byte(21);
    device.configurations = byte(22);
    device.interfaces.resize(byte(23));
    return device;
}

// The five words that begin every message of an imported device.
void store_basic(UrbHeader& to, Command command, std::uint32_t sequence, std::uint32_t device = 0,
                 bool in = false, std::uint32_t endpoint = 0) {
    store_be32(&to[0], static_cast<std::uint32_t>(command));
    store_be32(&to[4], sequence);
    store_be32(&to[8], device);
    store_be32(&to[12], in ? 1 : 0);
    store_be32(&to[16], endpoint);
}

struct Encoder {
    UrbHeader& to;

    void operator()(const Submit& m) const {
        store_basic(to, Command::submit, m.sequence, m.device, m.in, m.endpoint);
        store_be32(&to[20], m.flags);
        store_be32(&to[24], m.length);
        store_be32(&to[28], m.start_frame);
        store_be32(&to[32], m.packets);
        store_be32(&to[36], m.interval);
        std::copy(m.setup.begin(), m.setup.end(), &to[40]);
    }
    void operator()(const Unlink& m) const {
        store_basic(to, Command::unlink, m.sequence, m.device, m.in, m.endpoint);
        store_be32(&to[20], m.unlinked);
    }
    void operator()(const Submitted& m) const {
        store_basic(to, Command::submitted, m.sequence);
        store_be32(&to[20], static_cast<std::uint32_t>(m.status));
        store_be32(&to[24], m.length);
    }
    void operator()(const Unlinked& m) const {
        store_basic(to, Command::unlinked, m.sequence);
        store_be32(&to[20], static_cast<std::uint32_t>(m.status));
    }
};

}  // namespace

std::vector<std::byte> encode_list_request() {
    std::vector<std::byte> bytes;
    append_header(bytes, Operation::list_request, 0);
    return bytes;
}

std::vector<std::byte> encode_list_reply(std::span<const Device> devices) {
    std::vector<std::byte> bytes;
    append_header(bytes, Operation::list_reply, 0);
    bytes.resize(operation_bytes + 4);
    store_be32(&bytes[operation_bytes], static_cast<std::uint32_t>(devices.size()));
    for (const Device& device : devices) {
        append_device(bytes, device);
        for (const Interface& interface : device.interfaces)
            bytes.insert(bytes.end(),
                         {std::byte{interface.class_code}, std::byte{interface.subclass},
                          std::byte{interface.protocol}, std::byte{0}});
    }
    return bytes;
}

std::vector<std::byte> encode_import_request(std::string_view bus_id) {
    std::vector<std::byte> bytes;
    append_header(bytes, Operation::import_request, 0);
    append_text(bytes, bus_id, bus_id_bytes);
    return bytes;
}

std::vector<std::byte> encode_import_reply(const Device& device) {
    std::vector<std::byte> bytes;
    append_header(bytes, Operation::import_reply, 0);
    append_device(bytes, device);
    return bytes;
}

std::vector<std::byte> encode_import_refusal() {
    std::vector<std::byte> bytes;
    append_header(bytes, Operation::import_reply, 1);
    return bytes;
}

std::optional<OperationHeader> decode_operation(std::span<const std::byte> bytes) {
    if (bytes.size() < operation_bytes || load_be16(&bytes[0]) != version) return std::nullopt;
    const auto operation = static_cast<Operation>(load_be16(&bytes[2]));
    switch (operation) {
        case Operation::list_request:
        case Operation::list_reply:
        case Operation::import_request:
        case Operation::import_reply:
            return OperationHeader{operation, load_be32(&bytes[4])};
    }
    return std::nullopt;
}

std::optional<std::string> decode_bus_id(std::span<const std::byte> bytes) {
    if (bytes.size() < bus_id_bytes) return std::nullopt;
    return load_text(bytes.first(bus_id_bytes));
}

std::optional<Device> decode_imported(std::span<const std::byte> bytes) {
    return load_device(bytes);
}

std::optional<DeviceList> decode_list(std::span<const std::byte> bytes) {
    if (bytes.size() < 4) return std::nullopt;
    DeviceList list;
    list.length = 4;
    for (std::uint32_t left = load_be32(&bytes[0]); left > 0; --left) {
        auto device = load_device(bytes.subspan(list.length));
        if (!device) return std::nullopt;
        list.length += device_bytes;
        for (Interface& interface : device->interfaces) {
            if (bytes.size() - list.length < 4) return std::nullopt;
            const auto byte = [&](std::size_t i) {
                return std::to_integer<std::uint8_t>(bytes[list.length + i]);
            };
            interface = {byte(0), byte(1), byte(2)};
            list.length += 4;
        }
        list.devices.push_back(std::move(*device));
    }
    return list;
}

UrbHeader encode(const UrbMessage& message) {
    UrbHeader bytes{};
    std::visit(Encoder{bytes}, message);
    return bytes;
}

std::optional<UrbMessage> decode_urb(std::span<const std::byte> bytes) {
    if (bytes.size() < urb_bytes) return std::nullopt;
    const auto word = [&](std::size_t at) { return load_be32(&bytes[at]); };
    const std::uint32_t sequence = word(4);
    const std::uint32_t direction = word(12);
    const std::uint32_t endpoint = word(16);
    if (direction > 1 || endpoint > 15) return std::nullopt;
    switch (static_cast<Command>(word(0))) {
        case Command::submit: {
            Submit m{sequence, word(8),  direction == 1, endpoint, word(20),
                     word(24), word(28), word(32),       word(36), {}};
            std::copy_n(&bytes[40], m.setup.size(), m.setup.begin());
            return m;
        }
        case Command::unlink:
            return Unlink{sequence, word(8), direction == 1, endpoint, word(20)};
        case Command::submitted:
            return Submitted{sequence, static_cast<std::int32_t>(word(20)), word(24)};
        case Command::unlinked:
            return Unlinked{sequence, static_cast<std::int32_t>(word(20))};
    }
    return std::nullopt;
}

}  // namespace opal::protocol::usbip
