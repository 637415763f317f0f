// Fuzz target: the DLPC900 driver as a hostile board meets it. The input is what the board answers
// to one report after the other, 64 bytes each; whatever that is, opening and showing a pattern end
// with a DeviceError or as they should, within the driver's own patience.
#include "tests/fuzz/fuzz_target.h"

#include "drivers/dlpc900/dlpc900_dmd.h"
#include "hal/error.h"
#include "protocol/dlpc900_messages.h"
#include "protocol/dlpc900_packet.h"
#include "sim/doors/memory_usb.h"
#include "sim/instruments/dlpc900/dlpc900_instrument.h"

#include <algorithm>
#include <chrono>
#include <memory>

namespace opal::fuzz {

using namespace protocol;
using namespace std::chrono_literals;

namespace {

void add(Bytes& to, std::uint8_t sequence, std::vector<std::byte> data, bool read = true) {
    for (const Dlpc900Report& report : encode(Dlpc900Reply{read, false, sequence, std::move(data)}))
        for (const std::byte b : report) to.push_back(std::to_integer<std::uint8_t>(b));
}

// What a board of this type answers while it is opened, and to whatever comes then.
Bytes board(std::uint8_t type, std::uint8_t status, Dlpc900Version version) {
    Bytes reports;
    const auto byte = [](std::uint8_t value) { return std::vector{static_cast<std::byte>(value)}; };
    add(reports, 1, byte(type));
    add(reports, 2, byte(0));  // power
    add(reports, 3, byte(status));
    add(reports, 4, encode(version));
    for (std::uint8_t i = 5; i < 60; ++i) add(reports, i, byte(3));
    return reports;
}

}  // namespace

std::vector<Bytes> seeds() {
    return {board(1, 0x01, {6, 0, 0}), board(2, 0x11, {4, 3, 0}), board(4, 0x01, {5, 0, 0}),
            board(4, 0x11, {6, 0, 0})};
}

std::vector<std::string> words() {
    return {std::string("\xC0\x01\x01\0\1", 5), std::string("\xE0\x01\0\0", 4),
            std::string("\x60\x05\0\0", 4), std::string("\xC0\x04\xFF\xFF", 4)};
}

void feed(std::span<const std::byte> input) {
    sim::VirtualClock clock;
    sim::MemoryUsb usb = sim::make_memory_usb(clock, sim::Dlpc900Instrument::usb_info());
    std::size_t at = 0;
    usb.gadget->on_write([&](std::uint8_t, std::span<const std::byte>) {
        const std::size_t count = std::min(dlpc900_report_bytes, input.size() - at);
        if (count > 0) usb.gadget->send(0x81, input.subspan(at, count));
        at += count;
        return sim::UsbGadget::Verdict::taken;
    });
    try {
        const auto dmd = drivers::open_dlpc900(std::move(usb.host), clock);
        const hal::DmdInfo& info = dmd->info();
        require(info.rows >= 1080 && info.columns >= 1920, "a board that is known");
        hal::BitPattern pattern(info.rows, info.columns);
        dmd->load(0, {&pattern, 1});
        hal::PatternSequence sequence;
        sequence.entries.push_back({0, 1ms, 0us});
        dmd->program(sequence);
        dmd->start();
    } catch (const hal::DeviceError& error) {
        require_one_line(error.what());
    }
    // Some of it waits: for answers 5 s each, for a board in standby two minutes.
    require(clock.now() < hal::Time{20min}, "a driver gives up");
}

}  // namespace opal::fuzz
