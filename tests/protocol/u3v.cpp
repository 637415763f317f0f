// USB3 Vision: every packet against bytes typed from lines that Wireshark's dissector names, and
// from the layouts of USB3 Vision 1.0; truncation at every length.
#include "protocol/u3v_control.h"
#include "protocol/u3v_interfaces.h"
#include "protocol/u3v_manifest.h"
#include "protocol/u3v_registers.h"
#include "protocol/u3v_stream.h"
#include "tests/protocol/wire_bytes.h"

#include <doctest/doctest.h>

#include <array>

using namespace opal::protocol::u3v;
using opal::tests::encoded;
using opal::tests::hex;
using opal::tests::only_whole_decodes;
using opal::tests::refuses_small_room;
using opal::tests::zeros;
using opal::tests::operator+;
using Bytes = std::span<const std::byte>;
using Room = std::span<std::byte>;

namespace {

// A command both ways: its bytes, and the payload behind its header.
template <typename Encode>
std::vector<std::byte> check_command(const char* text, Command command, std::uint16_t id,
                                     Encode&& encode) {
    CAPTURE(text);
    const auto typed = hex(text);
    CHECK(encoded(encode) == typed);
    CHECK(refuses_small_room(typed, encode));
    CHECK(only_whole_decodes(typed, [](Bytes b) { return decode_command(b); }));
    const auto decoded = decode_command(typed);
    REQUIRE(decoded);
    CHECK(decoded->command == command);
    CHECK(decoded->wants_ack());
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

TEST_CASE("read memory") {
    const auto payload =
        check_command("55 33 56 43 00 40 00 08 0c 00 14 ff | d8 01 00 00 00 00 00 00 00 00 08 00",
                      Command::read_memory, 0xFF14, [](Room r) {
                          return encode_read_memory(0xFF14, {abrm::sbrm, 8}, r);
                      });
    CHECK(decode_read_memory(payload) == MemoryRange{0x1D8, 8});
    CHECK(only_whole_decodes(payload, decode_read_memory));

    const auto sbrm = hex("00 00 01 00 00 00 00 00");
    const auto data =
        check_ack("55 33 56 43 00 00 01 08 08 00 14 ff | 00 00 01 00 00 00 00 00", Status::success,
                  0x0801, 0xFF14, [&](Room r) { return encode_memory_values(0xFF14, sbrm, r); });
    CHECK(data == sbrm);
}

TEST_CASE("write memory, and the device asks for patience") {
    const auto value = hex("00 00 10 00");
    const auto payload =
        check_command("55 33 56 43 00 40 02 08 0c 00 17 ff | 1c 00 02 00 00 00 00 00 00 00 10 00",
                      Command::write_memory, 0xFF17, [&](Room r) {
                          return encode_write_memory(0xFF17, {0x2001C, value}, r);
                      });
    const auto write = decode_write_memory(payload);
    REQUIRE(write);
    CHECK(write->address == 0x2001C);
    CHECK(std::vector<std::byte>(write->data.begin(), write->data.end()) == value);
    for (std::size_t length = 0; length < 8; ++length)
        CHECK_FALSE(decode_write_memory(std::span(payload).first(length)));
    CHECK(decode_write_memory(std::span(payload).first(8))->data.empty());

    const auto pending =
        check_ack("55 33 56 43 00 00 05 08 04 00 17 ff | 00 00 bc 02", Status::success, 0x0805,
                  0xFF17, [](Room r) { return encode_pending_ack(0xFF17, 700, r); });
    CHECK(decode_pending_ack(pending) == 700);
    CHECK(only_whole_decodes(pending, decode_pending_ack));
    const auto done =
        check_ack("55 33 56 43 00 00 03 08 04 00 17 ff | 00 00 04 00", Status::success, 0x0803,
                  0xFF17, [](Room r) { return encode_write_ack(0xFF17, 4, r); });
    CHECK(decode_write_ack(done) == 4);
    CHECK_FALSE(decode_write_ack({}));
    check_ack("55 33 56 43 04 80 03 08 00 00 19 ff", Status::write_protect, 0x0803, 0xFF19,
              [](Room r) {
                  return encode_refusal(Status::write_protect, Command::write_memory, 0xFF19, r);
              });
    CHECK(to_string(Status::write_protect) == "write protected");
    CHECK(to_string(static_cast<Status>(0x8123)) == "unknown status");
}

TEST_CASE("stacked commands") {
    const std::array<MemoryRange, 2> ranges{{{0x1D8, 8}, {0x20000, 4}}};
    const auto reads = check_command(
        "55 33 56 43 00 40 06 08 18 00 01 00 | d8 01 00 00 00 00 00 00 00 00 08 00"
        "| 00 00 02 00 00 00 00 00 00 00 04 00",
        Command::read_stacked, 1, [&](Room r) { return encode_stacked_reads(1, ranges, r); });
    Bytes rest = reads;
    CHECK(next_stacked_read(rest) == ranges[0]);
    CHECK(next_stacked_read(rest) == ranges[1]);
    CHECK(rest.empty());
    CHECK_FALSE(next_stacked_read(rest));

    const auto one = hex("01 00 00 00");
    const auto two = hex("aa bb");
    const std::array<MemoryWrite, 2> writes{{{0x20004, one}, {0x184, two}}};
    const auto pieces = check_command(
        "55 33 56 43 00 40 08 08 1e 00 02 00"
        "| 04 00 02 00 00 00 00 00 00 00 04 00 01 00 00 00"
        "| 84 01 00 00 00 00 00 00 00 00 02 00 aa bb",
        Command::write_stacked, 2, [&](Room r) { return encode_stacked_writes(2, writes, r); });
    rest = pieces;
    for (const MemoryWrite& write : writes) {
        const auto piece = next_stacked_write(rest);
        REQUIRE(piece);
        CHECK(piece->address == write.address);
        CHECK(std::vector<std::byte>(piece->data.begin(), piece->data.end()) ==
              std::vector<std::byte>(write.data.begin(), write.data.end()));
    }
    CHECK(rest.empty());
    // Only whole pieces, wherever it is cut.
    for (std::size_t length = 0; length < pieces.size(); ++length) {
        const std::vector<std::byte> cut(pieces.begin(),
                                         pieces.begin() + static_cast<std::ptrdiff_t>(length));
        rest = cut;
        CHECK(static_cast<bool>(next_stacked_write(rest)) == (length >= 16));
    }
    const std::array<std::uint16_t, 2> written{4, 2};
    const auto acks = check_ack("55 33 56 43 00 00 09 08 08 00 02 00 | 00 00 04 00 | 00 00 02 00",
                                Status::success, 0x0809, 2,
                                [&](Room r) { return encode_stacked_written(2, written, r); });
    rest = acks;
    CHECK(next_stacked_written(rest) == 4);
    CHECK(next_stacked_written(rest) == 2);
    CHECK_FALSE(next_stacked_written(rest));
}

TEST_CASE("what is no control packet") {
    CHECK_FALSE(decode_command(hex("55 33 56 45 00 40 00 08 00 00 01 00")));  // an event's prefix
    CHECK_FALSE(decode_ack(hex("55 33 56 43 00 00 01 08 01 00 01 00")));
    // Bytes behind the announced length are not part of it.
    CHECK(decode_ack(hex("55 33 56 43 00 00 01 08 00 00 01 00 ff"))->payload.empty());
    const auto huge = zeros(65536);
    std::vector<std::byte> room(70000);
    CHECK(encode_memory_values(1, huge, room) == 0);
    CHECK(encode_write_memory(1, {0, std::span(huge).first(65528)}, room) == 0);
}

TEST_CASE("leader and trailer of an image") {
    const auto typed =
        hex("55 33 56 4c 00 00 34 00 01 00 00 00 00 00 00 00 00 00 01 00 00 ca 9a 3b 00 00 00 00"
            "01 00 08 01 80 02 00 00 e0 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
    Leader leader;
    leader.block_id = 1;
    leader.timestamp_ns = 1000000000;
    leader.pixel_format = 0x01080001;
    leader.size_x = 640;
    leader.size_y = 480;
    const auto encode = [&](Room r) { return encode_leader(leader, r); };
    CHECK(encoded(encode) == typed);
    CHECK(refuses_small_room(typed, encode));
    CHECK(only_whole_decodes(typed, decode_leader));
    CHECK(decode_leader(typed) == leader);

    const auto end =
        hex("55 33 56 54 00 00 20 00 01 00 00 00 00 00 00 00 00 00 00 00 00 b0 04 00 00 00 00 00"
            "e0 01 00 00");
    const Trailer trailer{1, Status::success, 307200, 480, 0};
    const auto encode_end = [&](Room r) { return encode_trailer(trailer, PayloadType::image, r); };
    CHECK(encoded(encode_end) == end);
    CHECK(refuses_small_room(end, encode_end));
    const auto decode_end = [](Bytes b) { return decode_trailer(b, PayloadType::image); };
    CHECK(only_whole_decodes(end, decode_end));
    CHECK(decode_end(end) == trailer);
}

TEST_CASE("leaders and trailers with chunks, and of unknown types") {
    // Every field different, so that none can stand in for another.
    const auto typed =
        hex("55 33 56 4c 00 00 34 00 08 07 06 05 04 03 02 01 00 00 01 40 18 17 16 15 14 13 12 11"
            "47 00 0c 01 21 00 00 00 22 00 00 00 23 00 00 00 24 00 00 00 25 00 00 00");
    const Leader leader{0x0102030405060708,
                        PayloadType::image_and_chunks,
                        0x1112131415161718,
                        0x010C0047,
                        0x21,
                        0x22,
                        0x23,
                        0x24,
                        0x25};
    CHECK(encoded([&](Room r) { return encode_leader(leader, r); }) == typed);
    CHECK(decode_leader(typed) == leader);

    const auto both =
        hex("55 33 56 54 00 00 24 00 08 07 06 05 04 03 02 01 01 a1 00 00 31 32 33 34 35 36 37 38"
            "41 00 00 00 51 00 00 00");
    const Trailer trailer{0x0102030405060708, Status::data_overrun, 0x3837363534333231, 0x41, 0x51};
    const auto decode_both = [](Bytes b) {
        return decode_trailer(b, PayloadType::image_and_chunks);
    };
    CHECK(encoded([&](Room r) {
              return encode_trailer(trailer, PayloadType::image_and_chunks, r);
          }) == both);
    CHECK(only_whole_decodes(both, decode_both));
    CHECK(decode_both(both) == trailer);

    const auto bare =
        hex("55 33 56 4c 00 00 1c 00 02 00 00 00 00 00 00 00 00 00 00 40 05 00 00 00 00 00 00 00");
    CHECK(only_whole_decodes(bare, decode_leader));
    CHECK(decode_leader(bare)->type == PayloadType::chunks);
    CHECK(encoded([](Room r) {
              return encode_leader({2, PayloadType::chunks, 5, 0, 0, 0, 0, 0, 0}, r);
          }) == bare);
    const auto layout =
        hex("55 33 56 54 00 00 20 00 02 00 00 00 00 00 00 00 00 00 00 00 10 00 00 00 00 00 00 00"
            "07 00 00 00");
    const Trailer chunks{2, Status::success, 16, 0, 7};
    CHECK(decode_trailer(layout, PayloadType::chunks) == chunks);
    CHECK(encoded([&](Room r) { return encode_trailer(chunks, PayloadType::chunks, r); }) ==
          layout);
    CHECK(decode_trailer(layout, static_cast<PayloadType>(0x1234))->valid_bytes == 16);

    // An image's leader that says it is too short for one, or longer than it is.
    CHECK_FALSE(decode_leader(
        hex("55 33 56 4c 00 00 1c 00 01 00 00 00 00 00 00 00 00 00 01 00 00 ca 9a 3b 00 00 00 00"
            "01 00 08 01 80 02 00 00 e0 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00")));
    CHECK_FALSE(decode_leader(
        hex("55 33 56 4c 00 00 35 00 01 00 00 00 00 00 00 00 00 00 01 00 00 ca 9a 3b 00 00 00 00"
            "01 00 08 01 80 02 00 00 e0 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00")));
}

TEST_CASE("manifest entry") {
    // The first eight bytes are those of a real camera: file 1.0.0, schema 1.1, ZIP.
    auto typed = hex("00 00 00 01 00 04 01 01 | 00 00 10 00 00 00 00 00 | 60 21 00 00 00 00 00 00");
    typed = typed + hex("01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14") + zeros(20);
    const auto entry = decode_manifest_entry(typed);
    REQUIRE(entry);
    CHECK(only_whole_decodes(typed, decode_manifest_entry));
    CHECK(entry->file_major == 1);
    CHECK(entry->file_minor == 0);
    CHECK(entry->type == 0);
    CHECK(entry->encoding == 1);
    CHECK(entry->schema_major == 1);
    CHECK(entry->schema_minor == 1);
    CHECK(entry->address == 0x100000);
    CHECK(entry->size == 0x2160);
    CHECK(entry->sha1[0] == std::byte{1});
    CHECK(entry->sha1[19] == std::byte{0x14});
    const auto encode = [&](Room r) { return encode_manifest_entry(*entry, r); };
    CHECK(encoded(encode) == typed);
    CHECK(refuses_small_room(typed, encode));
}

TEST_CASE("interfaces of a camera, from descriptors that Wireshark decodes") {
    const auto typed =
        hex("09 02 74 00 03 01 00 80 70 | 08 0b 00 03 ef 05 00 00 | 09 04 00 00 02 ef 05 00 00"
            "| 14 24 01 02 00 01 00 00 00 01 00 04 01 02 05 06 01 03 07 0c"
            "| 07 05 01 02 00 04 00 06 30 00 00 00 00 | 07 05 81 02 00 04 00 06 30 00 00 00 00"
            "| 09 04 01 00 01 ef 05 01 00 | 07 05 82 02 00 04 00 06 30 00 00 00 00"
            "| 09 04 02 00 01 ef 05 02 00 | 07 05 83 02 00 04 00 06 30 0f 00 00 00");
    const auto found = find_interfaces(typed);
    REQUIRE(found);
    CHECK(found->control == Channel{0, 0x01, 0x81, 1024});
    CHECK(found->events == Channel{1, 0, 0x82, 1024});
    CHECK(found->stream == Channel{2, 0, 0x83, 1024});
    REQUIRE(found->info);
    CHECK(found->info->gencp_minor == 2);
    CHECK(found->info->gencp_major == 1);
    CHECK(found->info->u3v_major == 1);
    CHECK(found->info->guid == 4);
    CHECK(found->info->serial == 3);
    CHECK(found->info->user_name == 7);
    CHECK(found->info->speeds == (high_speed | super_speed));
    CHECK(encode_configuration(*found, super_speed) == typed);

    // Cut anywhere it is a camera with what is left, and nothing behind the cut is read.
    for (std::size_t length = 0; length < typed.size(); ++length) {
        const std::vector<std::byte> cut(typed.begin(),
                                         typed.begin() + static_cast<std::ptrdiff_t>(length));
        const auto part = find_interfaces(cut);
        CHECK(static_cast<bool>(part) == (length >= 9 + 8 + 9 + 20 + 13 + 7));
        // The companion at the very end is not needed.
        if (part) CHECK(part->stream.has_value() == (length >= typed.size() - 6));
    }
    // A mouse, and a camera of another class.
    CHECK_FALSE(find_interfaces(
        hex("09 02 22 00 01 01 00 a0 31 09 04 00 00 01 03 01 02 00 09 21 11 01 00 01 22 34 00"
            "07 05 81 03 04 00 0a")));
    CHECK_FALSE(
        find_interfaces(hex("09 04 00 00 02 0e 01 00 00 07 05 01 02 00 04 00"
                            "07 05 81 02 00 04 00")));
    // Packets of no bytes: no stream, no events; and no camera if its answers would be empty.
    for (std::size_t at = 0; at + 7 <= typed.size(); ++at) {
        const bool endpoint = typed[at] == std::byte{7} && typed[at + 1] == std::byte{5};
        if (!endpoint || (typed[at + 2] & std::byte{0x80}) == std::byte{0}) continue;
        auto empty = typed;
        empty[at + 4] = empty[at + 5] = std::byte{0};
        const auto part = find_interfaces(empty);
        CHECK(part.has_value() == (typed[at + 2] != std::byte{0x81}));
        if (part) CHECK(part->stream.has_value() == (typed[at + 2] != std::byte{0x83}));
        if (part) CHECK(part->events.has_value() == (typed[at + 2] != std::byte{0x82}));
    }
    // High speed: packets of 512 bytes, no companions.
    const auto slow = find_interfaces(encode_configuration(*found, high_speed));
    REQUIRE(slow);
    CHECK(slow->stream == Channel{2, 0, 0x83, 512});
}

TEST_CASE("alignment of transfers") {
    CHECK(alignment_of(0x0A000000) == 1024);
    CHECK(alignment_of(0x06000000) == 64);
    CHECK(alignment_of(0) == 1);
    CHECK(alignment_of(0xFF000000) == 0);
}
