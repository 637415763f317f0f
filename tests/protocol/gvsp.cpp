// GVSP: headers, leaders, trailers, parts and chunks against bytes typed from captures and layouts
// of GigE Vision 2.2; truncation at every length.
#include "protocol/gvsp.h"

#include "protocol/chunks.h"
#include "protocol/gvsp_payloads.h"
#include "protocol/pixel_code.h"
#include "tests/protocol/wire_bytes.h"

#include <doctest/doctest.h>

#include <array>

using namespace opal::protocol::gvsp;
using opal::protocol::ByteOrder;
using opal::protocol::ChunkReader;
using opal::protocol::encode_chunk_tag;
using opal::protocol::gvcp::Status;
using opal::tests::encoded;
using opal::tests::hex;
using opal::tests::only_whole_decodes;
using opal::tests::refuses_small_room;
using opal::tests::operator+;
using opal::tests::zeros;
using Bytes = std::span<const std::byte>;
using Room = std::span<std::byte>;

namespace {

void check_header(const char* text, const Header& header) {
    CAPTURE(text);
    const auto typed = hex(text);
    const auto encode = [&](Room r) { return encode_header(header, r); };
    CHECK(encoded(encode) == typed);
    CHECK(refuses_small_room(typed, encode));
    CHECK(only_whole_decodes(typed, [](Bytes b) { return decode_packet(b); }));
    const auto packet = decode_packet(typed);
    REQUIRE(packet);
    CHECK(packet->header == header);
    CHECK(packet->payload.empty());
}

template <typename Encode, typename Decode>
void check_body(const std::vector<std::byte>& typed, Encode&& encode, Decode&& decode) {
    CHECK(encoded(encode) == typed);
    CHECK(refuses_small_room(typed, encode));
    CHECK(only_whole_decodes(typed, decode));
}

}  // namespace

TEST_CASE("headers of both layouts") {
    check_header("00 00 ff 79 01 00 00 00",
                 {Status::success, false, 0, Format::leader, 0, 65401, 0});
    check_header("00 00 ff 79 03 00 00 01",
                 {Status::success, false, 0, Format::payload, 0, 65401, 1});
    check_header("00 00 ff 79 02 00 00 c2",
                 {Status::success, false, 0, Format::trailer, 0, 65401, 194});
    check_header("01 00 00 07 03 00 00 05",
                 {Status::packet_resend, false, 0, Format::payload, 0, 7, 5});
    check_header("80 0c 00 07 03 00 00 05",
                 {Status::packet_unavailable, false, 0, Format::payload, 0, 7, 5});
    check_header("00 00 00 00 83 00 00 00 00 00 00 00 ff ff ff fa 00 00 00 01",
                 {Status::success, true, 0, Format::payload, 0, 0xFFFFFFFA, 1});
    check_header("00 00 00 01 83 00 00 00 00 00 00 01 00 00 00 02 00 00 00 05",
                 {Status::success, true, flag_resent, Format::payload, 0, 0x100000002, 5});
    check_header("00 00 00 00 81 00 00 02 00 00 00 00 00 00 00 0a 00 00 00 00",
                 {Status::success, true, 0, Format::leader, 2, 10, 0});
}

TEST_CASE("what a header says about its packet") {
    CHECK(decode_packet(hex("01 00 00 07 03 00 00 05 aa"))->header.resent());
    CHECK(decode_packet(hex("01 00 00 07 03 00 00 05 aa"))->header.has_data());
    CHECK(decode_packet(hex("01 00 00 07 03 00 00 05 aa"))->payload.size() == 1);
    CHECK_FALSE(decode_packet(hex("80 0c 00 07 03 00 00 05"))->header.has_data());
    CHECK(decode_packet(hex("00 00 00 01 83 00 00 00 00 00 00 00 00 00 00 01 00 00 00 05"))
              ->header.resent());
    // Numbers the standard layout has no room for.
    std::array<std::byte, 20> room;
    CHECK(encode_header({Status::success, false, 0, Format::payload, 0, 65536, 1}, room) == 0);
    CHECK(encode_header({Status::success, false, 0, Format::payload, 0, 1, 1 << 24}, room) == 0);
    CHECK(encode_header({Status::success, false, 1, Format::payload, 0, 1, 1}, room) == 0);
    CHECK(encode_header({Status::success, true, 0, static_cast<Format>(0x80), 0, 1, 1}, room) == 0);
}

TEST_CASE("sizes and block ids") {
    CHECK(data_per_packet(1500, false) == 1464);
    CHECK(data_per_packet(1500, true) == 1452);
    CHECK(data_per_packet(1400, false) == 1364);
    CHECK(data_per_packet(9000, false) == 8964);
    CHECK(data_per_packet(36, false) == 0);
    CHECK(data_per_packet(0, true) == 0);
    CHECK(next_block(65535, false) == 1);
    CHECK(next_block(65535, true) == 65536);
    CHECK(block_distance(65535, 1, false) == 1);
    CHECK(block_distance(1, 65535, false) == -1);
    CHECK(block_distance(65400, 10, false) == 145);
    CHECK(block_distance(7, 5, false) == -2);
    CHECK(block_distance(0xFFFFFFFF, 0x100000001, true) == 2);
}

TEST_CASE("an image leader, as Aravis' camera sends it") {
    Leader leader;
    leader.timestamp = 0x18EA9CCB3DED29B8;
    leader.image = {0x01080001, 512, 512, 0, 0, 0, 0};
    const auto typed =
        hex("00 00 00 01 18 ea 9c cb 3d ed 29 b8 01 08 00 01 00 00 02 00 00 00 02 00"
            "00 00 00 00 00 00 00 00 00 00 00 00");
    check_body(
        typed, [&](Room r) { return encode_leader(leader, r); }, decode_leader);
    const auto decoded = decode_leader(typed);
    CHECK(decoded->type == PayloadType::image);
    CHECK_FALSE(decoded->with_chunks);
    CHECK(decoded->timestamp == leader.timestamp);
    CHECK(decoded->image == leader.image);

    leader = {};
    leader.field_id = 1;
    leader.field_count = 2;
    leader.with_chunks = true;
    leader.timestamp = 1;
    leader.image = {0x010C0047, 640, 480, 16, 8, 3, 4};
    const auto other =
        hex("12 00 40 01 00 00 00 00 00 00 00 01 01 0c 00 47 00 00 02 80 00 00 01 e0"
            "00 00 00 10 00 00 00 08 00 03 00 04");
    check_body(
        other, [&](Room r) { return encode_leader(leader, r); }, decode_leader);
    CHECK(decode_leader(other)->image == leader.image);
    CHECK(decode_leader(other)->with_chunks);
    CHECK(decode_leader(other)->field_id == 1);
    CHECK(decode_leader(other)->field_count == 2);
}

TEST_CASE("leaders of other payloads") {
    Leader raw;
    raw.type = PayloadType::raw;
    raw.timestamp = 2;
    raw.raw_size = 0x100000000;
    auto typed = hex("00 00 00 02 00 00 00 00 00 00 00 02 00 00 00 01 00 00 00 00");
    check_body(
        typed, [&](Room r) { return encode_leader(raw, r); }, decode_leader);
    CHECK(decode_leader(typed)->raw_size == raw.raw_size);

    Leader chunks;
    chunks.type = PayloadType::chunk_data;
    chunks.timestamp = 3;
    typed = hex("00 00 00 04 00 00 00 00 00 00 00 03");
    check_body(
        typed, [&](Room r) { return encode_leader(chunks, r); }, decode_leader);

    typed = hex("00 00 00 08 00 00 00 00 00 00 00 03 aa bb");
    CHECK(decode_leader(typed)->type == PayloadType::h264);
    CHECK(decode_leader(typed)->other_bytes.size() == 2);
}

TEST_CASE("trailers") {
    Trailer trailer;
    trailer.size_y = 480;
    check_body(
        hex("00 00 00 01 00 00 01 e0"), [&](Room r) { return encode_trailer(trailer, r); },
        decode_trailer);
    trailer = {PayloadType::image, true, 480, 0x4B018, 1};
    auto typed = hex("00 00 40 01 00 00 01 e0 00 04 b0 18 00 00 00 01");
    check_body(
        typed, [&](Room r) { return encode_trailer(trailer, r); }, decode_trailer);
    CHECK(decode_trailer(typed) == trailer);
    trailer = {PayloadType::raw, false, 0, 0, 0};
    check_body(
        hex("00 00 00 02"), [&](Room r) { return encode_trailer(trailer, r); }, decode_trailer);
    trailer = {PayloadType::chunk_data, false, 0, 77, 0};
    typed = hex("00 00 00 04 00 00 00 4d");
    check_body(
        typed, [&](Room r) { return encode_trailer(trailer, r); }, decode_trailer);
    CHECK(decode_trailer(typed) == trailer);
    trailer = {PayloadType::extended_chunk, false, 5, 6, 7};
    typed = hex("00 00 00 05 00 00 00 06 00 00 00 05 00 00 00 07");
    check_body(
        typed, [&](Room r) { return encode_trailer(trailer, r); }, decode_trailer);
    CHECK(decode_trailer(typed) == trailer);
    trailer = {PayloadType::jpeg, true, 0, 6, 7};
    typed = hex("00 00 40 06 00 00 00 06 00 00 00 07");
    check_body(
        typed, [&](Room r) { return encode_trailer(trailer, r); }, decode_trailer);
    CHECK(decode_trailer(typed) == trailer);
}

TEST_CASE("multipart: parts in the leader, their number and offset in each packet") {
    Part part;
    part.length = 1024;
    part.pixel_format = 0x01080001;
    part.width = 32;
    part.height = 32;
    Part second = part;
    second.data_type = 9;
    second.length = 0x123456789ABC;
    second.source_id = 1;
    second.additional_zones = 2;
    second.zone_directions = 0x80000000;
    second.data_purpose = 3;
    second.region = 4;
    second.offset_x = 5;
    second.offset_y = 6;
    second.padding_x = 7;
    second.padding_y = 8;
    const auto typed =
        hex("00 00 00 0a 00 00 00 00 00 00 03 e8"
            "00 01 00 00 00 00 04 00 01 08 00 01 00 00 00 00 00 00 00 00 00 00 00 00"
            "00 00 00 20 00 00 00 20 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
            "00 09 12 34 56 78 9a bc 01 08 00 01 00 00 01 02 80 00 00 00 00 03 00 04"
            "00 00 00 20 00 00 00 20 00 00 00 05 00 00 00 06 00 07 00 08 00 00 00 00");
    const std::array<Part, 2> parts{part, second};
    check_body(
        typed, [&](Room r) { return encode_multipart_leader(1000, parts, r); },
        [](Bytes b) { return decode_parts(b, 2); });
    CHECK(decode_leader(typed)->type == PayloadType::multipart);
    CHECK(decode_leader(typed)->timestamp == 1000);
    const auto list = decode_parts(typed, 2);
    REQUIRE(list);
    CHECK((*list)[0] == part);
    CHECK((*list)[1] == second);
    CHECK_FALSE(decode_parts(typed, 3));

    const auto data = hex("aa bb");
    const PartData piece{1, 0x41, 0x10000000002, data};
    const auto packet = hex("01 41 01 00 00 00 00 02 aa bb");
    CHECK(encoded([&](Room r) { return encode_part_data(piece, r); }) == packet);
    const auto decoded = decode_part_data(packet);
    REQUIRE(decoded);
    CHECK(decoded->part == 1);
    CHECK(decoded->zone_info == 0x41);
    CHECK(decoded->offset == piece.offset);
    CHECK(decoded->data.size() == 2);
    for (std::size_t length = 0; length < 8; ++length)
        CHECK_FALSE(decode_part_data(Bytes(packet).first(length)));
}

TEST_CASE("all-in: leader, trailer and data in one packet") {
    const auto data = hex("01 02 03 04");
    AllIn block;
    block.leader.timestamp = 9;
    block.leader.image = {0x01080001, 2, 2, 0, 0, 0, 0};
    block.trailer.size_y = 2;
    block.data = data;
    const auto typed =
        hex("00 00 00 01 00 00 00 00 00 00 00 09 01 08 00 01 00 00 00 02 00 00 00 02"
            "00 00 00 00 00 00 00 00 00 00 00 00 | 00 00 00 01 00 00 00 02 |"
            "01 02 03 04");
    CHECK(encoded([&](Room r) { return encode_all_in(block, r); }) == typed);
    const auto decoded = decode_all_in(typed);
    REQUIRE(decoded);
    CHECK(decoded->leader.image == block.leader.image);
    CHECK(decoded->trailer == block.trailer);
    CHECK(decoded->data.size() == 4);
    for (std::size_t length = 0; length < 44; ++length)
        CHECK_FALSE(decode_all_in(Bytes(typed).first(length)));
}

TEST_CASE("chunks are read from the end") {
    const auto block =
        hex("fa fb fc | a5 a5 a5 a5 00 00 00 03 | 00 00 00 00 00 00 ff fd |"
            "00 00 10 01 00 00 00 08");
    ChunkReader reader(block, ByteOrder::big_endian);
    const auto counter = reader.next();
    REQUIRE(counter);
    CHECK(counter->id == 0x1001);
    CHECK(std::vector<std::byte>(counter->data.begin(), counter->data.end()) ==
          hex("00 00 00 00 00 00 ff fd"));
    const auto image = reader.next();
    REQUIRE(image);
    CHECK(image->id == 0xA5A5A5A5);
    CHECK(image->data.size() == 3);
    CHECK_FALSE(reader.next());
    CHECK(reader.complete());
    CHECK(encoded([](Room r) { return encode_chunk_tag(0x1001, 8, ByteOrder::big_endian, r); }) ==
          hex("00 00 10 01 00 00 00 08"));

    // The same as USB3 Vision sends it.
    const auto swapped =
        hex("fa fb fc | a5 a5 a5 a5 03 00 00 00 | fd ff 00 00 00 00 00 00 |"
            "01 10 00 00 08 00 00 00");
    ChunkReader little(swapped, ByteOrder::little_endian);
    CHECK(little.next()->id == 0x1001);
    CHECK(little.next()->data.size() == 3);
    CHECK(little.complete());
    CHECK(encoded([](Room r) {
              return encode_chunk_tag(0x1001, 8, ByteOrder::little_endian, r);
          }) == hex("01 10 00 00 08 00 00 00"));

    // A length beyond the beginning ends the reading, and it shows.
    for (std::size_t from = 1; from < block.size(); ++from) {
        ChunkReader cut(Bytes(block).subspan(from), ByteOrder::big_endian);
        while (cut.next()) {
        }
        CHECK(cut.complete() == (from == 11));
    }

    // In either order, whichever is expected; of a block that does not add up, nothing at all.
    using opal::protocol::chunks_behind_image;
    for (const auto order : {ByteOrder::big_endian, ByteOrder::little_endian})
        for (const auto& sent : {block, swapped}) {
            const auto chunks = chunks_behind_image(sent, order);
            REQUIRE(chunks.size() == 1);
            CHECK(chunks[0].id == 0x1001);
            CHECK(chunks[0].data.size() == 8);
            CHECK(chunks_behind_image(Bytes(sent).subspan(1), order).empty());
        }
}

TEST_CASE("pixel codes tell their size and packing") {
    using opal::protocol::image_bytes;
    using opal::protocol::PixelCode;
    CHECK(image_bytes(PixelCode::mono8, 5) == 5);
    CHECK(image_bytes(PixelCode::mono10, 5) == 10);
    CHECK(image_bytes(PixelCode::mono10p, 8) == 10);
    CHECK(image_bytes(PixelCode::mono12_packed, 6) == 9);
    CHECK_FALSE(opal::protocol::packing_of(PixelCode::mono12));
    CHECK(opal::protocol::packing_of(PixelCode::mono12p) == opal::protocol::Packing::mono12p);
}
