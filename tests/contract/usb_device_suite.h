// The UsbDevice contract, sentence by sentence. A harness `H` owns a device(), its clock(), and the
// gadget() behind it: interface 0 with interrupt endpoints 0x81 and 0x01 of 64 bytes, interface 1
// with bulk endpoints 0x82 and 0x02 of 512 bytes.
#pragma once

#include "sim/doors/memory_usb.h"
#include "tests/contract/rim_bytes.h"

#include <array>

namespace opal::contract {

using namespace std::chrono_literals;

// Configuration descriptor of that gadget [USB 2.0, tables 9-10, 9-12, 9-13].
inline std::vector<std::byte> two_interface_configuration() {
    const std::array<unsigned char, 55> text = {
        9, 2, 55,   0, 2,    1,    0, 0x80, 50,  // configuration: 55 bytes, 2 interfaces, 100 mA
        9, 4, 0,    0, 2,    3,    0, 0,    0,   // interface 0: HID, 2 endpoints
        7, 5, 0x81, 3, 64,   0,    1,            // IN 1: interrupt, 64 bytes
        7, 5, 0x01, 3, 64,   0,    1,            // OUT 1
        9, 4, 1,    0, 2,    0xFF, 0, 0,    0,   // interface 1: vendor, 2 endpoints
        7, 5, 0x82, 2, 0x00, 0x02, 0,            // IN 2: bulk, 512 bytes
        7, 5, 0x02, 2, 0x00, 0x02, 0};           // OUT 2
    std::vector<std::byte> bytes;
    for (const unsigned char c : text) bytes.push_back(static_cast<std::byte>(c));
    return bytes;
}

template <typename H>
hal::Deadline usb_soon(H& harness, hal::Duration span = 1s) {
    return hal::Deadline::after(harness.clock(), span);
}

TEST_CASE_TEMPLATE_DEFINE("UsbDevice: says who it is, and asks for claim() before transfers", H,
                          usb_claim) {
    H harness;
    hal::UsbDevice& device = harness.device();
    CHECK(device.info().vendor_id == 0x0451);
    CHECK(device.info().product_id == 0xC900);
    CHECK(device.info().configuration == two_interface_configuration());
    const auto report = some_bytes(64);
    check_kind(hal::ErrorKind::wrong_state, [&] { device.write(0x01, report, usb_soon(harness)); });
    hal::UsbTransfer transfer;
    check_kind(hal::ErrorKind::wrong_state, [&] { device.submit(0x81, transfer); });
    check_kind(hal::ErrorKind::out_of_range, [&] { device.claim(7); });
    device.claim(0);
    device.claim(0);
    check_kind(hal::ErrorKind::wrong_state, [&] { device.write(0x02, report, usb_soon(harness)); });
    check_kind(hal::ErrorKind::out_of_range,
               [&] { device.write(0x05, report, usb_soon(harness)); });
}

TEST_CASE_TEMPLATE_DEFINE("UsbDevice: control requests carry data either way, or are refused", H,
                          usb_control) {
    H harness;
    std::vector<std::byte> got;
    hal::UsbSetup seen;
    harness.gadget().on_control(
        [&](const hal::UsbSetup& setup, std::span<const std::byte> data) -> sim::UsbGadget::Answer {
            seen = setup;
            got.assign(data.begin(), data.end());
            if (setup.request == 9) return std::nullopt;
            return some_bytes(18, 7);
        });
    std::array<std::byte, 64> room;
    CHECK(harness.device().control({0x80, 6, 0x0100, 0}, room, usb_soon(harness)) == 18);
    const auto wanted = some_bytes(18, 7);
    CHECK(std::equal(wanted.begin(), wanted.end(), room.begin()));
    CHECK(seen.request_type == 0x80);
    CHECK(seen.value == 0x0100);
    CHECK(harness.device().control({0x80, 6, 0x0100, 0}, std::span(room).first(8),
                                   usb_soon(harness)) == 8);

    auto out = some_bytes(10, 8);
    CHECK(harness.device().control({0x40, 1, 2, 3}, out, usb_soon(harness)) == 10);
    CHECK(got == out);
    CHECK(seen.index == 3);
    CHECK(harness.device().control({0x40, 1, 2, 3}, {}, usb_soon(harness)) == 0);
    check_kind(hal::ErrorKind::refused, [&] {
        harness.device().control({0x80, 9, 0, 0}, room, usb_soon(harness));
    });
    // A control stall needs no clearing.
    CHECK(harness.device().control({0x80, 6, 0x0100, 0}, room, usb_soon(harness)) == 18);
}

TEST_CASE_TEMPLATE_DEFINE("UsbDevice: a report out and a report back", H, usb_reports) {
    H harness;
    harness.device().claim(0);
    harness.gadget().on_write([&](std::uint8_t endpoint, std::span<const std::byte> bytes) {
        CHECK(endpoint == 0x01);
        harness.gadget().send(0x81, bytes);
        return sim::UsbGadget::Verdict::taken;
    });
    std::array<std::byte, 64> room;
    for (std::uint32_t i = 0; i < 5; ++i) {
        const auto report = some_bytes(64, i);
        harness.device().write(0x01, report, usb_soon(harness));
        const auto count = harness.device().read(0x81, room, usb_soon(harness));
        REQUIRE(count == 64);
        CHECK(std::equal(report.begin(), report.end(), room.begin()));
    }
}

TEST_CASE_TEMPLATE_DEFINE("UsbDevice: reads end with a short packet or when full", H, usb_short) {
    H harness;
    harness.device().claim(1);
    std::vector<std::byte> room(2048);
    const auto expect = [&](std::size_t wanted, std::size_t asked) {
        const auto count =
            harness.device().read(0x82, std::span(room).first(asked), usb_soon(harness));
        REQUIRE(count);
        CHECK(*count == wanted);
    };
    harness.gadget().send(0x82, some_bytes(700));  // 512 + 188
    expect(700, 2048);
    harness.gadget().send(0x82, some_bytes(1024));  // no short packet: only full reads end
    expect(512, 512);
    expect(512, 512);
    harness.gadget().send(0x82, some_bytes(1024));
    harness.gadget().send(0x82, {});  // the zero-length packet that says: that was all
    expect(1024, 2048);
    harness.gadget().send(0x82, {});
    expect(0, 2048);
    harness.gadget().send(0x82, some_bytes(1024, 5));
    // Without the end the read waits; at the deadline it keeps what had come.
    const auto count = harness.device().read(0x82, room, usb_soon(harness, 10ms));
    REQUIRE(count);
    CHECK(*count == 1024);
    const auto wanted = some_bytes(1024, 5);
    CHECK(std::equal(wanted.begin(), wanted.end(), room.begin()));
}

TEST_CASE_TEMPLATE_DEFINE("UsbDevice: more than there is room for is an overflow, not silence", H,
                          usb_overflow) {
    H harness;
    harness.device().claim(1);
    std::array<std::byte, 100> room;
    harness.gadget().send(0x82, some_bytes(200));
    check_kind(hal::ErrorKind::corrupt,
               [&] { harness.device().read(0x82, room, usb_soon(harness)); });
}

TEST_CASE_TEMPLATE_DEFINE("UsbDevice: nothing by the deadline", H, usb_deadline) {
    H harness;
    harness.device().claim(0);
    std::array<std::byte, 64> room;
    const hal::Time begin = harness.clock().now();
    CHECK_FALSE(harness.device().read(0x81, room, {begin + 20ms}));
    CHECK(harness.clock().now() >= begin + 20ms);
    CHECK(harness.clock().now() < begin + 2s);
    CHECK(harness.device().reap(0x81, usb_soon(harness)) == nullptr);  // nothing submitted
    CHECK(harness.clock().now() < begin + 500ms);

    harness.gadget().on_write(
        [](std::uint8_t, std::span<const std::byte>) { return sim::UsbGadget::Verdict::busy; });
    const hal::Time before = harness.clock().now();
    check_kind(hal::ErrorKind::timeout,
               [&] { harness.device().write(0x01, some_bytes(64), {before + 20ms}); });
    CHECK(harness.clock().now() >= before + 20ms);
}

TEST_CASE_TEMPLATE_DEFINE("UsbDevice: reads submitted ahead finish in their order", H, usb_ahead) {
    H harness;
    harness.device().claim(1);
    std::array<std::array<std::byte, 512>, 4> rooms;
    std::array<hal::UsbTransfer, 4> transfers;
    for (std::size_t i = 0; i < 4; ++i) {
        transfers[i].room = rooms[i];
        harness.device().submit(0x82, transfers[i]);
        CHECK(transfers[i].outcome == hal::UsbOutcome::pending);
    }
    for (std::uint32_t round = 0; round < 12; ++round) {
        const auto sent = some_bytes(300, round);
        harness.gadget().send(0x82, sent);
        hal::UsbTransfer* const done = harness.device().reap(0x82, usb_soon(harness));
        REQUIRE(done == &transfers[round % 4]);
        CHECK(done->outcome == hal::UsbOutcome::complete);
        REQUIRE(done->length == 300);
        CHECK(std::equal(sent.begin(), sent.end(), done->room.begin()));
        harness.device().submit(0x82, *done);
    }
    harness.device().cancel(0x82);
    for (std::uint32_t i = 0; i < 4; ++i) {
        hal::UsbTransfer* const done = harness.device().reap(0x82, usb_soon(harness));
        REQUIRE(done == &transfers[i]);
        CHECK(done->outcome == hal::UsbOutcome::cancelled);
        CHECK(done->length == 0);
    }
    CHECK(harness.device().reap(0x82, usb_soon(harness)) == nullptr);
}

TEST_CASE_TEMPLATE_DEFINE("UsbDevice: a stalled endpoint works again after clear_halt()", H,
                          usb_stall) {
    H harness;
    harness.device().claim(0);
    harness.device().claim(1);
    std::array<std::byte, 512> room;
    harness.gadget().stall(0x82);
    for (int i = 0; i < 2; ++i)
        check_kind(hal::ErrorKind::refused,
                   [&] { harness.device().read(0x82, room, usb_soon(harness)); });
    harness.device().clear_halt(0x82);
    harness.gadget().send(0x82, some_bytes(20));
    CHECK(harness.device().read(0x82, room, usb_soon(harness)) == 20);

    bool stall = true;
    harness.gadget().on_write([&](std::uint8_t, std::span<const std::byte>) {
        return stall ? sim::UsbGadget::Verdict::stalled : sim::UsbGadget::Verdict::taken;
    });
    check_kind(hal::ErrorKind::refused,
               [&] { harness.device().write(0x01, some_bytes(64), usb_soon(harness)); });
    stall = false;
    check_kind(hal::ErrorKind::refused,
               [&] { harness.device().write(0x01, some_bytes(64), usb_soon(harness)); });
    harness.device().clear_halt(0x01);
    harness.device().write(0x01, some_bytes(64), usb_soon(harness));
}

TEST_CASE_TEMPLATE_DEFINE("UsbDevice: unplugged means disconnected, for good", H, usb_unplugged) {
    H harness;
    hal::UsbDevice& device = harness.device();
    device.claim(1);
    std::array<std::byte, 512> room;
    hal::UsbTransfer transfer;
    transfer.room = room;
    device.submit(0x82, transfer);
    harness.gadget().unplug();
    hal::UsbTransfer* const done = device.reap(0x82, usb_soon(harness));
    REQUIRE(done == &transfer);
    CHECK(done->outcome == hal::UsbOutcome::failed);
    check_kind(hal::ErrorKind::disconnected, [&] { device.reap(0x82, usb_soon(harness)); });
    check_kind(hal::ErrorKind::disconnected, [&] { device.submit(0x82, transfer); });
    check_kind(hal::ErrorKind::disconnected, [&] { device.claim(1); });
    check_kind(hal::ErrorKind::disconnected, [&] { device.cancel(0x82); });
    check_kind(hal::ErrorKind::disconnected, [&] { device.clear_halt(0x82); });
    check_kind(hal::ErrorKind::disconnected,
               [&] { device.write(0x02, some_bytes(3), usb_soon(harness)); });
    check_kind(hal::ErrorKind::disconnected, [&] {
        device.control({0x80, 6, 0, 0}, room, usb_soon(harness));
    });
    check_kind(hal::ErrorKind::disconnected, [&] { device.read(0x82, room, usb_soon(harness)); });
}

#define OPAL_USB_DEVICE_SUITE(...)                        \
    TEST_CASE_TEMPLATE_INVOKE(usb_claim, __VA_ARGS__);    \
    TEST_CASE_TEMPLATE_INVOKE(usb_control, __VA_ARGS__);  \
    TEST_CASE_TEMPLATE_INVOKE(usb_reports, __VA_ARGS__);  \
    TEST_CASE_TEMPLATE_INVOKE(usb_short, __VA_ARGS__);    \
    TEST_CASE_TEMPLATE_INVOKE(usb_overflow, __VA_ARGS__); \
    TEST_CASE_TEMPLATE_INVOKE(usb_deadline, __VA_ARGS__); \
    TEST_CASE_TEMPLATE_INVOKE(usb_ahead, __VA_ARGS__);    \
    TEST_CASE_TEMPLATE_INVOKE(usb_stall, __VA_ARGS__);    \
    TEST_CASE_TEMPLATE_INVOKE(usb_unplugged, __VA_ARGS__)

}  // namespace opal::contract
