// Which patterns travel to a DLPC900 that can reorder its table (firmware from 5 on), and that what
// is shown is what was asked for, bit for bit, whichever plane it lies in.
#include "tests/instruments/dlpc900_bench.h"

#include <doctest/doctest.h>

#include <chrono>

using namespace opal;
using namespace opal::contract;
using test::Dlpc900Bench;
using test::sequence_of_slots;
using namespace std::chrono_literals;

namespace {

hal::PatternSequence all_slots(std::uint32_t count) {
    hal::PatternSequence sequence;
    for (std::uint32_t slot = 0; slot < count; ++slot)
        sequence.entries.push_back({slot, 300us, 200us, hal::StartOn::previous_end, true});
    return sequence;
}

}  // namespace

TEST_CASE("patterns that the board has do not travel again, in whatever order and slot") {
    Dlpc900Bench wired;
    hal::Dmd& dmd = wired.dmd();
    CHECK(dmd.info().loading_is_slow);
    const auto patterns = striped_patterns(dmd.info(), 60);
    dmd.load(0, std::span(patterns).first(30));
    dmd.program(all_slots(30));
    const std::uint64_t first = wired.instrument.image_bytes();
    CHECK(first > 0);
    const hal::Time begin = wired.inner->clock().now();
    dmd.program(sequence_of_slots({29, 3, 3, 0}));
    // A stop, an order of 6 + 8 bytes and a question: 3 reports out, 2 answers in, 125 us each.
    CHECK(wired.inner->clock().now() - begin < 1ms);
    dmd.load(40, std::span(patterns).subspan(7, 1));  // known, in another slot
    dmd.program(sequence_of_slots({40, 0}));
    dmd.program(all_slots(30));
    CHECK(wired.instrument.image_bytes() == first);
    // Three new ones travel in one picture: less than the two pictures of the thirty.
    dmd.load(0, std::span(patterns).subspan(30, 3));
    dmd.program(all_slots(30));
    const std::uint64_t three = wired.instrument.image_bytes() - first;
    CHECK(three > 0);
    CHECK(three < 0.8 * static_cast<double>(first));
    // And the three they took the slots of are still there.
    dmd.load(0, std::span(patterns).first(3));
    dmd.program(all_slots(30));
    CHECK(wired.instrument.image_bytes() == first + three);
    // Not trusted any more: what is shown travels again.
    dmd.distrust();
    dmd.start();
    CHECK(wired.instrument.image_bytes() >= 2 * first + three - 100);
    CHECK_FALSE(wired.instrument.showing_splash());
}

TEST_CASE("more patterns than planes: the ones shown longest ago go") {
    Dlpc900Bench wired;
    hal::Dmd& dmd = wired.dmd();
    // 480 in all; the board holds 400.
    const auto patterns = striped_patterns(dmd.info(), 480);
    const auto show = [&](std::size_t first) {
        dmd.load(0, std::span(patterns).subspan(first, 240));
        dmd.program(all_slots(240));
        return wired.instrument.image_bytes();
    };
    const std::uint64_t one = show(0);
    const std::uint64_t two = show(120);  // 120 of them new: 360 on the board
    CHECK(two - one < 0.8 * static_cast<double>(one));
    const std::uint64_t three = show(240);  // 120 new ones, 40 planes free: 0 to 119 are oldest
    CHECK(three > two);
    CHECK(show(240) == three);
    CHECK(show(120) == three);
    CHECK(show(0) > three);
}

TEST_CASE("frames through an order of the table are those of the direct DMD, bit for bit") {
    Dlpc900Bench wired;
    RunTiming timing = comfortable_timing(wired.bench, 100us);
    const auto patterns = striped_patterns(wired.dmd().info(), 30);
    wired.dmd().load(0, patterns);
    wired.dmd().program(sequence_of(30, timing));
    hal::PatternSequence sequence;  // other places, other times, the same pattern with two times
    for (const std::uint32_t slot : {29u, 4u, 25u, 4u, 4u, 0u})
        sequence.entries.push_back({slot, timing.pattern, timing.dark});
    sequence.entries[3].dark += 77us;
    sequence.entries[5].exposure += 13us;
    const std::uint64_t sent = wired.instrument.image_bytes();
    const auto over_usb = test::frames_shown(wired.bench, patterns, sequence, 70s);
    // Slot 4 with another dark time needs a plane of its own.
    CHECK(wired.instrument.image_bytes() > sent);
    std::vector<hal::Frame> straight;
    hal::Duration late{0};
    for (int round = 0; round < 2; ++round) {
        const auto direct = sim::make_simulated_bench(Dlpc900Bench::scene(1), {2, nullptr});
        direct->camera().configure(wired.bench.camera().settings());
        straight = test::frames_shown(*direct, patterns, sequence, 70s + late);
        late = over_usb.at(0).device_time - straight.at(0).device_time;
    }
    REQUIRE(over_usb.size() == 6);
    REQUIRE(straight.size() == 6);
    for (std::size_t i = 0; i < 6; ++i) {
        CHECK(over_usb[i].device_time == straight[i].device_time);
        CHECK((over_usb[i].bytes == straight[i].bytes));
    }
}

TEST_CASE("a table longer than an order can be has a table of its own") {
    Dlpc900Bench wired;
    hal::Dmd& dmd = wired.dmd();
    dmd.load(0, striped_patterns(dmd.info(), 2));
    hal::PatternSequence sequence;
    for (int i = 0; i < 251; ++i)
        sequence.entries.push_back({static_cast<std::uint32_t>(i % 2), 300us, 0us});
    dmd.program(sequence);
    dmd.start();
    wired.inner->clock().wait_for(1ms);
    CHECK(dmd.status().running);
    CHECK_FALSE(wired.instrument.showing_splash());
    wired.inner->clock().wait_for(251 * 300us);
    CHECK_FALSE(dmd.status().running);
    CHECK(wired.inner->dmd().status().entries_started == 251);
}
