// The USB/IP door at the end of its means: hosts that want too much, ports that fail.
#include "tests/instruments/usbip_bench.h"

#include <atomic>
#include <list>
#include <stdexcept>
#include <system_error>

using namespace opal;
using namespace std::chrono_literals;
using opal::tests::hex;
using opal::tests::soon;
using opal::tests::zeros;
using Bench = opal::tests::UsbIpBench;
using Host = opal::tests::UsbIpHost;
using Bytes = std::vector<std::byte>;

TEST_CASE("who lets more wait than any driver would is cut off") {
    Bench bench;
    bench.device->on_write(
        [](std::uint8_t, std::span<const std::byte>) { return sim::UsbGadget::Verdict::busy; });
    const auto cut_off = [&] { return !bench.device->connected(); };
    {
        Host host = bench.host();
        REQUIRE(host.import("1-1"));
        const Bytes most = zeros(std::size_t{64} << 20);
        for (std::uint32_t i = 0; i < 4; ++i) {
            host.submit(i, false, 2, static_cast<std::uint32_t>(most.size()));
            host.say(most);
        }
        CHECK(host.ask("80 08 00 00 00 00 01 00") == hex("00"));  // 256 MiB are borne
        host.unlink(9, 0);
        CHECK(host.answer().status == -104);
        host.submit(5, false, 2, static_cast<std::uint32_t>(most.size()));
        host.say(most);
        CHECK(host.ask("80 08 00 00 00 00 01 00") == hex("00"));  // what is unlinked makes room
        host.submit(6, false, 2, 1);
        host.say(hex("00"));
        CHECK(soon(cut_off));
    }
    {
        Host host = bench.host();
        REQUIRE(host.import("1-1"));
        for (std::uint32_t i = 0; i < 16384; ++i) host.submit(i, true, 2, 512);
        CHECK(host.ask("80 08 00 00 00 00 01 00") == hex("00"));
        host.submit(16384, true, 2, 512);
        CHECK(soon(cut_off));
    }
    Host next = bench.host();
    REQUIRE(next.import("1-1"));
    CHECK(next.ask("80 08 00 00 00 00 01 00") == hex("00"));
    bench.device->on_write({});
}

TEST_CASE("an instrument that fails ends the import, not the program") {
    Bench bench;
    bench.device->on_control(
        [](const hal::UsbSetup&, std::span<const std::byte>) -> sim::UsbGadget::Answer {
            throw std::runtime_error("no memory");
        });
    Host host = bench.host();
    REQUIRE(host.import("1-1"));
    host.submit(1, true, 0, 2, hex("c0 50 00 00 00 00 02 00"));
    CHECK(soon([&] { return !bench.device->connected(); }));
    bench.device->on_control({});
    Host next = bench.host();
    CHECK(next.import("1-1"));
}

TEST_CASE("32 hosts at a time; the next one waits for its turn") {
    Bench bench;
    std::list<Host> silent;
    // One by one: where too many knock at once, the kernel lets later ones in first.
    for (int i = 0; i < 32; ++i) {
        silent.emplace_back(bench.listener->port());
        hal::SteadyClock().wait_for(30ms);
    }
    Host next = bench.host();
    next.say(hex("01 11 80 05 00 00 00 00"));
    CHECK(next.hear(1).empty());
    silent.pop_front();
    CHECK(next.hear(12) == hex("01 11 00 05 00 00 00 00 00 00 00 02"));
}

TEST_CASE("a port that accepts nobody is asked again, not all the time") {
    struct NoMoreSockets final : hal::TcpListener {
        std::uint16_t port() const override { return 0; }
        std::unique_ptr<hal::TcpStream> accept(hal::Deadline) override {
            ++asked;
            throw std::system_error(std::make_error_code(std::errc::too_many_files_open));
        }
        std::atomic<int> asked{0};
    };
    NoMoreSockets listener;
    hal::SteadyClock clock;
    const hal::Time begin = clock.now();
    {
        const sim::UsbIpServer server(listener, clock);
        CHECK(soon([&] { return listener.asked >= 3; }));
    }
    // Once at the begin, and once more after each 20 ms.
    CHECK(listener.asked <= 1 + (clock.now() - begin) / 20ms);
}
