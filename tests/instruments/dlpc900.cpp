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
    struct Kind {
        int board;
        int controllers;
    };
    // 6500, 9000, 670S, whose halves of 1358 do not end at a word, and 500YX with one and with two.
    for (const auto [board, controllers] :
         {Kind{1, 1}, Kind{2, 2}, Kind{3, 2}, Kind{4, 1}, Kind{4, 2}}) {
        CAPTURE(board);
        CAPTURE(controllers);
        sim::Dlpc900Scene settings;
        settings.board = board;
        settings.controllers = controllers;
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
    CHECK(wired.dmd().info().serial == "LCR-SIM LCR3");
    CHECK(protocol::find_dlpc900_board(9) == nullptr);
}

TEST_CASE("each board has its mirrors and times [TI DLPU018, data sheets]") {
    struct Known {
        int type;
        const char* name;
        int rows, columns;
        std::chrono::microseconds shortest;
    };
    for (const Known& known :
         {Known{1, "DLP6500", 1080, 1920, 105us}, Known{2, "DLP9000", 1600, 2560, 105us},
          Known{3, "DLP670S", 1600, 2716, 105us}, Known{4, "DLP500YX", 1200, 2048, 62us}}) {
        CAPTURE(known.name);
        sim::Dlpc900Scene settings;
        settings.board = known.type;
        WiredBench wired(settings);
        const hal::DmdInfo& info = wired.dmd().info();
        CHECK(info.model == std::string("TI ") + known.name + " with DLPC900, firmware 6.0.0");
        CHECK(info.rows == known.rows);
        CHECK(info.columns == known.columns);
        CHECK(info.min_exposure == known.shortest);
    }
}

TEST_CASE("a board whose second controller does not answer shows half a picture: it is refused") {
    sim::Dlpc900Scene settings;
    settings.second_is_missing = true;
    for (const int board : {2, 3}) {
        settings.board = board;
        const auto opening = fault_of([&] { WiredBench{settings}; });
        CHECK(opening.kind == hal::ErrorKind::refused);
        CHECK(opening.text.find("second controller missing (status 01)") != std::string::npos);
    }
    // A DLP500YX may have one, but not one less than when it was opened.
    settings = {};
    settings.board = 4;
    settings.controllers = 2;
    WiredBench wired(settings);
    wired.dmd().load(0, striped_patterns(wired.dmd().info(), 1));
    wired.dmd().program(sequence_of_slots({0}));
    wired.instrument.scene.second_is_missing = true;
    const auto starting = fault_of([&] { wired.dmd().start(); });
    CHECK(starting.text.find("second controller missing") != std::string::npos);
}

TEST_CASE("a start whose answer is lost: the board may run, and is stopped") {
    WiredBench wired;
    wired.dmd().load(0, striped_patterns(wired.dmd().info(), 2));
    hal::PatternSequence sequence = sequence_of_slots({0, 1});
    sequence.repeat = true;
    wired.dmd().program(sequence);
    wired.dmd().start();
    wired.dmd().stop();
    // The question after the board's health is answered, the start is not.
    std::uint64_t starts = 0;
    wired.instrument.on_start = [&] {
        ++starts;
        wired.instrument.scene.lost_answers = 1;
    };
    CHECK(fault_of([&] { wired.dmd().start(); }).kind == hal::ErrorKind::timeout);
    CHECK(starts == 1);
    CHECK_FALSE(wired.inner->dmd().status().running);
    CHECK_FALSE(wired.dmd().status().running);
    wired.instrument.on_start = {};
    wired.dmd().start();
    CHECK(wired.dmd().status().running);
}

TEST_CASE("what the board says about its health is named before anything is shown") {
    sim::Dlpc900Scene ill;
    ill.troubles = 0x04;
    const auto opening = fault_of([&] { WiredBench{ill}; });
    CHECK(opening.kind == hal::ErrorKind::refused);
    CHECK(opening.text.find("reset driver (status 05)") != std::string::npos);
    WiredBench wired;
    wired.dmd().load(0, striped_patterns(wired.dmd().info(), 1));
    wired.dmd().program(sequence_of_slots({0}));
    wired.instrument.scene.troubles = 0xC0;
    const auto starting = fault_of([&] { wired.dmd().start(); });
    CHECK(starting.kind == hal::ErrorKind::refused);
    CHECK(starting.text.find("sequencer aborted, sequencer error") != std::string::npos);
}

TEST_CASE("a refusal has the board's own words where they say more") {
    WiredBench wired;
    wired.dmd().load(0, striped_patterns(wired.dmd().info(), 1));
    wired.instrument.scene.refusals = 1;
    wired.instrument.scene.own_words = "LUT memory bank 3 is stuck";
    const auto refused = fault_of([&] { wired.dmd().program(sequence_of_slots({0})); });
    CHECK(
        refused.text.find("error 2: device failure; the board says: LUT memory bank 3 is stuck") !=
        std::string::npos);
}

TEST_CASE("a table that was refused is not taken for told: it travels again as a whole") {
    WiredBench wired;
    wired.dmd().load(0, striped_patterns(wired.dmd().info(), 2));
    wired.dmd().program(sequence_of_slots({0, 1}));
    hal::PatternSequence slower = sequence_of_slots({0, 1});
    for (auto& entry : slower.entries) entry.exposure = 700us;
    // Two definitions are taken, the configuration behind them is not.
    wired.instrument.refuse_next(protocol::Dlpc900Word::lut_configuration);
    CHECK(fault_of([&] { wired.dmd().program(slower); }).kind == hal::ErrorKind::refused);
    wired.dmd().program(slower);
    wired.dmd().start();
    wired.inner->clock().wait_for(1300us);  // 2 x (700 + 200) us; the old ones took 1000
    CHECK(wired.inner->dmd().status().running);
    CHECK_FALSE(wired.instrument.showing_splash());
}

TEST_CASE("half a command left by a program that was killed does not swallow the next one") {
    const auto inner = sim::make_simulated_bench(WiredBench::scene(1), {1, nullptr});
    auto usb =
        sim::make_memory_usb(test::virtual_clock(*inner), sim::Dlpc900Instrument::usb_info());
    sim::Dlpc900Instrument board(*usb.gadget, inner->dmd(), test::virtual_clock(*inner));
    usb.host->claim(0);
    const auto chunk = encode(protocol::Dlpc900Command{
        false, false, 9, 0x1A2B, protocol::encode_dlpc900_chunk(std::vector<std::byte>(504))});
    for (int i = 0; i < 3; ++i)  // of 8 reports
        usb.host->write(0x01, chunk[std::size_t(i)], hal::Deadline::after(inner->clock(), 1s));
    const auto dmd = drivers::open_dlpc900(std::move(usb.host), inner->clock());
    CHECK(dmd->info().rows == 1080);
}
