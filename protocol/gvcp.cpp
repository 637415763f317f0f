// GVCP headers <-> bytes.
#include "protocol/gvcp.h"

#include "protocol/big_endian.h"

#include <algorithm>

namespace opal::protocol::gvcp {
namespace {

constexpr std::byte key{0x42};

}  // namespace

std::string_view to_string(Status status) {
    switch (status) {
        case Status::success:
            return "success";
        case Status::packet_resend:
            return "packet sent again";
        case Status::not_implemented:
            return "not implemented";
        case Status::invalid_parameter:
            return "invalid parameter";
        case Status::invalid_address:
            return "invalid address";
        case Status::write_protect:
            return "write protected";
        case Status::bad_alignment:
            return "bad alignment";
        case Status::access_denied:
            return "access denied";
        case Status::busy:
            return "busy";
        case Status::local_problem:
            return "local problem";
        case Status::message_mismatch:
            return "message mismatch";
        case Status::invalid_protocol:
            return "invalid protocol";
        case Status::no_message:
            return "no message";
        case Status::packet_unavailable:
            return "packet unavailable";
        case Status::data_overrun:
            return "data overrun";
        case Status::invalid_header:
            return "invalid header";
        case Status::wrong_config:
            return "wrong configuration";
        case Status::packet_not_yet_available:
            return "packet not yet available";
        case Status::packet_and_previous_removed:
            return "packet and all before removed";
        case Status::packet_removed:
            return "packet removed";
        case Status::no_reference_time:
            return "no reference time";
        case Status::temporarily_unavailable:
            return "temporarily unavailable";
        case Status::overflow:
            return "overflow";
        case Status::action_late:
            return "action late";
        case Status::leader_trailer_overflow:
            return "leader or trailer overflow";
        case Status::error:
            return "error";
    }
    return "unknown status";
}

std::optional<CommandDatagram> decode_command(std::span<const std::byte> datagram) {
    if (datagram.size() < header_size || datagram[0] != key) return std::nullopt;
    const std::size_t length = load_be16(&datagram[4]);
    if (length > datagram.size() - header_size) return std::nullopt;
    return CommandDatagram{std::to_integer<std::uint8_t>(datagram[1]),
                           static_cast<Command>(load_be16(&datagram[2])), load_be16(&datagram[6]),
                           datagram.subspan(header_size, length)};
}

std::optional<AckDatagram> decode_ack(std::span<const std::byte> datagram) {
    if (datagram.size() < header_size) return std::nullopt;
    const std::size_t length = load_be16(&datagram[4]);
    if (length > datagram.size() - header_size) return std::nullopt;
    return AckDatagram{static_cast<Status>(load_be16(&datagram[0])), load_be16(&datagram[2]),
                       load_be16(&datagram[6]), datagram.subspan(header_size, length)};
}

std::size_t encode_command(const CommandDatagram& command, std::span<std::byte> into) {
    const std::size_t size = header_size + command.payload.size();
    if (command.payload.size() > 0xFFFF || into.size() < size) return 0;
    into[0] = key;
    into[1] = std::byte{command.flags};
    store_be16(&into[2], static_cast<std::uint16_t>(command.command));
    store_be16(&into[4], static_cast<std::uint16_t>(command.payload.size()));
    store_be16(&into[6], command.request_id);
    std::copy(command.payload.begin(), command.payload.end(), into.begin() + header_size);
    return size;
}

std::size_t encode_ack(const AckDatagram& ack, std::span<std::byte> into) {
    const std::size_t size = header_size + ack.payload.size();
    if (ack.payload.size() > 0xFFFF || into.size() < size) return 0;
    store_be16(&into[0], static_cast<std::uint16_t>(ack.status));
    store_be16(&into[2], ack.ack);
    store_be16(&into[4], static_cast<std::uint16_t>(ack.payload.size()));
    store_be16(&into[6], ack.request_id);
    std::copy(ack.payload.begin(), ack.payload.end(), into.begin() + header_size);
    return size;
}

}  // namespace opal::protocol::gvcp
