// The DLPC900 driver over USB in memory, on a virtual board around the bench's own mirrors: the Dmd
// contract, frames equal to those of the direct DMD, what travels, and what goes wrong.
#include "tests/contract/bench_suites.h"
#include "tests/instruments/dlpc900_bench.h"

#include <chrono>
#include <cmath>
#include <memory>

using namespace opal;
using namespace opal::contract;
using test::fault_of;
using test::sequence_of_slots;
using namespace std::chrono_literals;

namespace {

using WiredBench = test::Dlpc900Bench;

template <int board>
class Harness {
public:
    static constexpr bool has_door_switch = false;
    static constexpr bool has_trigger_input = false;
    hal::Bench& bench() { return wired_.bench; }
    void set_interlock(bool) {}
    static hal::Duration time_tolerance() { return hal::Duration{0}; }

private:
    static sim::Dlpc900Scene settings() {
        sim::Dlpc900Scene scene;
        scene.board = board;
        return scene;
    }
    WiredBench wired_{settings()};
};
using LightCrafter6500 = Harness<1>;
using LightCrafter9000 = Harness<2>;

std::vector<hal::Frame> frames_of(hal::Bench& bench, const RunTiming& timing, int count,
                                  hal::Duration start_at) {
    return test::frames_shown(bench, striped_patterns(bench.dmd().info(), count),
                              sequence_of(static_cast<std::uint32_t>(count), timing), start_at);
}

}  // namespace

TYPE_TO_STRING(LightCrafter6500);
OPAL_DMD_SUITE(LightCrafter6500);

TEST_CASE("frames are those of the direct DMD, bit for bit, with one controller and with two") {
    for (const int board : {1, 2}) {
        CAPTURE(board);
        sim::Dlpc900Scene settings;
        settings.board = board;
        WiredBench wired(settings);
        const RunTiming timing = comfortable_timing(wired.bench, 100us);
        constexpr int count = 30;  // two images
        const auto over_usb = frames_of(wired.bench, timing, count, 70s);
        // Commands take their time on the bus: the direct DMD starts that much later.
        std::vector<hal::Frame> straight;
        hal::Duration late{0};
        for (int round = 0; round < 2; ++round) {
            const auto direct = sim::make_simulated_bench(WiredBench::scene(board), {2, nullptr});
            direct->camera().configure(wired.bench.camera().settings());
            straight = frames_of(*direct, timing, count, 70s + late);
            late = over_usb.at(0).device_time - straight.at(0).device_time;
        }
        REQUIRE(over_usb.size() == count);
        REQUIRE(straight.size() == count);
        for (std::size_t i = 0; i < count; ++i) {
            CHECK(over_usb[i].device_time == straight[i].device_time);
            CHECK((over_usb[i].bytes == straight[i].bytes));
        }
        CHECK_FALSE(wired.instrument.showing_splash());
    }
}

// Without reorder: slots are planes, and another table forgets the pictures.
TEST_CASE("old firmware: pictures that changed travel, and everything with another length") {
    std::uint64_t reported = 0;
    std::uint64_t total = 0;
    drivers::Dlpc900Options options;
    options.on_upload = [&](std::uint64_t sent, std::uint64_t all) {
        reported = sent;
        total = all;
    };
    sim::Dlpc900Scene old;
    old.version = {4, 3, 0};
    WiredBench wired(old, options);
    hal::Dmd& dmd = wired.dmd();
    const auto patterns = striped_patterns(dmd.info(), 30);
    dmd.load(0, patterns);
    CHECK(wired.instrument.image_bytes() == 0);
    dmd.program(sequence_of_slots({0, 1, 25}));
    const std::uint64_t both = wired.instrument.image_bytes();
    CHECK(both > 0);
    CHECK(reported == total);
    CHECK(total == both);
    // 24 planes of stripes: far below the 6.2 MB of pixels.
    CHECK(both < 500'000);
    dmd.load(0, std::span(patterns).first(1));  // the same again
    dmd.start();
    dmd.stop();
    CHECK(wired.instrument.image_bytes() == both);
    dmd.load(25, std::span(patterns).first(1));  // one of the second image
    dmd.start();
    dmd.stop();
    const std::uint64_t one_more = wired.instrument.image_bytes() - both;
    CHECK(one_more > 0);
    CHECK(one_more < both);
    hal::PatternSequence longer = sequence_of_slots({0, 1, 25});
    for (auto& entry : longer.entries) entry.exposure = 400us;
    dmd.program(longer);  // other times only
    CHECK(wired.instrument.image_bytes() == both + one_more);
    dmd.program(sequence_of_slots({0, 1, 25, 1}));
    CHECK(wired.instrument.image_bytes() >= both + 2 * one_more);
}

TEST_CASE("an upload takes the time the board's USB takes, and says how far it is") {
    sim::Dlpc900Scene slow;
    slow.bytes_per_s = 100'000;
    std::uint64_t reports = 0;
    hal::Clock* clock = nullptr;
    hal::Time first;
    hal::Time last;
    drivers::Dlpc900Options options;
    options.on_upload = [&](std::uint64_t, std::uint64_t) {
        last = clock->now();
        if (reports++ == 0) first = last;
    };
    WiredBench wired(slow, options);
    clock = &wired.inner->clock();
    wired.dmd().load(0, striped_patterns(wired.dmd().info(), 2));
    wired.dmd().program(sequence_of_slots({0, 1}));
    // 504 bytes travel in 8 reports of 64.
    const double bytes = static_cast<double>(wired.instrument.image_bytes());
    const double chunks = std::ceil(bytes / 504);
    CHECK(reports == static_cast<std::uint64_t>(chunks));
    const double took_s = std::chrono::duration<double>(last - first).count();
    const double shortest_s = (chunks - 2) * 512 / slow.bytes_per_s;  // the last may be short
    CHECK(took_s > shortest_s);
    // A report that found the board busy comes at its next chance, 125 us later: 0.75 for 0.64 ms.
    CHECK(took_s < 1.3 * shortest_s);
}

TEST_CASE("refusals come with the board's own words, silence with a deadline") {
    WiredBench wired;
    wired.dmd().load(0, striped_patterns(wired.dmd().info(), 1));
    wired.instrument.scene.refusals = 1;
    const auto refused = fault_of([&] { wired.dmd().program(sequence_of_slots({0})); });
    CHECK(refused.kind == hal::ErrorKind::refused);
    CHECK(refused.text.find("error 2: device failure") != std::string::npos);
    wired.dmd().program(sequence_of_slots({0}));
    wired.instrument.scene.silent = true;
    CHECK(fault_of([&] { wired.dmd().start(); }).kind == hal::ErrorKind::timeout);
    wired.instrument.scene.silent = false;
    wired.dmd().start();

    wired.usb.gadget->unplug();
    CHECK(fault_of([&] { wired.dmd().stop(); }).kind == hal::ErrorKind::disconnected);
}

TEST_CASE("board and firmware are named; no board is known by another number") {
    sim::Dlpc900Scene old;
    old.version = {5, 0, 0};
    WiredBench wired(old);
    CHECK(wired.dmd().info().model == "TI DLP6500 with DLPC900, firmware 5.0.0");
    CHECK(wired.dmd().info().serial == "LCR-SIM");
    CHECK(protocol::find_dlpc900_board(9) == nullptr);
}
