// What TcpStream and SerialLine promise alike, sentence by sentence. A harness `H` has
//   near(), the implementation; clock(), its clock;
//   far_write(bytes), far_read(count), the other end;
//   far_end(), after which nothing comes from there; room_bytes, what fits on the way when the far
//   end does not read, at most.
#pragma once

#include "tests/contract/rim_bytes.h"

#include <algorithm>
#include <array>

namespace opal::contract {

using namespace std::chrono_literals;

template <typename H>
hal::Deadline soon(H& harness, hal::Duration span = 2s) {
    return hal::Deadline::after(harness.clock(), span);
}

// Reads until `count` bytes have come or nothing more does.
template <typename H>
std::vector<std::byte> near_read(H& harness, std::size_t count) {
    std::vector<std::byte> all;
    std::array<std::byte, 300> part;
    while (all.size() < count) {
        const std::size_t wanted = std::min(part.size(), count - all.size());
        const std::size_t got = harness.near().read(std::span(part).first(wanted), soon(harness));
        REQUIRE(got <= wanted);
        if (got == 0) break;
        all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(got));
    }
    return all;
}

TEST_CASE_TEMPLATE_DEFINE("byte stream: every byte arrives unchanged and in order, both ways", H,
                          bytes_both_ways) {
    H harness;
    const auto out = some_bytes(3000, 1);
    const auto back = some_bytes(3000, 2);
    harness.near().write(out, soon(harness));
    CHECK(harness.far_read(out.size()) == out);
    harness.far_write(back);
    CHECK(near_read(harness, back.size()) == back);
    // The values a terminal would swallow or change.
    const auto special = bytes_of(std::string("\r\n\r\n\x03\x04\x11\x13\x1a\x7f\x00\xff l1\r", 16));
    harness.far_write(special);
    CHECK(near_read(harness, special.size()) == special);
    harness.near().write(special, soon(harness));
    CHECK(harness.far_read(special.size()) == special);
}

TEST_CASE_TEMPLATE_DEFINE("byte stream: read returns what is there, 0 only at the deadline", H,
                          bytes_deadline) {
    H harness;
    std::array<std::byte, 100> into;
    const hal::Time begin = harness.clock().now();
    CHECK(harness.near().read(into, {begin + 20ms}) == 0);
    CHECK(harness.clock().now() >= begin + 20ms);
    CHECK(harness.clock().now() < begin + 2s);
    CHECK(harness.near().read(into, {harness.clock().now() - 1s}) == 0);

    harness.far_write(bytes_of("OK\r\n"));
    CHECK(near_read(harness, 1) == bytes_of("O"));
    harness.clock().wait_for(20ms);
    const std::size_t got = harness.near().read(into, {harness.clock().now() - 1s});
    REQUIRE(got == 3);
    CHECK(into[0] == std::byte{'K'});
    CHECK(into[2] == std::byte{'\n'});
}

TEST_CASE_TEMPLATE_DEFINE("byte stream: empty spans do nothing", H, bytes_empty) {
    H harness;
    harness.far_write(bytes_of("x"));
    harness.near().write({}, {harness.clock().now() - 1s});
    CHECK(harness.near().read({}, soon(harness)) == 0);
    CHECK(near_read(harness, 1) == bytes_of("x"));
}

TEST_CASE_TEMPLATE_DEFINE("byte stream: a far end that does not read makes write() time out", H,
                          bytes_back_pressure) {
    H harness;
    const auto much = some_bytes(H::room_bytes + 100000);
    const hal::Time begin = harness.clock().now();
    check_kind(hal::ErrorKind::timeout, [&] { harness.near().write(much, {begin + 50ms}); });
    CHECK(harness.clock().now() >= begin + 50ms);
    CHECK(harness.clock().now() < begin + 5s);
}

TEST_CASE_TEMPLATE_DEFINE("byte stream: after the far end, what came before, then disconnected", H,
                          bytes_end) {
    H harness;
    harness.far_write(bytes_of("bye"));
    harness.settle();
    harness.far_end();
    if (H::keeps_bytes_at_end) CHECK(near_read(harness, 3) == bytes_of("bye"));
    std::array<std::byte, 10> into;
    const auto read_on = [&] {
        for (int i = 0; i < 10; ++i) harness.near().read(into, soon(harness, 100ms));
    };
    check_kind(hal::ErrorKind::disconnected, read_on);
    check_kind(hal::ErrorKind::disconnected, read_on);
    check_kind(hal::ErrorKind::disconnected, [&] {
        for (int i = 0; i < 10; ++i) {
            harness.near().write(bytes_of("anyone?"), soon(harness, 100ms));
            harness.settle();
        }
    });
}

#define OPAL_BYTE_STREAM_SUITE(...)                              \
    TEST_CASE_TEMPLATE_INVOKE(bytes_both_ways, __VA_ARGS__);     \
    TEST_CASE_TEMPLATE_INVOKE(bytes_deadline, __VA_ARGS__);      \
    TEST_CASE_TEMPLATE_INVOKE(bytes_empty, __VA_ARGS__);         \
    TEST_CASE_TEMPLATE_INVOKE(bytes_back_pressure, __VA_ARGS__); \
    TEST_CASE_TEMPLATE_INVOKE(bytes_end, __VA_ARGS__)

}  // namespace opal::contract
