// The lines and the power of a virtual DLPC900 as its driver sets them: trigger outputs and inputs,
// pauses, counts longer than the mirrors' memory, standby.
#include "tests/instruments/careless_dlpc900.h"
#include "tests/instruments/dlpc900_bench.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace opal;
using namespace opal::contract;
using protocol::Dlpc900Word;
using test::CarelessDlpc900;
using test::Dlpc900Bench;
using test::fault_of;
using test::sequence_of_slots;
using Output = sim::Dlpc900Scene::Output;
using Edges = protocol::Dlpc900TriggerOut;
using namespace std::chrono_literals;

namespace {

std::vector<hal::Frame> frames_of(Dlpc900Bench& wired, const RunTiming& timing) {
    return test::frames_shown(wired.bench, striped_patterns(wired.dmd().info(), 4),
                              sequence_of(4, timing), 70s);
}

}  // namespace

TEST_CASE("trigger outputs are set as the bench is wired") {
    const auto lines = [](const drivers::Dlpc900Output& output) {
        drivers::Dlpc900Options options;
        options.output = output;
        Dlpc900Bench wired({}, options);
        return std::pair(wired.instrument.trigger_out(1), wired.instrument.trigger_out(2));
    };
    // inverted, rising, falling [TI DLPU018]
    CHECK(lines({}) == std::pair(Edges{false, 0, 0}, Edges{false, 0, 20}));
    CHECK(lines({2, false, 5us, 100us}) == std::pair(Edges{false, 0, 0}, Edges{false, 5, 105}));
    CHECK(lines({2, true, -20us, {}}) == std::pair(Edges{false, 0, 0}, Edges{true, 0, -20}));
    CHECK(lines({2, true, 5us, 100us}) == std::pair(Edges{false, 0, 0}, Edges{true, 105, 5}));
    CHECK(lines({1, true, 7us, {}}) == std::pair(Edges{true, 7, 7}, Edges{false, 0, 20}));
}

TEST_CASE("an edge that comes later or earlier than the mirrors changes no pixel") {
    const auto frames = [](std::chrono::microseconds delay, int output) {
        sim::Dlpc900Scene settings;
        settings.camera_on = output == 1 ? Output::trigger_out_1 : Output::trigger_out_2;
        drivers::Dlpc900Options options;
        options.output.number = output;
        options.output.delay = delay;
        Dlpc900Bench wired(Dlpc900Bench::steady(Dlpc900Bench::scene(1)), settings, options);
        CHECK(wired.dmd().info().settle_time == std::max<hal::Duration>(0us, 20us - delay));
        CHECK(wired.dmd().info().min_dark ==
              std::max<hal::Duration>(0us, delay) + (output == 1 ? 20us : 0us));
        // An exposure that begins when the mirrors rest and ends with the pattern.
        RunTiming timing = comfortable_timing(wired.bench, 100us);
        timing.camera_delay = std::max<hal::Duration>(20us, wired.dmd().info().settle_time);
        timing.pattern = timing.camera_delay + timing.camera_exposure + 1us;
        timing.dark = 2ms;
        wired.bench.camera().configure(line_settings(wired.bench.camera(), timing));
        return frames_of(wired, timing);
    };
    const auto straight = frames(0us, 2);
    REQUIRE(straight.size() == 4);
    for (const int output : {1, 2})
        for (const auto delay : {-20us, 0us, 15us, 300us, 1500us}) {
            CAPTURE(output);
            CAPTURE(delay.count());
            const auto late = frames(delay, output);
            REQUIRE(late.size() == 4);
            for (std::size_t i = 0; i < 4; ++i) CHECK((late[i].bytes == straight[i].bytes));
        }
}

TEST_CASE("the contract's dark times hold for TRIG_OUT_1 and for late edges") {
    drivers::Dlpc900Options options;
    options.output.number = 1;
    options.output.delay = 30us;
    Dlpc900Bench wired({}, options);
    wired.dmd().load(0, striped_patterns(wired.dmd().info(), 2));
    hal::PatternSequence sequence = sequence_of_slots({0, 1});
    sequence.entries[0].dark = 49us;
    const auto refused = fault_of([&] { wired.dmd().program(sequence); });
    CHECK(refused.kind == hal::ErrorKind::out_of_range);
    CHECK(refused.text.find("at least 50 us") != std::string::npos);
    sequence.entries[0].dark = 50us;
    sequence.entries[1].dark = 0us;
    wired.dmd().program(sequence);  // nothing follows the last entry
    sequence.repeat = true;
    CHECK(fault_of([&] { wired.dmd().program(sequence); }).kind == hal::ErrorKind::out_of_range);
    sequence.entries[0].trigger_out = false;
    wired.dmd().program(sequence);
}

TEST_CASE("the longest exposure leaves room for what a late edge adds to it") {
    // 24 bits of microseconds [TI DLPU018].
    for (const auto delay : {0us, 400us}) {
        drivers::Dlpc900Options options;
        options.output.delay = delay;
        Dlpc900Bench wired({}, options);
        wired.dmd().load(0, striped_patterns(wired.dmd().info(), 1));
        hal::PatternSequence sequence = sequence_of_slots({0});
        sequence.entries[0].dark = 1ms;
        sequence.entries[0].exposure = 16'777'215us - delay;
        wired.dmd().program(sequence);
        wired.dmd().start();
        wired.inner->clock().wait_for(16s);
        CHECK(wired.inner->dmd().status().running);
        wired.dmd().stop();
        sequence.entries[0].exposure += 1us;
        CHECK(fault_of([&] { wired.dmd().program(sequence); }).kind ==
              hal::ErrorKind::out_of_range);
    }
}

TEST_CASE("trigger inputs: edge, delay and the level that runs") {
    drivers::Dlpc900Options options;
    options.input = drivers::Dlpc900Input{true, 250us};
    options.gate_inverted = true;
    Dlpc900Bench wired({}, options);
    wired.dmd().load(0, striped_patterns(wired.dmd().info(), 1));
    hal::PatternSequence sequence = sequence_of_slots({0});
    sequence.entries[0].start_on = hal::StartOn::trigger_in;
    wired.dmd().program(sequence);
    // High stops it now, and is what an open line has here.
    CHECK(fault_of([&] { wired.dmd().start(); }).text.find("TRIG_IN_2") != std::string::npos);
    wired.instrument.trigger_in_2(false);
    wired.dmd().start();
    wired.instrument.trigger_in_1();
    wired.inner->clock().wait_for(249us);
    CHECK_FALSE(wired.inner->dmd().status().running);
    wired.inner->clock().wait_for(2us);
    CHECK(wired.inner->dmd().status().running);
}

TEST_CASE("more patterns than fit are refused with what would fit") {
    Dlpc900Bench wired;
    const auto pattern = striped_patterns(wired.dmd().info(), 1);
    const auto beyond = fault_of([&] { wired.dmd().load(400, pattern); });
    CHECK(beyond.kind == hal::ErrorKind::out_of_range);
    CHECK(beyond.text.find("slots 0 to 399 exist") != std::string::npos);
    wired.dmd().load(0, pattern);
    hal::PatternSequence sequence = sequence_of_slots({0});
    sequence.entries.resize(401, sequence.entries[0]);
    const auto longer = fault_of([&] { wired.dmd().program(sequence); });
    CHECK(longer.kind == hal::ErrorKind::out_of_range);
    CHECK(longer.text.find("401 entries asked; 1 to 400 are possible") != std::string::npos);
}

TEST_CASE("a count longer than the table and the mirrors' memory is shown to its end") {
    CarelessDlpc900 host;
    host.begin();
    for (std::uint16_t i = 0; i < 3; ++i) host.entry(i, false);  // 1 ms each
    host.configure(3, 1000);
    host.upload();
    host.configure(3, 1000);
    host.start();
    host.wait(999ms);  // and what the bus took
    CHECK(host.mirrors_run());
    host.wait(2ms);
    CHECK_FALSE(host.mirrors_run());
    CHECK((host.status() & protocol::dlpc900_status::running) == 0);
}

TEST_CASE("a pause is gone on from with the pattern it was at; a stop begins anew") {
    CarelessDlpc900 host;
    host.begin();
    for (std::uint16_t i = 0; i < 4; ++i) host.entry(i, false);  // 1 ms each
    host.configure(4, 4);
    host.upload();
    host.configure(4, 4);
    // The third pattern, and what is left from it on takes 2 ms; all of them take 4 ms.
    for (const bool pause : {true, false}) {
        CAPTURE(pause);
        host.start();
        host.wait(2500us);
        host.byte(Dlpc900Word::start_stop, pause ? 1 : 0);
        CHECK_FALSE(host.mirrors_run());
        host.start();
        host.wait(1500us);
        CHECK(host.mirrors_run());
        host.wait(1ms);
        CHECK(host.mirrors_run() != pause);
        host.wait(2ms);
        CHECK_FALSE(host.mirrors_run());
    }
}

TEST_CASE("standby: stopped, entered on the way out, left two minutes later") {
    for (const bool standby : {false, true}) {
        CAPTURE(standby);
        drivers::Dlpc900Options options;
        options.standby_at_end = standby;
        Dlpc900Bench wired({}, options);
        wired.dmd().load(0, striped_patterns(wired.dmd().info(), 1));
        hal::PatternSequence sequence = sequence_of_slots({0});
        sequence.repeat = true;
        wired.dmd().program(sequence);
        wired.dmd().start();
        wired.bench.wire(std::unique_ptr<hal::Dmd>());
        CHECK_FALSE(wired.inner->dmd().status().running);
        CHECK(wired.instrument.in_standby() == standby);
    }
}

TEST_CASE("a board in standby takes nothing but the way out, and the driver waits for it") {
    CarelessDlpc900 host;
    host.begin();
    host.byte(Dlpc900Word::power_mode, 1);
    const auto refused = fault_of([&] { host.byte(Dlpc900Word::display_mode, 3); });
    CHECK(refused.text.find("error 5") != std::string::npos);
    CHECK(fault_of([&] { host.byte(Dlpc900Word::power_mode, 0); }).kind == hal::ErrorKind::refused);
    host.wait(120s);
    std::string note;
    drivers::Dlpc900Options options;
    options.on_note = [&](const std::string& text) { note = text; };
    const hal::Time before = host.inner->clock().now();
    const auto dmd = drivers::open_dlpc900(host.hand_over(), host.inner->clock(), options);
    const hal::Duration waited = host.inner->clock().now() - before;
    CHECK(waited > 2s);
    CHECK(waited < 6s);
    CHECK(note.find("is in standby") != std::string::npos);
    CHECK_FALSE(host.board.in_standby());
}

TEST_CASE("a board is put in standby and asked whether it is there") {
    CarelessDlpc900 host;
    host.begin();
    drivers::put_dlpc900_in_standby(host.hand_over(), host.inner->clock());
    CHECK(host.board.in_standby());
}
