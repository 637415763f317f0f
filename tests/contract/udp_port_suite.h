// The UdpPort contract, sentence by sentence. A harness `H` has two ports on one network, near()
// and far(), their clock(), broadcast() (an address that reaches far(), host part), and
// nobody() (an address nobody listens at).
#pragma once

#include "hal/udp_port.h"
#include "tests/contract/rim_bytes.h"

#include <array>
#include <optional>

namespace opal::contract {

using namespace std::chrono_literals;

struct Received {
    std::vector<std::byte> bytes;
    hal::UdpAddress from;
    bool truncated = false;
};

inline std::optional<Received> receive_one(hal::UdpPort& port, hal::Deadline deadline,
                                           std::size_t room = 70000) {
    std::vector<std::byte> buffer(room);
    hal::UdpArrival arrival;
    arrival.room = buffer;
    if (port.receive({&arrival, 1}, deadline) == 0) return std::nullopt;
    REQUIRE(arrival.length <= room);
    buffer.resize(arrival.length);
    return Received{buffer, arrival.from, arrival.truncated};
}

TEST_CASE_TEMPLATE_DEFINE("UdpPort: datagrams arrive whole, unmerged, with their sender", H,
                          udp_whole) {
    H harness;
    CHECK(harness.near().local().port != 0);
    const auto first = some_bytes(1400, 3);
    const auto second = some_bytes(5, 4);
    harness.near().send(harness.far().local(), first);
    harness.near().send(harness.far().local(), {});
    harness.near().send(harness.far().local(), second);
    const auto deadline = hal::Deadline::after(harness.clock(), 2s);
    const auto a = receive_one(harness.far(), deadline);
    REQUIRE(a);
    CHECK(a->bytes == first);
    CHECK(a->from == harness.near().local());
    CHECK_FALSE(a->truncated);
    const auto empty = receive_one(harness.far(), deadline);
    REQUIRE(empty);
    CHECK(empty->bytes.empty());
    const auto b = receive_one(harness.far(), deadline);
    REQUIRE(b);
    CHECK(b->bytes == second);

    harness.far().send(b->from, bytes_of("answer"));
    const auto answer = receive_one(harness.near(), hal::Deadline::after(harness.clock(), 2s));
    REQUIRE(answer);
    CHECK(answer->bytes == bytes_of("answer"));
    CHECK(answer->from == harness.far().local());
}

TEST_CASE_TEMPLATE_DEFINE("UdpPort: a datagram goes on where it was told to", H, udp_split) {
    H harness;
    const auto long_one = some_bytes(100, 8);
    const auto short_one = some_bytes(5, 9);
    const auto too_long = some_bytes(101, 10);
    for (const auto& bytes : {long_one, short_one, too_long})
        harness.near().send(harness.far().local(), bytes);
    std::array<std::byte, 8> head{};
    std::array<std::byte, 92> tail{};
    hal::UdpArrival arrival;
    arrival.room = head;
    arrival.more = tail;
    const auto receive = [&] {
        tail.fill(std::byte{0xEE});
        return harness.far().receive({&arrival, 1}, hal::Deadline::after(harness.clock(), 2s)) == 1;
    };
    REQUIRE(receive());
    CHECK(arrival.length == 100);
    CHECK_FALSE(arrival.truncated);
    CHECK(std::equal(head.begin(), head.end(), long_one.begin()));
    CHECK(std::equal(tail.begin(), tail.end(), long_one.begin() + 8));
    REQUIRE(receive());
    CHECK(arrival.length == 5);
    CHECK_FALSE(arrival.truncated);
    CHECK(std::equal(short_one.begin(), short_one.end(), head.begin()));
    CHECK(tail[0] == std::byte{0xEE});
    REQUIRE(receive());
    CHECK(arrival.length == 100);
    CHECK(arrival.truncated);
}

TEST_CASE_TEMPLATE_DEFINE("UdpPort: many at a time into rooms prepared before", H, udp_batch) {
    H harness;
    for (std::uint32_t i = 0; i < 10; ++i)
        harness.near().send(harness.far().local(), some_bytes(100 + i, i));
    std::array<std::array<std::byte, 200>, 4> rooms;
    std::array<hal::UdpArrival, 4> arrivals;
    for (std::size_t i = 0; i < 4; ++i) arrivals[i].room = rooms[i];
    std::uint32_t next = 0;
    while (next < 10) {
        const std::size_t count =
            harness.far().receive(arrivals, hal::Deadline::after(harness.clock(), 2s));
        REQUIRE(count >= 1);
        REQUIRE(count <= 4);
        for (std::size_t i = 0; i < count; ++i, ++next) {
            const auto wanted = some_bytes(100 + next, next);
            REQUIRE(arrivals[i].length == wanted.size());
            CHECK(std::equal(wanted.begin(), wanted.end(), rooms[i].begin()));
            CHECK_FALSE(arrivals[i].truncated);
        }
    }
    CHECK(harness.far().receive({}, hal::Deadline::after(harness.clock(), 2s)) == 0);
}

TEST_CASE_TEMPLATE_DEFINE("UdpPort: a room too small cuts the datagram and says so", H,
                          udp_truncated) {
    H harness;
    const auto sent = some_bytes(100, 9);
    harness.near().send(harness.far().local(), sent);
    harness.near().send(harness.far().local(), bytes_of("next"));
    const auto deadline = hal::Deadline::after(harness.clock(), 2s);
    const auto cut = receive_one(harness.far(), deadline, 30);
    REQUIRE(cut);
    CHECK(cut->truncated);
    CHECK(cut->bytes == std::vector<std::byte>(sent.begin(), sent.begin() + 30));
    const auto next = receive_one(harness.far(), deadline, 4);
    REQUIRE(next);
    CHECK(next->bytes == bytes_of("next"));
    CHECK_FALSE(next->truncated);
}

TEST_CASE_TEMPLATE_DEFINE("UdpPort: nothing by the deadline is 0, at the deadline and not before",
                          H, udp_deadline) {
    H harness;
    const hal::Time begin = harness.clock().now();
    CHECK_FALSE(receive_one(harness.far(), {begin + 20ms}));
    CHECK(harness.clock().now() >= begin + 20ms);
    CHECK(harness.clock().now() < begin + 2s);
    CHECK_FALSE(receive_one(harness.far(), {begin - 1s}));
    harness.near().send(harness.far().local(), bytes_of("there"));
    harness.clock().wait_for(20ms);
    CHECK(receive_one(harness.far(), {begin - 1s}));
}

TEST_CASE_TEMPLATE_DEFINE("UdpPort: nobody listening is silence", H, udp_nobody) {
    H harness;
    for (int i = 0; i < 3; ++i) {
        harness.near().send(harness.nobody(), bytes_of("hello?"));
        CHECK_FALSE(receive_one(harness.near(), hal::Deadline::after(harness.clock(), 10ms)));
    }
    harness.near().send(harness.far().local(), bytes_of("hello"));
    CHECK(receive_one(harness.far(), hal::Deadline::after(harness.clock(), 2s)));
}

TEST_CASE_TEMPLATE_DEFINE("UdpPort: the largest datagram passes, a larger one is out_of_range", H,
                          udp_largest) {
    H harness;
    const auto largest = some_bytes(hal::largest_datagram);
    harness.near().send(harness.far().local(), largest);
    const auto got = receive_one(harness.far(), hal::Deadline::after(harness.clock(), 2s));
    REQUIRE(got);
    CHECK(got->bytes == largest);
    const auto larger = some_bytes(hal::largest_datagram + 1);
    check_kind(hal::ErrorKind::out_of_range,
               [&] { harness.near().send(harness.far().local(), larger); });
    harness.near().send(harness.far().local(), bytes_of("still fine"));
    CHECK(receive_one(harness.far(), hal::Deadline::after(harness.clock(), 2s)));
}

TEST_CASE_TEMPLATE_DEFINE("UdpPort: a broadcast reaches who listens on every interface", H,
                          udp_broadcast) {
    H harness;
    harness.near().send({harness.broadcast(), harness.far().local().port}, bytes_of("who?"));
    const auto got = receive_one(harness.far(), hal::Deadline::after(harness.clock(), 2s));
    REQUIRE(got);
    CHECK(got->bytes == bytes_of("who?"));
    CHECK(got->from == harness.near().local());
}

TEST_CASE_TEMPLATE_DEFINE("UdpPort: a full buffer drops, and the drops are counted", H, udp_full) {
    H harness;
    const std::size_t size = harness.far().status().receive_buffer_bytes;
    REQUIRE(size > 0);
    CHECK(harness.far().status().dropped == 0);
    const auto datagram = some_bytes(1000);
    const std::size_t sent = 3 * size / datagram.size() + 10;
    for (std::size_t i = 0; i < sent; ++i) harness.near().send(harness.far().local(), datagram);
    harness.clock().wait_for(20ms);
    std::size_t received = 0;
    while (receive_one(harness.far(), hal::Deadline::after(harness.clock(), 10ms), 1000))
        ++received;
    CHECK(received > 0);
    CHECK(received < sent);
    // Some systems report drops with the next datagram.
    harness.near().send(harness.far().local(), datagram);
    CHECK(receive_one(harness.far(), hal::Deadline::after(harness.clock(), 2s)));
    CHECK(harness.far().status().dropped == sent - received);
}

#define OPAL_UDP_PORT_SUITE(...)                           \
    TEST_CASE_TEMPLATE_INVOKE(udp_whole, __VA_ARGS__);     \
    TEST_CASE_TEMPLATE_INVOKE(udp_batch, __VA_ARGS__);     \
    TEST_CASE_TEMPLATE_INVOKE(udp_split, __VA_ARGS__);     \
    TEST_CASE_TEMPLATE_INVOKE(udp_truncated, __VA_ARGS__); \
    TEST_CASE_TEMPLATE_INVOKE(udp_deadline, __VA_ARGS__);  \
    TEST_CASE_TEMPLATE_INVOKE(udp_nobody, __VA_ARGS__);    \
    TEST_CASE_TEMPLATE_INVOKE(udp_largest, __VA_ARGS__);   \
    TEST_CASE_TEMPLATE_INVOKE(udp_broadcast, __VA_ARGS__); \
    TEST_CASE_TEMPLATE_INVOKE(udp_full, __VA_ARGS__)

}  // namespace opal::contract
