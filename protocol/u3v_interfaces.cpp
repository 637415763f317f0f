// USB3 Vision interfaces <-> descriptors.
#include "protocol/u3v_interfaces.h"

#include "protocol/little_endian.h"

#include <initializer_list>

namespace opal::protocol::u3v {
namespace {

// Descriptor types [USB 2.0, table 9-5; USB 3.0, table 9-6].
constexpr unsigned type_interface = 4;
constexpr unsigned type_endpoint = 5;
constexpr unsigned type_class_interface = 0x24;
constexpr unsigned device_info_size = 20;
constexpr unsigned device_info_subtype = 1;
constexpr unsigned bulk = 2;

unsigned at(std::span<const std::byte> bytes, std::size_t i) {
    return std::to_integer<unsigned>(bytes[i]);
}

bool is_u3v(std::span<const std::byte> interface) {
    return at(interface, 5) == 0xEF && at(interface, 6) == 0x05 && at(interface, 3) == 0;
}

DeviceInfo decode_info(std::span<const std::byte> d) {
    DeviceInfo info;
    info.gencp_minor = load_le16(&d[3]);
    info.gencp_major = load_le16(&d[5]);
    info.u3v_minor = load_le16(&d[7]);
    info.u3v_major = load_le16(&d[9]);
    std::size_t i = 11;
    for (std::uint8_t* const field :
         {&info.guid, &info.vendor, &info.model, &info.family, &info.device_version,
          &info.manufacturer_info, &info.serial, &info.user_name, &info.speeds})
        *field = static_cast<std::uint8_t>(at(d, i++));
    return info;
}

void add(std::vector<std::byte>& to, std::initializer_list<unsigned> bytes) {
    for (const unsigned b : bytes) to.push_back(static_cast<std::byte>(b & 0xFFu));
}

void add_endpoint(std::vector<std::byte>& to, std::uint8_t address, unsigned packet_bytes,
                  bool companion, unsigned burst) {
    add(to, {7, type_endpoint, address, bulk, packet_bytes, packet_bytes >> 8, 0});
    if (companion) add(to, {6, 0x30, burst, 0, 0, 0});
}

void add_interface(std::vector<std::byte>& to, const Channel& channel, unsigned endpoints,
                   unsigned protocol) {
    add(to, {9, type_interface, static_cast<unsigned>(channel.interface), 0, endpoints, 0xEF, 0x05,
             protocol, 0});
}

}  // namespace

std::optional<Interfaces> find_interfaces(std::span<const std::byte> configuration) {
    Interfaces found;
    bool control = false;
    Channel* current = nullptr;
    std::optional<Channel> events;
    std::optional<Channel> stream;
    // Descriptors follow one another, each beginning with its length and type
    // [USB 2.0, section 9.4.3].
    for (auto rest = configuration; rest.size() >= 2;) {
        const std::size_t size = at(rest, 0);
        if (size < 2 || size > rest.size()) break;
        const auto d = rest.first(size);
        rest = rest.subspan(size);
        const unsigned type = at(d, 1);
        if (type == type_interface && size >= 9) {
            current = nullptr;
            if (!is_u3v(d)) continue;
            const unsigned protocol = at(d, 7);
            // The first of each kind.
            if (protocol == 0 && !control) {
                control = true;
                current = &found.control;
            } else if (protocol == 1 && !events) {
                current = &events.emplace();
            } else if (protocol == 2 && !stream) {
                current = &stream.emplace();
            }
            if (current) current->interface = static_cast<int>(at(d, 2));
        } else if (type == type_endpoint && size >= 7 && current && (at(d, 3) & 3) == bulk) {
            const auto address = static_cast<std::uint8_t>(at(d, 2));
            if ((address & 0x80) == 0) {
                current->out = address;
            } else {
                current->in = address;
                current->packet_bytes = load_le16(&d[4]) & 0x7FF;
            }
        } else if (type == type_class_interface && size >= device_info_size &&
                   at(d, 2) == device_info_subtype && current == &found.control) {
            found.info = decode_info(d);
        }
    }
    // Reads are counted in packets: an endpoint whose packets are empty is none.
    const auto can_send = [](const Channel& c) { return c.in != 0 && c.packet_bytes != 0; };
    if (!control || !can_send(found.control) || found.control.out == 0) return std::nullopt;
    if (events && can_send(*events)) found.events = events;
    if (stream && can_send(*stream)) found.stream = stream;
    return found;
}

std::vector<std::byte> encode_configuration(const Interfaces& interfaces, std::uint8_t speed) {
    const unsigned count = 1u + (interfaces.events ? 1 : 0) + (interfaces.stream ? 1 : 0);
    const bool super = speed >= super_speed;
    const unsigned packet = super ? 1024 : 512;
    std::vector<std::byte> out;
    add(out, {9, 2, 0, 0, count, 1, 0, 0x80, super ? 0x70u : 0xFAu});
    add(out,
        {8, 0x0B, static_cast<unsigned>(interfaces.control.interface), count, 0xEF, 0x05, 0, 0});
    add_interface(out, interfaces.control, 2, 0);
    if (interfaces.info) {
        const DeviceInfo& i = *interfaces.info;
        add(out, {device_info_size, type_class_interface, device_info_subtype});
        for (const unsigned version : {i.gencp_minor, i.gencp_major, i.u3v_minor, i.u3v_major})
            append_le16(out, version);
        add(out, {i.guid, i.vendor, i.model, i.family, i.device_version, i.manufacturer_info,
                  i.serial, i.user_name, i.speeds});
    }
    add_endpoint(out, interfaces.control.out, packet, super, 0);
    add_endpoint(out, interfaces.control.in, packet, super, 0);
    if (interfaces.events) {
        add_interface(out, *interfaces.events, 1, 1);
        add_endpoint(out, interfaces.events->in, packet, super, 0);
    }
    if (interfaces.stream) {
        add_interface(out, *interfaces.stream, 1, 2);
        add_endpoint(out, interfaces.stream->in, packet, super, 15);
    }
    store_le16(&out[2], static_cast<std::uint16_t>(out.size()));
    return out;
}

}  // namespace opal::protocol::u3v
