// GVCP: every message against bytes typed from captures of other people's software and from the
// layouts of GigE Vision 2.2; truncation at every length.
#include "protocol/gvcp.h"

#include "protocol/gvcp_identity.h"
#include "protocol/gvcp_messages.h"
#include "tests/protocol/wire_bytes.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace opal::protocol::gvcp;
using opal::tests::encoded;
using opal::tests::hex;
using opal::tests::only_whole_decodes;
using opal::tests::refuses_small_room;
using opal::tests::operator+;
using opal::tests::zeros;
using Bytes = std::span<const std::byte>;
using Room = std::span<std::byte>;

namespace {

// A command both ways: its bytes, and the payload cut off its header after checking that.
template <typename Encode>
std::vector<std::byte> check_command(const char* text, Command command, std::uint8_t flags,
                                     std::uint16_t id, Encode&& encode) {
    CAPTURE(text);
    const auto typed = hex(text);
    CHECK(encoded(encode) == typed);
    CHECK(refuses_small_room(typed, encode));
    CHECK(only_whole_decodes(typed, [](Bytes b) { return decode_command(b); }));
    const auto decoded = decode_command(typed);
    REQUIRE(decoded);
    CHECK(decoded->command == command);
    CHECK(decoded->flags == flags);
    CHECK(decoded->request_id == id);
    return {decoded->payload.begin(), decoded->payload.end()};
}

template <typename Encode>
std::vector<std::byte> check_ack(const char* text, Status status, std::uint16_t ack,
                                 std::uint16_t id, Encode&& encode) {
    CAPTURE(text);
    const auto typed = hex(text);
    CHECK(encoded(encode) == typed);
    CHECK(refuses_small_room(typed, encode));
    CHECK(only_whole_decodes(typed, [](Bytes b) { return decode_ack(b); }));
    const auto decoded = decode_ack(typed);
    REQUIRE(decoded);
    CHECK(decoded->status == status);
    CHECK(decoded->ack == ack);
    CHECK(decoded->request_id == id);
    return {decoded->payload.begin(), decoded->payload.end()};
}

}  // namespace

TEST_CASE("DISCOVERY, with and without leave to broadcast the answer") {
    check_command("42 01 00 02 00 00 ff ff", Command::discovery, 0x01, 0xFFFF,
                  [](Room r) { return encode_discovery(0xFFFF, false, r); });
    check_command("42 11 00 02 00 00 00 07", Command::discovery, 0x11, 7,
                  [](Room r) { return encode_discovery(7, true, r); });
}

TEST_CASE("READREG and its values") {
    auto payload = check_command("42 01 00 80 00 04 ff 37 | 00 00 00 04", Command::read_register,
                                 0x01, 0xFF37, [](Room r) {
                                     const std::array<std::uint32_t, 1> addresses{4};
                                     return encode_read_registers(0xFF37, addresses, r);
                                 });
    auto list = decode_read_registers(payload);
    REQUIRE(list);
    REQUIRE(list->size() == 1);
    CHECK((*list)[0] == 4);

    payload = check_command("42 01 00 80 00 08 12 34 | 00 00 0a 00 00 00 09 38",
                            Command::read_register, 0x01, 0x1234, [](Room r) {
                                const std::array<std::uint32_t, 2> addresses{0x0A00, 0x0938};
                                return encode_read_registers(0x1234, addresses, r);
                            });
    list = decode_read_registers(payload);
    REQUIRE(list);
    REQUIRE(list->size() == 2);
    CHECK((*list)[1] == 0x0938);
    for (const std::size_t odd : {0u, 1u, 3u, 5u, 7u})
        CHECK_FALSE(decode_read_registers(Bytes(payload).first(odd)));

    payload = check_ack("00 00 00 81 00 04 ff 37 | 00 00 00 00", Status::success, 0x0081, 0xFF37,
                        [](Room r) {
                            const std::array<std::uint32_t, 1> values{0};
                            return encode_register_values(0xFF37, values, r);
                        });
    const auto values = decode_register_values(payload);
    REQUIRE(values);
    CHECK(values->size() == 1);
}

TEST_CASE("WRITEREG and its acknowledge") {
    const auto payload = check_command("42 01 00 82 00 08 ff 36 | 00 00 0a 00 00 00 00 02",
                                       Command::write_register, 0x01, 0xFF36, [](Room r) {
                                           const std::array<RegisterWrite, 1> writes{{{0x0A00, 2}}};
                                           return encode_write_registers(0xFF36, writes, r);
                                       });
    const auto list = decode_write_registers(payload);
    REQUIRE(list);
    REQUIRE(list->size() == 1);
    CHECK((*list)[0] == RegisterWrite{0x0A00, 2});
    for (std::size_t odd = 0; odd < 8; ++odd)
        CHECK_FALSE(decode_write_registers(Bytes(payload).first(odd)));

    auto ack = check_ack(
        "00 00 00 83 00 04 ff 36 | 00 00 00 01", Status::success, 0x0083, 0xFF36, [](Room r) {
            return encode_write_ack(Status::success, Command::write_register, 0xFF36, 1, r);
        });
    CHECK(decode_write_ack(ack) == 1);
    ack = check_ack(
        "80 06 00 83 00 04 00 0c | 00 00 00 00", Status::access_denied, 0x0083, 0x000C, [](Room r) {
            return encode_write_ack(Status::access_denied, Command::write_register, 0x000C, 0, r);
        });
    CHECK(decode_write_ack(ack) == 0);
    CHECK(only_whole_decodes(ack, decode_write_ack));
}

TEST_CASE("READMEM and the data it brings") {
    const auto payload = check_command("42 01 00 84 00 08 ff 3d | 00 00 00 48 00 00 00 20",
                                       Command::read_memory, 0x01, 0xFF3D, [](Room r) {
                                           return encode_read_memory(0xFF3D, {0x48, 32}, r);
                                       });
    const auto range = decode_read_memory(payload);
    REQUIRE(range);
    CHECK(range->address == 0x48);
    CHECK(range->count == 32);
    CHECK(only_whole_decodes(payload, decode_read_memory));

    const auto data = hex("41 72 61 76 69 73 00 00");
    const auto ack = check_ack("00 00 00 85 00 0c ff 3d | 00 00 00 48 41 72 61 76 69 73 00 00",
                               Status::success, 0x0085, 0xFF3D, [&](Room r) {
                                   return encode_memory_values(0xFF3D, {0x48, data}, r);
                               });
    const auto memory = decode_memory_values(ack);
    REQUIRE(memory);
    CHECK(memory->address == 0x48);
    CHECK(std::vector<std::byte>(memory->data.begin(), memory->data.end()) == data);
    for (std::size_t length = 0; length < 4; ++length)
        CHECK_FALSE(decode_memory_values(Bytes(ack).first(length)));
}

TEST_CASE("WRITEMEM, and no more than a control datagram holds") {
    const auto data = hex("c0 00 14 80");
    const auto payload = check_command("42 01 00 86 00 08 ff 43 | 00 00 0d 04 c0 00 14 80",
                                       Command::write_memory, 0x01, 0xFF43, [&](Room r) {
                                           return encode_write_memory(0xFF43, {0x0D04, data}, r);
                                       });
    const auto memory = decode_write_memory(payload);
    REQUIRE(memory);
    CHECK(memory->address == 0x0D04);
    CHECK(memory->data.size() == 4);
    const auto most = zeros(536);
    CHECK(encoded([&](Room r) { return encode_write_memory(1, {0, most}, r); }).size() == 548);
    const auto more = zeros(537);
    CHECK(encoded([&](Room r) { return encode_write_memory(1, {0, more}, r); }).empty());
}

TEST_CASE("PENDING_ACK and errors without payload") {
    const auto ack = check_ack("00 00 00 89 00 04 ff 22 | 00 00 05 dc", Status::success, 0x0089,
                               0xFF22, [](Room r) { return encode_pending_ack(0xFF22, 1500, r); });
    CHECK(decode_pending_ack(ack) == 1500);
    const auto none =
        check_ack("80 01 00 43 00 00 00 09", Status::not_implemented, 0x0043, 9, [](Room r) {
            return encode_empty_ack(Status::not_implemented, static_cast<Command>(0x0042), 9, r);
        });
    CHECK(none.empty());
    CHECK_FALSE(decode_write_ack(none));
}

TEST_CASE("FORCEIP names a MAC and its new address") {
    const ForceIp force{0x02ABCDEF0123, 0xC0A80105, 0xFFFFFF00, 0xC0A80101};
    const auto payload = check_command(
        "42 01 00 04 00 38 00 05 | 00 00 02 ab cd ef 01 23 |"
        "00 00 00 00 00 00 00 00 00 00 00 00 | c0 a8 01 05 |"
        "00 00 00 00 00 00 00 00 00 00 00 00 | ff ff ff 00 |"
        "00 00 00 00 00 00 00 00 00 00 00 00 | c0 a8 01 01",
        Command::force_ip, 0x01, 5, [&](Room r) { return encode_force_ip(5, force, r); });
    CHECK(decode_force_ip(payload) == force);
    CHECK(only_whole_decodes(payload, decode_force_ip));
    CHECK(encoded([](Room r) { return encode_force_ip(5, {1ull << 48, 0, 0, 0}, r); }).empty());
}

TEST_CASE("PACKETRESEND in both layouts") {
    PacketResend resend{false, 0, 65535, 5, 9};
    auto payload = check_command("42 00 00 40 00 0c ff 15 | 00 00 ff ff 00 00 00 05 00 00 00 09",
                                 Command::packet_resend, 0x00, 0xFF15,
                                 [&](Room r) { return encode_packet_resend(0xFF15, resend, r); });
    CHECK(decode_packet_resend(payload, false) == resend);
    CHECK(only_whole_decodes(payload, [](Bytes b) { return decode_packet_resend(b, false); }));
    resend.extended_ids = true;
    payload = check_command(
        "42 10 00 40 00 14 ff 15 | 00 00 00 00 00 00 00 05 00 00 00 09 00 00 00 00 00 00 ff ff",
        Command::packet_resend, 0x10, 0xFF15,
        [&](Room r) { return encode_packet_resend(0xFF15, resend, r); });
    CHECK(decode_packet_resend(payload, true) == resend);
    CHECK(only_whole_decodes(payload, [](Bytes b) { return decode_packet_resend(b, true); }));
    for (const PacketResend& wide :
         {PacketResend{false, 0, 65536, 1, 1}, PacketResend{false, 0, 1, 0x1000000, 1},
          PacketResend{false, 0, 1, 1, 0x1000000}})
        CHECK(encoded([&](Room r) { return encode_packet_resend(1, wide, r); }).empty());
}

TEST_CASE("EVENT and EVENTDATA in both layouts") {
    const std::array<Event, 1> events{{{0x9001, 0, 7, 0x1234}}};
    auto payload = check_command(
        "42 01 00 c0 00 10 00 08 | 00 00 90 01 00 00 00 07 00 00 00 00 00 00 12 34", Command::event,
        0x01, 8, [&](Room r) { return encode_events(8, events, false, true, r); });
    auto list = decode_events(payload, false);
    REQUIRE(list);
    REQUIRE(list->size() == 1);
    CHECK((*list)[0] == events[0]);
    payload = check_command(
        "42 11 00 c0 00 18 00 09 | 00 18 90 01 00 00 00 00 00 00 00 00 00 00 00 07"
        "00 00 00 00 00 00 12 34",
        Command::event, 0x11, 9, [&](Room r) { return encode_events(9, events, true, true, r); });
    list = decode_events(payload, true);
    REQUIRE(list);
    CHECK((*list)[0] == events[0]);
    for (std::size_t length = 0; length < payload.size(); ++length)
        CHECK_FALSE(decode_events(Bytes(payload).first(length), true));
    check_ack("00 00 00 c1 00 00 00 08", Status::success, 0x00C1, 8,
              [](Room r) { return encode_empty_ack(Status::success, Command::event, 8, r); });

    const auto data = hex("de ad be ef");
    payload = check_command(
        "42 00 00 c2 00 14 00 0a | 00 00 90 02 ff ff 00 00 00 00 00 00 00 00 00 01 | de ad be ef",
        Command::event_data, 0x00, 10, [&](Room r) {
            return encode_event_data(10, {{0x9002, 0xFFFF, 0, 1}, data}, false, false, r);
        });
    const auto event = decode_event_data(payload, false);
    REQUIRE(event);
    CHECK(event->event == Event{0x9002, 0xFFFF, 0, 1});
    CHECK(event->data.size() == 4);
    CHECK_FALSE(decode_event_data(Bytes(payload).first(15), false));
    CHECK_FALSE(decode_event_data(payload, true));
    const std::array<Event, 1> wide{{{1, 0, 0x10000, 0}}};
    CHECK(encoded([&](Room r) { return encode_events(8, wide, false, true, r); }).empty());
}

TEST_CASE("ACTION, now and at a time") {
    Action action{0x11111111, 1, 0xFFFFFFFF, {}};
    auto payload = check_command("42 01 01 00 00 0c 00 0a | 11 11 11 11 00 00 00 01 ff ff ff ff",
                                 Command::action, 0x01, 10,
                                 [&](Room r) { return encode_action(10, action, true, r); });
    CHECK(decode_action(payload, 0x01) == action);
    CHECK(only_whole_decodes(payload, [](Bytes b) { return decode_action(b, 0x01); }));
    action.time = 0x0102030405060708;
    payload = check_command(
        "42 80 01 00 00 14 00 0a | 11 11 11 11 00 00 00 01 ff ff ff ff 01 02 03 04 05 06 07 08",
        Command::action, 0x80, 10, [&](Room r) { return encode_action(10, action, false, r); });
    CHECK(decode_action(payload, 0x80) == action);
    CHECK(only_whole_decodes(payload, [](Bytes b) { return decode_action(b, 0x80); }));
}

TEST_CASE("a DISCOVERY acknowledge is the first 248 bytes of the registers") {
    // The camera that Aravis accepted, field by field at the addresses of the bootstrap map.
    const auto text = [](std::string words, std::size_t room) {
        words.resize(room, '\0');
        const auto bytes = std::as_bytes(std::span(words.data(), words.size()));
        return std::vector<std::byte>(bytes.begin(), bytes.end());
    };
    const auto typed = hex("00 00 00 03 00 f8 ff ff | 00 02 00 00 | 80 00 00 01 |"
                           "00 00 02 ab cd ef 01 23 | 00 00 00 07 00 00 00 06") +
                       zeros(12) + hex("7f 00 00 01") + zeros(12) + hex("ff 00 00 00") + zeros(12) +
                       hex("00 00 00 00") + text("ThirdParty", 32) + text("Sim", 32) +
                       text("v1", 32) + text("", 48) + text("S001", 16) + text("", 16);
    REQUIRE(typed.size() == 256);
    Identity identity;
    identity.mac = 0x02ABCDEF0123;
    identity.supported_ip_config = 7;
    identity.current_ip_config = 6;
    identity.ip = 0x7F000001;
    identity.mask = 0xFF000000;
    identity.manufacturer.assign("ThirdParty");
    identity.model.assign("Sim");
    identity.device_version.assign("v1");
    identity.serial.assign("S001");
    const auto encode = [&](Room r) { return encode_discovery_ack(0xFFFF, identity, r); };
    CHECK(encoded(encode) == typed);
    CHECK(refuses_small_room(typed, encode));
    const auto ack = decode_ack(typed);
    REQUIRE(ack);
    CHECK(decode_identity(ack->payload) == identity);
    const std::vector<std::byte> payload(ack->payload.begin(), ack->payload.end());
    CHECK(only_whole_decodes(payload, decode_identity));
    CHECK(decode_identity(payload)->serial.view() == "S001");

    // A full string has no terminator; what is longer is cut.
    identity.serial.assign("0123456789ABCDEFG");
    CHECK(identity.serial.view() == "0123456789ABCDEF");
}

TEST_CASE("what is no command or acknowledge") {
    CHECK_FALSE(decode_command(hex("43 01 00 02 00 00 ff ff")));
    CHECK_FALSE(decode_command(hex("42 01 00 02 00 04 ff ff 00 00 00")));
    CHECK_FALSE(decode_ack(hex("00 00 00 81 00 04 ff 37")));
    // Bytes behind the announced length are not part of it.
    CHECK(decode_command(hex("42 01 00 02 00 00 ff ff aa bb"))->payload.empty());
    const auto huge = zeros(65536);
    std::vector<std::byte> room(70000);
    CHECK(encode_ack({Status::success, 0x0085, 1, huge}, room) == 0);
    CHECK(encode_command({0, Command::write_memory, 1, huge}, room) == 0);
}

TEST_CASE("status codes have names") {
    CHECK(to_string(Status::access_denied) == "access denied");
    CHECK(to_string(static_cast<Status>(0x8018)) == "unknown status");
}
