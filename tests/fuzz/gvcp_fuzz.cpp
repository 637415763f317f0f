// Fuzz target: GVCP datagrams (protocol/gvcp.h, gvcp_messages.h, gvcp_identity.h). A command that
// decodes is written back as the same bytes.
#include "tests/fuzz/fuzz_target.h"

#include "protocol/gvcp_identity.h"
#include "protocol/gvcp_messages.h"

#include <algorithm>
#include <vector>

namespace opal::fuzz {

namespace gvcp = protocol::gvcp;

std::vector<Bytes> seeds() {
    return {
        {0x42, 0x01, 0x00, 0x02, 0x00, 0x00, 0xFF, 0xFF},
        {0x42, 0x01, 0x00, 0x80, 0x00, 0x04, 0xFF, 0x37, 0, 0, 0, 4},
        {0x42, 0x01, 0x00, 0x82, 0x00, 0x08, 0xFF, 0x36, 0, 0, 0x0A, 0, 0, 0, 0, 2},
        {0x42, 0x01, 0x00, 0x84, 0x00, 0x08, 0xFF, 0x3D, 0, 0, 0, 0x48, 0, 0, 0, 0x20},
        {0x42, 0x01, 0x00, 0x86, 0x00, 0x08, 0xFF, 0x43, 0, 0, 0x0D, 4, 0xC0, 0, 0x14, 0x80},
        {0x42, 0x10, 0x00, 0x40, 0x00, 0x14, 0xFF, 0x15, 0, 0, 0, 0, 0,    0,
         0,    5,    0,    0,    0,    9,    0,    0,    0, 0, 0, 0, 0xFF, 0xFF},
        {0x00, 0x00, 0x00, 0x89, 0x00, 0x04, 0xFF, 0x22, 0, 0, 5, 0xDC},
    };
}

std::vector<std::string> words() {
    return {std::string("\x42\x01\x00", 3), std::string("\x01\x00", 2), std::string("\x00\xC2", 2),
            std::string("\x00\xF8", 2), "\xFF\xFF\xFF\xFF"};
}

void feed(std::span<const std::byte> input) {
    if (const auto command = gvcp::decode_command(input)) {
        std::vector<std::byte> again(input.size());
        const std::size_t size = gvcp::encode_command(*command, again);
        require(size == gvcp::header_size + command->payload.size(), "a command is written back");
        require(std::equal(again.begin(), again.begin() + static_cast<std::ptrdiff_t>(size),
                           input.begin()),
                "as the bytes it came from");
        const auto payload = command->payload;
        for (const bool extended : {false, true}) {
            if (const auto list = gvcp::decode_events(payload, extended))
                for (std::size_t i = 0; i < list->size(); ++i) (void)(*list)[i];
            (void)gvcp::decode_event_data(payload, extended);
            (void)gvcp::decode_packet_resend(payload, extended);
        }
        if (const auto list = gvcp::decode_read_registers(payload))
            for (std::size_t i = 0; i < list->size(); ++i) (void)(*list)[i];
        if (const auto list = gvcp::decode_write_registers(payload))
            for (std::size_t i = 0; i < list->size(); ++i) (void)(*list)[i];
        (void)gvcp::decode_force_ip(payload);
        (void)gvcp::decode_read_memory(payload);
        (void)gvcp::decode_write_memory(payload);
        (void)gvcp::decode_action(payload, command->flags);
    }
    if (const auto ack = gvcp::decode_ack(input)) {
        (void)gvcp::to_string(ack->status);
        (void)gvcp::decode_register_values(ack->payload);
        (void)gvcp::decode_memory_values(ack->payload);
        (void)gvcp::decode_write_ack(ack->payload);
        (void)gvcp::decode_pending_ack(ack->payload);
        if (const auto identity = gvcp::decode_identity(ack->payload))
            require(identity->serial.view().size() <= 16, "a serial number stays in its room");
    }
}

}  // namespace opal::fuzz
