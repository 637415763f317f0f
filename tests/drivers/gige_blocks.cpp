// BlockAssembler alone: packets typed by hand, where their data are predicted to go, and what comes
// of predictions that were wrong.
#include "tests/drivers/typed_stream.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

using namespace opal;
using namespace opal::drivers::gige;
using namespace std::chrono_literals;
using namespace opal::tests;

TEST_CASE("data that lie where they were predicted stay there") {
    Stream stream;
    std::array<PredictedPacket, 8> next;
    stream.assembler.predict(next);
    CHECK(next[0].data.empty());  // nobody knows the layout yet
    CHECK(stream.assembler.header_size() == 0);
    stream.begin_with(leader(1, 9));
    CHECK(stream.assembler.header_size() == 8);
    stream.assembler.predict(next);
    // 1, 2 and 3 of block 1; 0 to 3 of block 2; 0 of block 3.
    for (std::size_t i = 0; i < 8; ++i) {
        CHECK(next[i].block == 1 + (i + 1) / 4);
        CHECK(next[i].packet == (i + 1) % 4);
        // The last data packet of a block may be padded.
        CHECK(next[i].data.size() == (next[i].packet == 1 ? 12 : 0));
    }
    const Bytes first = data(1, 1);
    std::copy(first.begin() + 8, first.end(), next[0].data.begin());
    const Bytes second = data(2, 1);
    std::copy(second.begin() + 8, second.end(), next[4].data.begin());
    protocol::gvsp::Packet packet;
    packet.header.format = protocol::gvsp::Format::payload;
    packet.header.packet = 1;
    packet.header.block = 1;
    packet.payload = next[0].data;
    const std::byte* const place = next[0].data.data();
    stream.assembler.take(packet, stream.now);
    stream.take(data(1, 2));
    stream.take(trailer(1));
    stream.take(leader(2, 10));
    packet.header.block = 2;
    packet.payload = next[4].data;
    stream.assembler.take(packet, stream.now);
    stream.take(data(2, 2));
    stream.take(trailer(2));
    REQUIRE(stream.blocks.size() == 2);
    CHECK(stream.blocks[0].data.data() == place);
    CHECK(stream.blocks[0].data == image(1));
    CHECK(stream.blocks[1].data == image(2));
    CHECK(stream.blocks[1].complete());
}

TEST_CASE("what was written to a place and is not its packet does not count") {
    Stream stream;
    stream.begin_with(leader(1, 9));
    std::array<PredictedPacket, 2> next;
    stream.assembler.predict(next);
    std::fill(next[0].data.begin(), next[0].data.end(), std::byte{0xEE});  // something else came
    stream.take(data(1, 2));
    stream.take(trailer(1));
    stream.wait(1h);  // asked for again, and given up
    for (int i = 0; i < 10; ++i) stream.wait(100ms);
    REQUIRE(stream.blocks.size() == 1);
    REQUIRE(stream.blocks[0].missing.size() == 1);
    CHECK(stream.blocks[0].missing[0].begin == 0);
    CHECK(stream.blocks[0].missing[0].end == 12);
    CHECK(std::count(stream.blocks[0].data.begin(), stream.blocks[0].data.end(), std::byte{0}) ==
          12);
}

TEST_CASE("a new run takes no storage that the run before may still be written to") {
    Stream stream;
    stream.begin_with(leader(1, 9));
    std::array<PredictedPacket, 6> next;
    stream.assembler.predict(next);
    AssemblerOptions options;
    options.payload_bytes = 20;
    options.packet_size = 48;
    stream.assembler.reset(options);
    stream.whole(1, 20);
    // The port was still filling what it had been given.
    for (const PredictedPacket& late : next)
        std::fill(late.data.begin(), late.data.end(), std::byte{0xEE});
    REQUIRE(stream.blocks.size() == 1);
    CHECK(stream.blocks[0].data == image(1));
}

TEST_CASE("a block of which nothing came is asked for as a whole, and comes in its place") {
    Stream stream;
    stream.whole(1, 1);
    stream.whole(3, 3);
    CHECK(stream.blocks.size() == 1);  // 3 waits for 2
    stream.wait(1ms);
    REQUIRE(stream.requests.size() == 1);
    CHECK(stream.requests[0].block == 2);
    CHECK(stream.requests[0].first_packet == 0);
    CHECK(stream.requests[0].last_packet == 3);
    stream.whole(2, 2);
    REQUIRE(stream.blocks.size() == 3);
    for (int i = 0; i < 3; ++i) {
        CHECK(stream.blocks[static_cast<std::size_t>(i)].number == static_cast<std::uint64_t>(i));
        CHECK(stream.blocks[static_cast<std::size_t>(i)].data == image(i + 1));
    }
    CHECK(stream.assembler.statistics().lost_blocks == 0);
}

TEST_CASE("a block that cannot be had is a gap, at once where the camera says so") {
    Stream stream;
    stream.whole(1, 1);
    stream.whole(4, 4);
    stream.wait(1ms);
    REQUIRE(stream.requests.size() == 2);
    // Status 800C, packet unavailable, for block 2; silence for block 3.
    stream.take(bytes_of({0x80, 0x0C, 0, 2, 3, 0, 0, 0}));
    CHECK(stream.blocks.size() == 1);
    for (int i = 0; i < 12; ++i) stream.wait(20ms);
    REQUIRE(stream.blocks.size() == 2);
    CHECK(stream.blocks[1].number == 3);
    CHECK(stream.assembler.statistics().lost_blocks == 2);
    CHECK(stream.requests.size() == 6);  // once for block 2, five times for block 3
}

TEST_CASE("a block sent again out of an earlier run is not taken for this one's") {
    Stream stream;
    stream.whole(1, 50);
    stream.whole(3, 52);
    stream.wait(1ms);
    stream.whole(2, 7);  // older than what came before it
    stream.drain();
    REQUIRE(stream.blocks.size() == 2);
    CHECK(stream.blocks[1].number == 2);
    CHECK(stream.assembler.statistics().lost_blocks == 1);
}
