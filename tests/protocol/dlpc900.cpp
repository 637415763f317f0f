// DLPC900: reports and pictures against bytes typed from the documents, cut at every length.
#include "protocol/dlpc900_image.h"
#include "protocol/dlpc900_messages.h"
#include "protocol/dlpc900_packet.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <random>
#include <vector>

using namespace opal::protocol;

namespace {

using Bytes = std::vector<std::byte>;

Bytes bytes(std::initializer_list<int> values) {
    Bytes result;
    for (const int v : values) result.push_back(static_cast<std::byte>(v));
    return result;
}

// The report without its trailing zeros, up to `length` bytes of it.
Bytes beginning(const Dlpc900Report& report, std::size_t length) {
    CHECK(std::all_of(report.begin() + std::ptrdiff_t(length), report.end(),
                      [](std::byte b) { return b == std::byte{0}; }));
    return {report.begin(), report.begin() + std::ptrdiff_t(length)};
}

void check_command(const Dlpc900Command& command, const Bytes& wire) {
    const auto reports = encode(command);
    REQUIRE(reports.size() == 1);
    CHECK(beginning(reports[0], wire.size()) == wire);
    Dlpc900CommandReader reader;
    CHECK(reader.take(reports[0]) == command);
}

void check_reply(const Dlpc900Reply& reply, const Bytes& wire) {
    const auto reports = encode(reply);
    REQUIRE(reports.size() == 1);
    CHECK(beginning(reports[0], wire.size()) == wire);
    Dlpc900ReplyReader reader;
    CHECK(reader.take(reports[0]) == reply);
}

// Pixels as 24-bit numbers, plane 23 first.
Dlpc900Picture picture_of(int width, std::initializer_list<int> pixels) {
    Dlpc900Picture picture{width, static_cast<int>(pixels.size()) / width, {}};
    for (const int p : pixels) {
        picture.pixels.push_back(static_cast<std::byte>(p >> 16));
        picture.pixels.push_back(static_cast<std::byte>(p >> 8 & 0xFF));
        picture.pixels.push_back(static_cast<std::byte>(p & 0xFF));
    }
    return picture;
}

const Dlpc900Picture& tiny() {
    static const Dlpc900Picture picture = picture_of(8, {1, 1, 1, 1,        1,        1, 1, 1,  //
                                                         1, 1, 1, 0x010203, 0x0A0B0C, 5, 5, 5,  //
                                                         1, 1, 1, 0x010203, 0,        0, 0, 0});
    return picture;
}

}  // namespace

TEST_CASE("the worked commands and replies, both ways") {
    check_command({true, true, 2, 0x1A0A, {}}, bytes({0xC0, 2, 2, 0, 0x0A, 0x1A}));
    check_reply({true, false, 2, bytes({1})}, bytes({0xC0, 2, 1, 0, 1}));
    check_command({true, true, 1, 0x0205, {}}, bytes({0xC0, 1, 2, 0, 5, 2}));
    check_command({false, true, 4, 0x1A24, bytes({0})}, bytes({0x40, 4, 3, 0, 0x24, 0x1A, 0}));
    check_reply({false, false, 4, {}}, bytes({0x40, 4, 0, 0}));
    check_command({false, true, 5, 0x1A1B, bytes({3})}, bytes({0x40, 5, 3, 0, 0x1B, 0x1A, 3}));
    check_reply({false, true, 5, {}}, bytes({0x60, 5, 0, 0}));
    check_reply({true, false, 6, bytes({5})}, bytes({0xC0, 6, 1, 0, 5}));
    check_command(
        {false, true, 7, 0x1A34, bytes({5, 0, 0x69, 0, 0, 0x10, 0, 0, 0, 0, 0, 0x28})},
        bytes({0x40, 7, 0x0E, 0, 0x34, 0x1A, 5, 0, 0x69, 0, 0, 0x10, 0, 0, 0, 0, 0, 0x28}));
    check_command({false, false, 11, 0x1A2B, bytes({1, 0, 0xAA})},
                  bytes({0, 11, 5, 0, 0x2B, 0x1A, 1, 0, 0xAA}));
    CHECK(dlpc900_error_text(5) == "not allowed in this mode");
    CHECK(dlpc900_error_text(255) == "internal error");
    CHECK(dlpc900_error_text(18).empty());
    CHECK(dlpc900_error_text(-1).empty());
}

TEST_CASE("a command of 506 bytes of data takes eight reports") {
    Dlpc900Command command{false, false, 11, 0x1A2B, Bytes(dlpc900_most_data)};
    for (std::size_t i = 0; i < command.data.size(); ++i)
        command.data[i] = static_cast<std::byte>(i * 7 & 0xFF);
    const auto reports = encode(command);
    REQUIRE(reports.size() == 8);
    CHECK(Bytes(reports[0].begin(), reports[0].begin() + 6) == bytes({0, 11, 0xFC, 1, 0x2B, 0x1A}));
    CHECK(reports[1][0] == command.data[58]);  // 64 bytes less the header
    Dlpc900CommandReader reader;
    for (std::size_t i = 0; i + 1 < reports.size(); ++i) CHECK_FALSE(reader.take(reports[i]));
    CHECK(reader.take(reports.back()) == command);
}

TEST_CASE("reports that cannot be a command are dropped, and the next one is read") {
    Dlpc900CommandReader reader;
    CHECK_FALSE(reader.take({}));
    const Bytes whole = bytes({0xC0, 2, 2, 0, 0x0A, 0x1A});
    for (std::size_t length = 0; length < whole.size(); ++length)
        CHECK_FALSE(Dlpc900CommandReader().take(std::span(whole).first(length)));
    CHECK_FALSE(reader.take(bytes({0xC0, 2, 0xFF, 0xFF, 0, 0})));  // longer than the buffer
    CHECK_FALSE(reader.take(bytes({0xC0, 2, 1, 0, 0, 0})));        // no room for its word
    CHECK(reader.take(bytes({0xC0, 2, 2, 0, 0x0A, 0x1A})).has_value());
}

TEST_CASE("the tiny picture in both codes") {
    const Bytes enhanced = bytes({8, 0, 0, 1, 0, 1, 3, 0, 2, 1, 2, 3, 0x0A, 0x0B, 0x0C,
                                  3, 0, 0, 5, 0, 1, 4, 4, 0, 0, 0, 0, 1,    0});
    CHECK(compress(tiny(), Dlpc900Compression::enhanced) == enhanced);
    const Bytes plain =
        bytes({8, 0, 0, 1, 0, 0, 0, 0, 3, 0, 0, 1, 0, 2, 1, 2, 3, 0x0A, 0x0B, 0x0C, 3, 0, 0, 5,
               0, 0, 0, 0, 3, 0, 0, 1, 1, 1, 2, 3, 4, 0, 0, 0, 0, 1,    0,    0,    0, 0, 0, 0});
    CHECK(plain.size() == 48);
    CHECK(compress(tiny(), Dlpc900Compression::plain) == plain);
    for (const auto how :
         {Dlpc900Compression::none, Dlpc900Compression::plain, Dlpc900Compression::enhanced}) {
        const Bytes file = encode(tiny(), how);
        CHECK(parse_dlpc900_file(file) == tiny());
        // The plain code's last bytes are padding.
        const std::size_t needed = file.size() - (how == Dlpc900Compression::plain ? 6 : 0);
        for (std::size_t length = 0; length < needed; ++length)
            CHECK_FALSE(parse_dlpc900_file(std::span(file).first(length)));
    }
}

TEST_CASE("plane 0 all on, 1920 x 1080: header, first bytes and size as in the documents") {
    Dlpc900Picture on{1920, 1080, Bytes(std::size_t{3} * 1920 * 1080)};
    for (std::size_t p = 2; p < on.pixels.size(); p += 3) on.pixels[p] = std::byte{1};
    const Bytes file = encode(on, Dlpc900Compression::enhanced);
    CHECK(file.size() == 4372);
    Bytes head =
        bytes({0x53, 0x70, 0x6C, 0x64, 0x80, 0x07, 0x38, 0x04, 0xE4, 0x10, 0, 0, 0xFF, 0xFF, 0xFF,
               0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0,    0,    0,    0,    1,    2, 1, 0,    0,    1});
    head.resize(48);
    const Bytes code = bytes({0x80, 0x0F, 0, 0, 1, 0, 1, 0x80, 0x0F, 0, 1, 0x80, 0x0F});
    head.insert(head.end(), code.begin(), code.end());
    CHECK(Bytes(file.begin(), file.begin() + std::ptrdiff_t(head.size())) == head);
    CHECK(parse_dlpc900_file(file) == on);
}

TEST_CASE("pictures of all kinds come back from all codes") {
    std::mt19937 random(3);
    for (int trial = 0; trial < 300; ++trial) {
        const int width = 1 + static_cast<int>(random() % 300);
        const int height = 1 + static_cast<int>(random() % 6);
        Dlpc900Picture picture{width, height, {}};
        const auto change = 1 + random() % 40;  // one pixel in so many differs from the last
        std::uint32_t value = 0;
        for (int p = 0; p < width * height; ++p) {
            if (random() % change == 0) value = static_cast<std::uint32_t>(random() & 0xFFFFFF);
            const bool above = p >= width && random() % 3 != 0;
            if (above) {
                const auto from = picture.pixels.size() - picture.row_bytes();
                for (std::size_t b = 0; b < 3; ++b) {
                    const std::byte copied = picture.pixels[from + b];
                    picture.pixels.push_back(copied);
                }
            } else {
                for (const int shift : {16, 8, 0})
                    picture.pixels.push_back(static_cast<std::byte>(value >> shift & 0xFF));
            }
        }
        for (const auto how :
             {Dlpc900Compression::none, Dlpc900Compression::plain, Dlpc900Compression::enhanced})
            CHECK(parse_dlpc900_file(encode(picture, how)) == picture);
        CHECK(parse_dlpc900_file(encode_smallest(picture)) == picture);
    }
}

TEST_CASE("noise is sent as it is") {
    std::mt19937 random(4);
    Dlpc900Picture noise{64, 16, Bytes(std::size_t{3} * 64 * 16)};
    for (auto& b : noise.pixels) b = static_cast<std::byte>(random());
    const Bytes file = encode_smallest(noise);
    CHECK(parse_dlpc900_header(file)->compression == Dlpc900Compression::none);
    CHECK(file.size() == 48 + 3 * 64 * 16);
}

TEST_CASE("codes that leave their row, copy from nothing or never end are no picture") {
    const auto file = [](std::initializer_list<int> code, int compression) {
        Bytes made = encode(tiny(), Dlpc900Compression::enhanced);
        made.resize(dlpc900_header_bytes);
        made[25] = static_cast<std::byte>(compression);
        const Bytes tail = bytes(code);
        made.insert(made.end(), tail.begin(), tail.end());
        return made;
    };
    CHECK_FALSE(parse_dlpc900_file(file({9, 0, 0, 1, 0, 1, 0}, 2)));           // run beyond the row
    CHECK_FALSE(parse_dlpc900_file(file({0, 1, 8, 0, 1, 0}, 2)));              // nothing above
    CHECK_FALSE(parse_dlpc900_file(file({8, 0, 0, 1, 0, 1, 0}, 2)));           // two rows missing
    CHECK_FALSE(parse_dlpc900_file(file({8, 0, 0, 1, 0, 1, 8, 0, 1, 8}, 2)));  // no end
    CHECK_FALSE(parse_dlpc900_file(file({8, 0, 0, 1, 0, 1, 8, 0, 1, 8, 1, 0, 0, 0}, 2)));
    CHECK_FALSE(parse_dlpc900_file(file({8, 0, 0, 1, 0, 1, 0}, 3)));  // no such compression
    // An end of line is ignored at column 0 and skips the rest of a row elsewhere.
    const auto skipped = parse_dlpc900_file(
        file({0, 0, 4, 0, 0, 1, 0, 0, 8, 0, 0, 2, 0, 0, 8, 0, 0, 3, 0, 1, 0}, 2));
    REQUIRE(skipped.has_value());
    CHECK(planes_at(*skipped, 0, 3) == 1);
    CHECK(planes_at(*skipped, 0, 4) == 0);
    CHECK(planes_at(*skipped, 1, 0) == 2);
}

TEST_CASE("24 planes in one row: plane k is bit k, planes 0 to 7 are the last byte") {
    std::mt19937_64 random(5);
    for (const int width : {1, 7, 8, 63, 64, 65, 200}) {
        std::vector<std::vector<std::uint64_t>> rows(dlpc900_planes);
        Dlpc900PlaneRows planes{};
        for (std::size_t k = 0; k < rows.size(); ++k) {
            for (int w = 0; w < (width + 63) / 64; ++w) rows[k].push_back(random());
            if (k != 3 && k < 16) planes[k] = rows[k].data();  // plane 3 and the last byte: off
        }
        Bytes fast(3 * static_cast<std::size_t>(width));
        Bytes plain(fast.size());
        pack_planes(planes, width, fast);
        pack_planes_plain(planes, width, plain);
        CHECK(fast == plain);
        const Dlpc900Picture picture{width, 1, fast};
        for (int c = 0; c < width; ++c) {
            std::uint32_t wanted = 0;
            for (std::size_t k = 0; k < 16; ++k)
                if (planes[k] != nullptr && (rows[k][std::size_t(c / 64)] >> c % 64 & 1) != 0)
                    wanted |= 1u << k;
            CHECK(planes_at(picture, 0, c) == wanted);
        }
    }
}

TEST_CASE("messages as the documents write them") {
    Dlpc900Entry red;
    red.index = 5;
    red.exposure_us = 105;
    red.leds = 1;
    red.image = 0;
    red.plane = 5;
    const Bytes red_data = bytes({5, 0, 0x69, 0, 0, 0x10, 0, 0, 0, 0, 0, 0x28});
    CHECK(encode(red) == red_data);
    CHECK(parse_dlpc900_entry(red_data) == red);
    Dlpc900Entry waiting;
    waiting.index = 30;
    waiting.exposure_us = 10000;
    waiting.clear_after = true;
    waiting.leds = 1;
    waiting.wait_for_trigger = true;
    waiting.dark_us = 500;
    waiting.trigger_out_2 = false;
    waiting.image = 1;
    waiting.plane = 6;
    const Bytes waiting_data = bytes({0x1E, 0, 0x10, 0x27, 0, 0x91, 0xF4, 1, 0, 1, 1, 0x30});
    CHECK(encode(waiting) == waiting_data);
    CHECK(parse_dlpc900_entry(waiting_data) == waiting);
    CHECK(encode(Dlpc900Configuration{24, 0}) == bytes({0x18, 0, 0, 0, 0, 0}));
    CHECK(encode(Dlpc900Configuration{24, 24}) == bytes({0x18, 0, 0x18, 0, 0, 0}));
    CHECK(parse_dlpc900_configuration(bytes({0x18, 0, 0x18, 0, 0, 0})) ==
          Dlpc900Configuration{24, 24});
    CHECK(encode(Dlpc900ImageStart{0, 4372}) == bytes({0, 0, 0x14, 0x11, 0, 0}));
    CHECK(parse_dlpc900_image_start(bytes({0, 0, 0x14, 0x11, 0, 0})) == Dlpc900ImageStart{0, 4372});
    CHECK(encode(Dlpc900TriggerOut{false, -20, 20}) == bytes({0, 0xEC, 0xFF, 0x14, 0}));
    CHECK(parse_dlpc900_trigger_out(bytes({0, 0xEC, 0xFF, 0x14, 0})) ==
          Dlpc900TriggerOut{false, -20, 20});
    // By the document's layouts: 105 us, rising; three entries, once.
    CHECK(encode(Dlpc900TriggerIn{}) == bytes({0x69, 0, 0}));
    CHECK(parse_dlpc900_trigger_in(bytes({0xF4, 1, 1})) == Dlpc900TriggerIn{500, true});
    const Bytes order = bytes({3, 0, 3, 0, 0, 0, 2, 0, 0x90, 1, 0, 0});
    CHECK(encode(Dlpc900Reorder{3, {2, 400, 0}}) == order);
    CHECK(parse_dlpc900_reorder(order) == Dlpc900Reorder{3, {2, 400, 0}});
    for (std::size_t length = 0; length < order.size(); ++length)
        CHECK_FALSE(parse_dlpc900_reorder(std::span(order).first(length)));
    CHECK_FALSE(parse_dlpc900_trigger_in(bytes({0x69, 0})));
    CHECK(parse_dlpc900_version(bytes({0, 0, 0, 6})) == Dlpc900Version{6, 0, 0});
    CHECK(encode(Dlpc900Version{5, 1, 0x0203}).size() == 16);
    const Bytes chunk = encode_dlpc900_chunk(bytes({7, 8}));
    CHECK(chunk == bytes({2, 0, 7, 8}));
    for (std::size_t length = 0; length < 14; ++length) {
        Bytes cut = waiting_data;
        cut.resize(length);
        CHECK(parse_dlpc900_entry(cut).has_value() == (length == 12));
        cut = bytes({0x18, 0, 0, 0, 0, 0});
        cut.resize(length);
        CHECK(parse_dlpc900_configuration(cut).has_value() == (length == 6));
        CHECK(parse_dlpc900_image_start(cut).has_value() == (length == 6));
        CHECK(parse_dlpc900_trigger_out(cut).has_value() == (length == 5));
    }
    CHECK_FALSE(parse_dlpc900_chunk(bytes({3, 0, 7, 8})));
    CHECK_FALSE(parse_dlpc900_chunk(bytes({3})));
}
