// The TcpStream contract beyond byte_stream_suite.h.
#pragma once

#include "tests/contract/byte_stream_suite.h"

namespace opal::contract {

TEST_CASE_TEMPLATE_DEFINE("TcpStream: close() is idempotent, ends both directions here", H,
                          tcp_close) {
    H harness;
    CHECK_FALSE(harness.near().peer().empty());
    harness.near().write(bytes_of("last words"), soon(harness));
    harness.near().close();
    harness.near().close();
    std::array<std::byte, 10> into;
    check_kind(hal::ErrorKind::disconnected, [&] { harness.near().read(into, soon(harness)); });
    check_kind(hal::ErrorKind::disconnected,
               [&] { harness.near().write(bytes_of("x"), soon(harness)); });
    // What was written before still gets there.
    CHECK(harness.far_read(10) == bytes_of("last words"));
    CHECK(harness.far_read(1).empty());
}

TEST_CASE_TEMPLATE_DEFINE("TcpStream: after a timed-out write the stream is closed", H,
                          tcp_timed_out) {
    H harness;
    const auto much = some_bytes(H::room_bytes + 100000);
    check_kind(hal::ErrorKind::timeout, [&] { harness.near().write(much, soon(harness, 20ms)); });
    std::array<std::byte, 10> into;
    check_kind(hal::ErrorKind::disconnected,
               [&] { harness.near().write(bytes_of("x"), soon(harness)); });
    check_kind(hal::ErrorKind::disconnected, [&] { harness.near().read(into, soon(harness)); });
}

#define OPAL_TCP_STREAM_SUITE(...)                     \
    TEST_CASE_TEMPLATE_INVOKE(tcp_close, __VA_ARGS__); \
    TEST_CASE_TEMPLATE_INVOKE(tcp_timed_out, __VA_ARGS__)

}  // namespace opal::contract
