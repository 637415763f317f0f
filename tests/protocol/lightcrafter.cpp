// LightCrafter packets and bitmaps: bytes typed from the documents, both directions, cut at every
// length.
#include "protocol/lightcrafter.h"
#include "protocol/bmp.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <numeric>
#include <string>
#include <vector>

using namespace opal::protocol;

namespace {

using Bytes = std::vector<std::byte>;

Bytes bytes(std::initializer_list<int> values) {
    Bytes result;
    for (const int v : values) result.push_back(static_cast<std::byte>(v));
    return result;
}

LcrPacket write(LcrCommand command, Bytes payload) {
    return {LcrType::write, static_cast<std::uint16_t>(command), LcrChunk::whole,
            std::move(payload)};
}

std::optional<LcrPacket> read_back(const Bytes& stream) {
    LcrReader reader;
    reader.add(stream);
    return reader.next();
}

}  // namespace

TEST_CASE("the worked examples, both ways") {
    const std::pair<LcrPacket, Bytes> examples[] = {
        {{LcrType::read, 0x0100, LcrChunk::whole, bytes({0})}, bytes({4, 1, 0, 0, 1, 0, 0, 6})},
        {{LcrType::read, 0x0101, LcrChunk::whole, {}}, bytes({4, 1, 1, 0, 0, 0, 6})},
        {{LcrType::read_reply, 0x0101, LcrChunk::whole, bytes({0})},
         bytes({5, 1, 1, 0, 1, 0, 0, 8})},
        {write(LcrCommand::display_mode, bytes({0})), bytes({2, 1, 1, 0, 1, 0, 0, 5})},
        {{LcrType::write_reply, 0x0101, LcrChunk::whole, {}}, bytes({3, 1, 1, 0, 0, 0, 5})},
        {write(LcrCommand::display_mode, bytes({4})), bytes({2, 1, 1, 0, 1, 0, 4, 9})},
        {write(LcrCommand::test_pattern, bytes({0})), bytes({2, 1, 3, 0, 1, 0, 0, 7})},
        {write(LcrCommand::start, bytes({1})), bytes({2, 4, 2, 0, 1, 0, 1, 0x0A})},
        {write(LcrCommand::advance, {}), bytes({2, 4, 3, 0, 0, 0, 9})},
        {write(LcrCommand::show_pattern, bytes({5, 0})), bytes({2, 4, 5, 0, 2, 0, 5, 0, 0x12})},
        {{LcrType::error, 0x0101, LcrChunk::whole, bytes({3})}, bytes({1, 1, 1, 0, 1, 0, 3, 7})},
        {{LcrType::busy, 0x0101, LcrChunk::whole, {}}, bytes({0, 1, 1, 0, 0, 0, 2})},
    };
    Bytes stream;
    for (const auto& [packet, wire] : examples) {
        CHECK(encode(packet) == wire);
        CHECK(read_back(wire) == packet);
        for (std::size_t length = 0; length < wire.size(); ++length)
            CHECK(read_back(Bytes(wire.begin(), wire.begin() + std::ptrdiff_t(length))) ==
                  std::nullopt);
        stream.insert(stream.end(), wire.begin(), wire.end());
    }
    // One stream, cut anywhere.
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        LcrReader reader;
        reader.add(std::span(stream).first(cut));
        std::size_t found = 0;
        while (const auto packet = reader.next()) CHECK(*packet == examples[found++].first);
        reader.add(std::span(stream).subspan(cut));
        while (const auto packet = reader.next()) CHECK(*packet == examples[found++].first);
        CHECK(found == std::size(examples));
    }
}

TEST_CASE("a stream that is out of step is lost, and says so") {
    for (const Bytes& wrong : {bytes({2, 1, 1, 0, 1, 0, 4, 8}), bytes({6, 1, 1, 0, 0, 0, 8}),
                               bytes({2, 1, 1, 4, 0, 0, 8})}) {
        LcrReader reader;
        reader.add(wrong);
        CHECK(reader.next() == std::nullopt);
        CHECK_FALSE(reader.lost().empty());
        reader.add(bytes({4, 1, 1, 0, 0, 0, 6}));
        CHECK(reader.next() == std::nullopt);
    }
}

TEST_CASE("96 one-bit patterns, 500 us each, looping; a camera pulse of 200 us") {
    LcrSequence sequence;
    sequence.count = 96;
    sequence.period_us = 500;
    sequence.exposure_us = 500;
    sequence.led = 0;
    sequence.repeat = true;
    const Bytes payload = bytes({1, 0x60, 0, 0, 1, 0, 0, 0, 0, 0xF4, 1, 0, 0, 0xF4, 1, 0, 0, 0, 1});
    CHECK(encode(sequence) == payload);
    CHECK(parse_lcr_sequence(payload) == sequence);
    CHECK(encode(write(LcrCommand::sequence, payload)).back() == std::byte{0xE6});
    const LcrCameraTrigger pulse{true, 0, false, 0, 200};
    const Bytes trigger = bytes({1, 0, 0, 0, 0, 0, 0, 0xC8, 0, 0, 0});
    CHECK(encode(pulse) == trigger);
    CHECK(parse_lcr_camera_trigger(trigger) == pulse);
    CHECK(encode(write(LcrCommand::camera_trigger, trigger)).back() == std::byte{0xDE});
    for (std::size_t length = 0; length < 30; ++length) {
        Bytes cut = payload;
        cut.resize(length);
        CHECK(parse_lcr_sequence(cut).has_value() == (length == 19));
        cut = trigger;
        cut.resize(length);
        CHECK(parse_lcr_camera_trigger(cut).has_value() == (length == 11));
    }
}

TEST_CASE("a white pattern: the bitmap, its packet, and its 102 chunks") {
    BitImage white{lcr_rows, lcr_columns, {}};
    white.bits.assign(76 * 684, 0xFF);
    const Bytes file = encode_bmp(white);
    CHECK(file.size() == 52046);
    const Bytes head = bytes({0x42, 0x4D, 0x4E, 0xCB, 0, 0, 0, 0,    0, 0, 0x3E, 0, 0, 0, 0x28,
                              0,    0,    0,    0x60, 2, 0, 0, 0xAC, 2, 0, 0,    1, 0, 1, 0});
    CHECK(Bytes(file.begin(), file.begin() + std::ptrdiff_t(head.size())) == head);
    CHECK(parse_bmp(file) == white);

    Bytes payload = bytes({0});
    payload.insert(payload.end(), file.begin(), file.end());
    const auto whole = write_request(LcrCommand::pattern, payload);
    REQUIRE(whole.size() == 1);
    const Bytes packet = encode(whole[0]);
    CHECK(packet.size() == 52054);
    CHECK(Bytes(packet.begin(), packet.begin() + 7) == bytes({2, 4, 1, 0, 0x4F, 0xCB, 0}));
    // The sum of 52,046 bytes, with two palette counts of 2 and an image size of 0xCB10.
    CHECK(packet.back() == std::byte{0x0D});

    const auto chunks = write_request(LcrCommand::pattern, payload, 512);
    REQUIRE(chunks.size() == 102);
    const Bytes first = encode(chunks.front());
    CHECK(Bytes(first.begin(), first.begin() + 9) == bytes({2, 4, 1, 1, 0, 2, 0, 0x42, 0x4D}));
    CHECK(first.back() == std::byte{0x45});
    const Bytes last = encode(chunks.back());
    CHECK(Bytes(last.begin(), last.begin() + 7) == bytes({2, 4, 1, 3, 0x4F, 1, 0xFF}));
    CHECK(last.back() == std::byte{0x0B});
    for (std::size_t k = 1; k + 1 < chunks.size(); ++k) CHECK(chunks[k].chunk == LcrChunk::middle);
}

TEST_CASE("bitmaps: the last row first, padded to four bytes, palettes either way round") {
    // 3 rows of 10 columns: 1000000001, 0000000000, 1111111111.
    const BitImage image{3, 10, {0x80, 0x40, 0x00, 0x00, 0xFF, 0xC0}};
    Bytes file = encode_bmp(image);
    CHECK(Bytes(file.begin() + 62, file.end()) ==
          bytes({0xFF, 0xC0, 0, 0, 0, 0, 0, 0, 0x80, 0x40, 0, 0}));
    CHECK(parse_bmp(file) == image);
    for (std::size_t length = 0; length < file.size(); ++length) {
        CAPTURE(length);
        CHECK(parse_bmp(std::span(file).first(length)) == std::nullopt);
    }
    // White first, black second: ones are black.
    std::fill(file.begin() + 54, file.begin() + 57, std::byte{0xFF});
    std::fill(file.begin() + 58, file.begin() + 61, std::byte{0x00});
    const BitImage inverted{3, 10, {0x7F, 0x80, 0xFF, 0xC0, 0x00, 0x00}};
    CHECK(parse_bmp(file) == inverted);
    file[28] = std::byte{8};  // bits per pixel
    CHECK(parse_bmp(file) == std::nullopt);
    CHECK(parse_bmp_header(file)->depth == 8);
}

TEST_CASE("limits of each depth") {
    CHECK(lcr_limits(1)->most_patterns == 96);
    CHECK(lcr_limits(1)->min_exposure_us == 250);
    CHECK(lcr_limits(8)->most_patterns == 12);
    CHECK_FALSE(lcr_limits(0).has_value());
    CHECK_FALSE(lcr_limits(9).has_value());
    CHECK(lcr_error_text(9) == "wrong checksum");
    CHECK(lcr_error_text(12).empty());
}
