// BlockAssembler alone: packets that are stale, forged or say that something is wrong, and where a
// run's numbers begin. None of them ends a run or makes a frame.
#include "tests/drivers/typed_stream.h"

#include <doctest/doctest.h>

#include <numeric>

using namespace opal;
using namespace std::chrono_literals;
using namespace opal::tests;

namespace {

std::vector<std::uint64_t> numbers(const Stream& stream) {
    std::vector<std::uint64_t> all;
    for (const Block& block : stream.blocks) all.push_back(block.number);
    return all;
}

using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("a single packet of an id far ahead does not end the run") {
    Stream stream;
    stream.whole(1, 1);
    stream.take(data(200, 1));
    stream.take(data(200, 1));  // the same again says nothing new
    stream.take(leader(100, 9));
    stream.whole(2, 2);
    stream.whole(3, 3);
    CHECK(numbers(stream) == Numbers{0, 1, 2});
    CHECK(stream.assembler.statistics().lost_blocks == 0);
    // An hour later another one: they are not taken together.
    stream.take(data(200, 2));
    stream.now += 1h;
    stream.take(leader(200, 9));
    stream.now += 1h;
    stream.take(trailer(200));
    stream.whole(4, 4);
    CHECK(numbers(stream) == Numbers{0, 1, 2, 3});
}

TEST_CASE("several packets that agree: the stream is there, and the frame that told is whole") {
    Stream stream;
    stream.whole(1, 1);
    stream.whole(200, 9);  // a cable was out
    stream.whole(201, 10);
    CHECK(numbers(stream) == Numbers{0, 199, 200});
    CHECK(stream.blocks[1].data == image(200));
    CHECK(stream.blocks[1].complete());
    CHECK(stream.assembler.statistics().lost_blocks == 198);
}

TEST_CASE("a run does not begin where a stale packet of the run before says") {
    Stream stream;
    stream.whole(1, 1);
    stream.begin();
    stream.begin_with(data(90, 2));  // alone, and believed after a while
    stream.whole(1, 50);
    stream.whole(2, 51);
    CHECK(numbers(stream) == Numbers{0, 0, 1});
    CHECK(stream.blocks[2].data == image(2));
}

TEST_CASE("a whole frame that was sent before the run began is not this run's") {
    Stream stream;
    stream.whole(1, 1);
    stream.options.begins_at_tick = 50;
    stream.options.stale_until = stream.now + 200ms;
    stream.begin();
    stream.whole(2, 49);
    stream.whole(1, 50);
    stream.whole(2, 60);
    CHECK(numbers(stream) == Numbers{0, 0, 1});
    CHECK(stream.blocks[1].leader.timestamp == 50);
    CHECK(stream.blocks[2].leader.timestamp == 60);
    // A camera that sets its clock back when it starts is not deaf for ever.
    stream.begin();
    stream.now += 200ms;
    stream.whole(1, 3);
    CHECK(stream.blocks.size() == 4);
}

TEST_CASE("ids that begin anew in every run, and ids that go on") {
    Stream stream;
    for (int id = 1; id <= 5; ++id) stream.whole(id, id);
    SUBCASE("anew; what is lost at the beginning is a gap") {
        stream.begin();
        stream.whole(1, 10);
        stream.begin();
        stream.whole(3, 20);  // beyond the last id, 1: still from the beginning
        CHECK(stream.blocks.back().number == 2);
        CHECK(stream.assembler.statistics().lost_blocks == 2);
    }
    SUBCASE("onward") {
        stream.begin();
        stream.whole(6, 10);
        CHECK(stream.blocks.back().number == 0);
        stream.whole(7, 11);
        stream.begin();
        stream.whole(10, 20);
        CHECK(stream.blocks.back().number == 2);
        CHECK(stream.assembler.statistics().lost_blocks == 2);
    }
    SUBCASE("onward, and frames came when nobody waited for them any more") {
        stream.begin();
        stream.whole(6, 10);
        for (const int late : {7, 8}) {
            protocol::gvsp::Header header;
            header.block = static_cast<std::uint64_t>(late);
            stream.assembler.overhear(header);
        }
        stream.begin();
        stream.whole(9, 20);
        CHECK(stream.blocks.back().number == 0);
    }
    SUBCASE("a run of one frame tells nothing: in doubt a frame is lost, not shifted") {
        Stream other;
        other.whole(1, 1);
        other.begin();
        other.whole(2, 2);
        CHECK(other.blocks.back().number == 1);
    }
}

TEST_CASE("a trailer before its time makes no short frame") {
    Stream stream;
    stream.take(leader(1, 1));
    stream.take(data(1, 1));
    stream.take(bytes_of({0, 0, 0, 1, 2, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2}));  // as packet 2
    for (int i = 0; i < 4; ++i) stream.wait(10ms);
    REQUIRE(stream.blocks.size() == 1);
    CHECK_FALSE(stream.blocks[0].complete());
    REQUIRE(stream.blocks[0].missing.size() == 1);
    CHECK(stream.blocks[0].missing[0] == drivers::gige::MissingRange{12, 20});
    CHECK(stream.requests.empty());  // the camera has said that there is no more
}

TEST_CASE("statuses: what is gone, what is not there yet, and what is another matter") {
    for (const int gone : {0x0C, 0x11, 0x12}) {
        CAPTURE(gone);
        Stream stream;
        stream.take(leader(1, 1));
        stream.take(data(1, 1));
        stream.take(trailer(1));
        stream.wait(1ms);
        REQUIRE(stream.requests.size() == 1);
        stream.take(bytes_of({0x80, gone, 0, 1, 3, 0, 0, 2}));
        for (int i = 0; i < 3; ++i) stream.wait(10ms);
        CHECK(stream.requests.size() == 1);
        REQUIRE(stream.blocks.size() == 1);
        CHECK_FALSE(stream.blocks[0].complete());
    }
    for (const int other :
         {0x10, 0x0D, 0x15, 0xFF}) {  // not yet; overrun; overflow; 80FF: anything
        CAPTURE(other);
        Stream stream;
        stream.take(leader(1, 1));
        stream.take(data(1, 1));
        stream.take(trailer(1));
        stream.wait(1ms);
        REQUIRE(stream.requests.size() == 1);
        stream.take(bytes_of({0x80, other, 0, 1, 3, 0, 0, 2}));
        CHECK(stream.assembler.statistics().errors == (other == 0x10 ? 0 : 1));
        stream.wait(20ms);
        CHECK(stream.requests.size() == 2);  // asked for again, and this time it comes
        stream.take(data(1, 2));
        REQUIRE(stream.blocks.size() == 1);
        CHECK(stream.blocks[0].complete());
    }
}

TEST_CASE("a status opens no block") {
    Stream stream;
    stream.whole(1, 1);
    stream.take(bytes_of({0x80, 0x0C, 0, 4, 3, 0, 0, 1}));
    stream.whole(2, 2);
    CHECK(numbers(stream) == Numbers{0, 1});
    for (int i = 0; i < 20; ++i) stream.wait(20ms);
    CHECK(stream.requests.empty());
    CHECK(stream.blocks.size() == 2);
}

TEST_CASE("requests have an end, in a block and in a second") {
    // 1000 packets of 12 bytes, of which every second comes: 500 gaps.
    Stream stream;
    stream.options.most_ranges = 300;
    stream.options.most_ranges_per_s = 700;
    stream.begin();
    stream.options.payload_bytes = 12000;
    stream.assembler.reset(stream.options);
    const auto torn = [&](int block) {
        stream.take(leader(block, block));
        for (int packet = 1; packet <= 1000; packet += 2) {
            Bytes bytes = bytes_of({0, 0, 0, block, 3, 0, packet >> 8, packet & 0xFF});
            bytes.resize(8 + 12);
            stream.take(bytes);
        }
        stream.wait(1ms);
    };
    torn(1);
    CHECK(stream.requests.size() == 300);
    for (int i = 0; i < 4; ++i) stream.wait(20ms);
    CHECK(stream.requests.size() == 300);
    torn(2);
    CHECK(stream.requests.size() == 600);
    torn(3);
    CHECK(stream.requests.size() == 700);
    CHECK(stream.assembler.statistics().unasked > 0);
    stream.wait(1s);
    torn(4);
    CHECK(stream.requests.size() == 1000);
}
