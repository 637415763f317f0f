// The USB/IP door without a kernel: a client written by hand, with bytes of its own, on loopback.
#include "tests/contract/rim_bytes.h"
#include "tests/contract/usb_device_suite.h"
#include "tests/instruments/usbip_bench.h"

#include <doctest/doctest.h>

#include <atomic>
#include <string>

using namespace opal;
using namespace std::chrono_literals;
using contract::some_bytes;
using opal::tests::big;
using opal::tests::hex;
using opal::tests::soon;
using opal::tests::word;
using Bench = opal::tests::UsbIpBench;
using Host = opal::tests::UsbIpHost;
using opal::tests::zeros;
using opal::tests::operator+;
using Bytes = std::vector<std::byte>;

TEST_CASE("what is plugged in is listed") {
    Bench bench;
    Host host = bench.host();
    host.say(hex("01 11 80 05 00 00 00 00"));
    const Bytes head = hex("01 11 00 05 00 00 00 00 00 00 00 02");
    CHECK(host.hear(12) == head);
    const Bytes first = host.hear(312 + 8);
    const Bytes tail(first.begin() + 256, first.end());
    CHECK(tail == hex("31 2d 31") + zeros(29) +
                      hex("00000001 00000002 00000002 0451 c900 0100 000000 01 01 02"
                          "03 00 00 00  ff 00 00 00"));
    const Bytes second = host.hear(312 + 8);
    CHECK(Bytes(second.begin() + 256, second.begin() + 259) == hex("31 2d 32"));
    CHECK(word(Bytes(second.begin() + 288, second.end()), 2) == 5);  // SuperSpeed
    CHECK(host.hear(1).empty());                                     // and that was all
    bench.device->unplug();
    Host later = bench.host();
    later.say(hex("01 11 80 05 00 00 00 00"));
    CHECK(later.hear(12) == hex("01 11 00 05 00 00 00 00 00 00 00 01"));
}

TEST_CASE("standard requests are answered by the descriptors") {
    Bench bench;
    Host host = bench.host();
    REQUIRE(host.import("1-1"));
    CHECK(host.ask("80 06 00 01 00 00 12 00") ==
          hex("12 01 00 02 00 00 00 40 51 04 00 c9 00 01 01 02 00 01"));
    CHECK(host.ask("80 06 00 01 00 00 08 00") == hex("12 01 00 02 00 00 00 40"));
    CHECK(host.ask("80 06 00 02 00 00 ff 00") == contract::two_interface_configuration());
    CHECK(host.ask("80 06 00 03 00 00 ff 00") == hex("04 03 09 04"));
    CHECK(host.ask("80 06 01 03 09 04 ff 00") == hex("06 03 54 00 49 00"));
    CHECK(host.ask("80 06 04 03 09 04 ff 00") == hex("04 03 78 00"));
    CHECK_FALSE(host.ask("80 06 03 03 09 04 ff 00"));  // no serial number
    CHECK_FALSE(host.ask("80 06 00 0f 00 00 05 00"));  // no object store below SuperSpeed
    CHECK_FALSE(host.ask("80 06 00 06 00 00 0a 00"));  // no other speed
    CHECK(host.ask("80 08 00 00 00 00 01 00") == hex("00"));
    CHECK(host.tell("00 09 01 00 00 00 00 00"));
    CHECK(host.ask("80 08 00 00 00 00 01 00") == hex("01"));
    CHECK_FALSE(host.tell("00 09 02 00 00 00 00 00"));
    CHECK(host.ask("80 00 00 00 00 00 02 00") == hex("00 00"));
    CHECK(host.ask("81 0a 00 00 01 00 01 00") == hex("00"));
    CHECK(host.tell("01 0b 00 00 01 00 00 00"));
    CHECK_FALSE(host.tell("01 0b 01 00 01 00 00 00"));  // no alternate setting

    CHECK(host.tell("02 03 00 00 82 00 00 00"));  // SET_FEATURE(ENDPOINT_HALT)
    CHECK(host.ask("82 00 00 00 82 00 02 00") == hex("01 00"));
    CHECK(host.tell("02 01 00 00 82 00 00 00"));
    CHECK(host.ask("82 00 00 00 82 00 02 00") == hex("00 00"));
    CHECK_FALSE(host.ask("82 00 00 00 85 00 02 00"));            // no such endpoint
    CHECK(host.ask("82 00 00 00 00 00 02 00") == hex("00 00"));  // endpoint 0 is never halted

    // The instrument's own descriptors come first, and it hears of halts.
    int cleared = 0;
    bench.device->on_control([&](const hal::UsbSetup& setup, std::span<const std::byte>) {
        if (setup.request == 1 && setup.request_type == 2) ++cleared;
        return setup.value == 0x0304 ? sim::UsbGadget::Answer(hex("04 03 79 00")) : std::nullopt;
    });
    CHECK(host.ask("80 06 04 03 09 04 ff 00") == hex("04 03 79 00"));
    CHECK(host.ask("80 06 01 03 09 04 ff 00") == hex("06 03 54 00 49 00"));
    CHECK(host.tell("02 01 00 00 82 00 00 00"));
    CHECK(cleared == 1);
    CHECK_FALSE(host.tell("02 01 00 00 00 00 00 00"));  // refused, so nobody hears of it
    CHECK_FALSE(host.tell("02 03 00 00 85 00 00 00"));
    CHECK(cleared == 1);
    int before = 0;
    bench.device->before_calls([&] { ++before; });
    CHECK_FALSE(host.ask("c0 50 00 00 00 00 02 00"));
    CHECK(before == 1);
    bench.device->on_control({});

    Host other = bench.host();
    REQUIRE(other.import("1-2"));
    CHECK(other.ask("80 06 00 01 00 00 12 00") ==
          hex("12 01 00 03 ef 00 00 09 51 04 00 c9 00 01 01 02 00 01"));
    CHECK(other.ask("80 06 00 0f 00 00 05 00") == hex("05 0f 16 00 02"));
    CHECK(other.ask("80 06 00 0f 00 00 16 00")->size() == 22);
}

TEST_CASE("other requests go to the instrument") {
    Bench bench;
    std::optional<hal::UsbSetup> seen;
    Bytes written;
    bench.device->on_control([&](const hal::UsbSetup& setup, std::span<const std::byte> data) {
        seen = setup;
        written.assign(data.begin(), data.end());
        return setup.request == 0x51 ? std::nullopt : sim::UsbGadget::Answer(some_bytes(100));
    });
    Host host = bench.host();
    REQUIRE(host.import("1-1"));
    const Bytes wanted = some_bytes(100);
    CHECK(host.ask("c0 50 34 12 78 56 10 00") == Bytes(wanted.begin(), wanted.begin() + 16));
    REQUIRE(seen);
    CHECK(seen->request_type == 0xC0);
    CHECK(seen->request == 0x50);
    CHECK(seen->value == 0x1234);
    CHECK(seen->index == 0x5678);
    CHECK_FALSE(host.ask("c0 51 00 00 00 00 10 00"));
    CHECK(host.ask("81 06 00 22 00 00 24 00"));  // a HID report descriptor
    CHECK(seen->value == 0x2200);
    host.submit(7, false, 0, 3, hex("40 52 00 00 00 00 03 00"));
    host.say(hex("aa bb cc"));
    CHECK(host.answer().length == 3);
    CHECK(written == hex("aa bb cc"));
    bench.device->on_control({});
}

TEST_CASE("reads wait in their order, and unlinked ones are not answered") {
    Bench bench;
    Host host = bench.host();
    REQUIRE(host.import("1-1"));
    for (const std::uint32_t sequence : {1u, 2u, 3u, 4u}) host.submit(sequence, true, 2, 2048);
    host.unlink(5, 2);
    auto got = host.answer();
    CHECK(got.command == 4);
    CHECK(got.sequence == 5);
    CHECK(got.status == -104);
    const Bytes sent[] = {some_bytes(700, 1), some_bytes(1024, 2), some_bytes(3, 3)};
    for (const Bytes& bytes : sent) bench.device->send(0x82, bytes);
    got = host.answer();
    CHECK(got.command == 3);
    CHECK(got.sequence == 1);
    CHECK(host.hear(got.length) == sent[0]);
    got = host.answer();  // two full packets do not end a read of more
    CHECK(got.sequence == 3);
    CHECK(host.hear(got.length) == sent[1] + sent[2]);
    bench.device->send(0x82, sent[1]);
    bench.device->send(0x82, {});
    got = host.answer();
    CHECK(got.sequence == 4);
    CHECK(host.hear(got.length) == sent[1]);
    host.unlink(6, 4);  // too late
    got = host.answer();
    CHECK(got.command == 4);
    CHECK(got.status == 0);
    // What a read got before it was unlinked is not lost.
    host.submit(8, true, 2, 2048);
    bench.device->send(0x82, sent[1]);
    REQUIRE(soon([&] { return bench.device->unread(0x82) == 0; }));
    host.unlink(9, 8);
    got = host.answer();
    CHECK(got.command == 3);
    CHECK(got.sequence == 8);
    CHECK(got.status == -104);
    CHECK(host.hear(got.length) == sent[1]);
    got = host.answer();
    CHECK(got.command == 4);
    CHECK(got.status == 0);
    // What came before the read waited for it.
    bench.device->send(0x82, sent[2]);
    host.submit(7, true, 2, 512, zeros(8), 0x0001);
    got = host.answer();
    CHECK(got.status == -121);  // shorter than the host can bear
    CHECK(host.hear(got.length) == sent[2]);
}

TEST_CASE("more than was asked for is an overflow, and never on the wire") {
    Bench bench;
    Host host = bench.host();
    REQUIRE(host.import("1-1"));
    host.submit(1, true, 2, 100);
    bench.device->send(0x82, some_bytes(600));
    auto got = host.answer();
    CHECK(got.status == -75);
    CHECK(got.length <= 100);
    host.hear(got.length);
    host.submit(2, true, 2, 512);  // the second packet is still there
    got = host.answer();
    CHECK(got.status == 0);
    CHECK(got.length == 88);
}

TEST_CASE("writes wait while the instrument is busy, in order") {
    Bench bench;
    std::atomic<int> busy{3};
    std::vector<Bytes> taken;
    bench.device->on_write([&](std::uint8_t endpoint, std::span<const std::byte> bytes) {
        CHECK(endpoint == 0x02);
        if (busy-- > 0) return sim::UsbGadget::Verdict::busy;
        taken.emplace_back(bytes.begin(), bytes.end());
        return sim::UsbGadget::Verdict::taken;
    });
    Host host = bench.host();
    REQUIRE(host.import("1-1"));
    const Bytes sent[] = {some_bytes(2000, 1), some_bytes(64, 2)};
    for (std::uint32_t i = 0; i < 2; ++i) {
        host.submit(i + 1, false, 2, static_cast<std::uint32_t>(sent[i].size()));
        host.say(sent[i]);
    }
    for (std::uint32_t i = 0; i < 2; ++i) {
        const auto got = host.answer();
        CHECK(got.sequence == i + 1);
        CHECK(got.status == 0);
        CHECK(got.length == sent[i].size());
    }
    CHECK(busy < 0);
    REQUIRE(taken.size() == 2);
    CHECK(taken[0] == sent[0]);
    CHECK(taken[1] == sent[1]);
    busy = 1000000;
    host.submit(3, false, 2, 1);
    host.say(hex("00"));
    host.unlink(4, 3);
    const auto got = host.answer();
    CHECK(got.command == 4);
    CHECK(got.status == -104);
    bench.device->on_write({});
}

TEST_CASE("a stalled endpoint answers nothing else until it is cleared") {
    Bench bench;
    bench.device->on_write(
        [](std::uint8_t, std::span<const std::byte>) { return sim::UsbGadget::Verdict::stalled; });
    Host host = bench.host();
    REQUIRE(host.import("1-1"));
    host.submit(1, true, 2, 512);
    host.submit(2, true, 2, 512);
    const auto listening = [&] { return bench.device->connected(); };
    REQUIRE(soon(listening));
    hal::SteadyClock().wait_for(50ms);  // both have arrived
    bench.device->stall(0x82);
    for (const std::uint32_t sequence : {1u, 2u}) {
        const auto got = host.answer();
        CHECK(got.sequence == sequence);
        CHECK(got.status == -32);
    }
    host.submit(3, true, 2, 512);
    CHECK(host.answer().status == -32);
    CHECK(host.tell("02 01 00 00 82 00 00 00"));
    bench.device->send(0x82, some_bytes(5));
    host.submit(4, true, 2, 512);
    auto got = host.answer();
    CHECK(got.status == 0);
    CHECK(host.hear(got.length) == some_bytes(5));

    host.submit(5, false, 1, 64);
    host.say(some_bytes(64));
    CHECK(host.answer().status == -32);
    CHECK(host.ask("82 00 00 00 01 00 02 00") == hex("01 00"));
    host.submit(6, true, 9, 64);  // no such endpoint
    CHECK(host.answer().status == -32);
    bench.device->on_write({});
}

TEST_CASE("unplugging ends the connection, and what is plugged in again can be imported again") {
    Bench bench;
    {
        Host host = bench.host();
        REQUIRE(host.import("1-1"));
        Host second = bench.host();
        CHECK_FALSE(second.import("1-1"));  // taken
        Host third = bench.host();
        CHECK_FALSE(third.import("2-1"));
        host.submit(1, true, 2, 512);
        REQUIRE(soon([&] { return bench.device->connected(); }));
        bench.device->unplug();
        CHECK(host.hear(1).empty());
        Host fourth = bench.host();
        CHECK_FALSE(fourth.import("1-1"));
        bench.device->plug_in();
    }
    Host again = bench.host();
    REQUIRE(again.import("1-1"));
    CHECK(again.ask("80 08 00 00 00 00 01 00") == hex("00"));
    bench.device->send(0x82, some_bytes(9));
    again.submit(2, true, 2, 512);
    CHECK(again.answer().length == 9);  // nothing of the read before
}

TEST_CASE("who talks nonsense is cut off, and the next host is served") {
    Bench bench;
    for (const char* text : {"01 11 80 07 00 00 00 00", "47 45 54 20 2f 20 48 54 54 50"}) {
        Host host = bench.host();
        host.say(hex(text));
        CHECK(host.hear(1).empty());
    }
    Host host = bench.host();
    REQUIRE(host.import("1-1"));
    host.say(big(9) + zeros(44));
    CHECK(host.hear(1).empty());
    Host greedy = bench.host();
    REQUIRE(soon([&] { return !bench.device->connected(); }));
    REQUIRE(greedy.import("1-1"));
    greedy.submit(1, false, 2, 0x7FFFFFFF);
    CHECK(greedy.hear(1).empty());
    Host next = bench.host();
    next.say(hex("01 11 80 05 00 00 00 00"));
    CHECK(next.hear(12) == hex("01 11 00 05 00 00 00 00 00 00 00 02"));
}
