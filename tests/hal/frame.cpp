// Frame: bytes typed by hand, counts read back.
#include "hal/frame.h"

#include <doctest/doctest.h>

using namespace opal::hal;

TEST_CASE("8 bits: one byte per pixel, row-major") {
    Frame frame;
    frame.reshape({10, 20, 2, 3}, PixelFormat::mono8);
    REQUIRE(frame.bytes.size() == 6);
    for (std::size_t i = 0; i < 6; ++i) frame.bytes[i] = static_cast<std::byte>(200 + 10 * i);
    CHECK(frame.count_at(0, 0) == 200);
    CHECK(frame.count_at(0, 2) == 220);
    CHECK(frame.count_at(1, 0) == 230);
    CHECK(frame.as_u8()[5] == 250);
    CHECK(frame.max_count() == 255);
}

TEST_CASE("10 and 12 bits: little-endian words, right-aligned") {
    Frame frame;
    frame.reshape({0, 0, 1, 2}, PixelFormat::mono12);
    REQUIRE(frame.bytes.size() == 4);
    frame.bytes[0] = std::byte{0x34};
    frame.bytes[1] = std::byte{0x02};
    frame.bytes[2] = std::byte{0xFF};
    frame.bytes[3] = std::byte{0x0F};
    CHECK(frame.as_u16()[0] == 0x234);
    CHECK(frame.count_at(0, 1) == 4095);
    CHECK(frame.max_count() == 4095);
    frame.reshape({0, 0, 1, 2}, PixelFormat::mono10);
    CHECK(frame.max_count() == 1023);
    CHECK(bits_of(PixelFormat::mono10) == 10);
}

TEST_CASE("reshaping to something smaller and back keeps the storage") {
    Frame frame;
    frame.reshape({0, 0, 100, 100}, PixelFormat::mono12);
    const std::byte* storage = frame.bytes.data();
    frame.reshape({0, 0, 10, 10}, PixelFormat::mono8);
    CHECK(frame.bytes.size() == 100);
    frame.reshape({0, 0, 100, 100}, PixelFormat::mono12);
    CHECK(frame.bytes.data() == storage);
}
