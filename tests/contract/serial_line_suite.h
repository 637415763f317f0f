// The SerialLine contract beyond byte_stream_suite.h.
#pragma once

#include "hal/serial_line.h"
#include "tests/contract/byte_stream_suite.h"

namespace opal::contract {

TEST_CASE_TEMPLATE_DEFINE("SerialLine: discard_input() drops late replies and nothing that follows",
                          H, serial_discard) {
    H harness;
    CHECK_FALSE(harness.near().name().empty());
    CHECK(harness.near().settings() == hal::SerialSettings{});
    harness.far_write(bytes_of("late reply\r\n"));
    harness.settle();
    harness.near().discard_input();
    harness.near().discard_input();
    harness.far_write(bytes_of("OK\r\n"));
    CHECK(near_read(harness, 4) == bytes_of("OK\r\n"));
}

TEST_CASE_TEMPLATE_DEFINE("SerialLine: usable after a timeout", H, serial_timeout) {
    H harness;
    const auto much = some_bytes(H::room_bytes + 100000);
    check_kind(hal::ErrorKind::timeout, [&] { harness.near().write(much, soon(harness, 20ms)); });
    harness.far_write(bytes_of("still here"));
    CHECK(near_read(harness, 10) == bytes_of("still here"));
}

#define OPAL_SERIAL_LINE_SUITE(...)                         \
    TEST_CASE_TEMPLATE_INVOKE(serial_discard, __VA_ARGS__); \
    TEST_CASE_TEMPLATE_INVOKE(serial_timeout, __VA_ARGS__)

}  // namespace opal::contract
