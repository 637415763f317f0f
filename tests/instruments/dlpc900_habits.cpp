// The habits of real DLPC900 boards, one by one: the driver survives them, or a run stops with an
// error that names what is wrong. A careless host shows that the habit is there.
#include "calibration/acquisition.h"
#include "tests/instruments/careless_dlpc900.h"
#include "tests/instruments/dlpc900_bench.h"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>

using namespace opal;
using namespace opal::contract;
using protocol::Dlpc900Word;
using test::Dlpc900Bench;
using test::fault_of;
using test::sequence_of_slots;
using Output = sim::Dlpc900Scene::Output;
using namespace std::chrono_literals;

namespace {

// Frames of two patterns, each run proven by its sentinels.
struct Proof {
    explicit Proof(Dlpc900Bench& wired, std::optional<hal::Duration> dark = {})
        : bench(wired.bench) {
        const RunTiming timing = comfortable_timing(bench, 100us);
        calibration::Timing t{timing.camera_exposure, timing.camera_delay, timing.pattern,
                              dark.value_or(timing.dark)};
        if (dark) t.pattern += timing.dark;
        bench.clock().wait_until(hal::Time{60s});
        acquisition.emplace(bench, middle_region(bench.camera().info()), hal::PixelFormat::mono8,
                            t);
    }
    void run() {
        const auto light = full_light(bench);
        acquisition->acquire(striped_patterns(bench.dmd().info(), 2),
                             [&](std::size_t, const hal::Frame&) { ++frames; });
    }
    hal::Bench& bench;
    std::optional<calibration::Acquisition> acquisition;
    int frames = 0;
};

sim::Dlpc900Scene firmware(int major, int minor) {
    sim::Dlpc900Scene scene;
    scene.version = {major, minor, 0};
    return scene;
}

}  // namespace

TEST_CASE("a spoilt upload is no error to the board; the sentinels see it and all travels again") {
    sim::Dlpc900Scene settings;
    settings.spoiled_uploads = 1;
    Dlpc900Bench wired(settings);
    wired.dmd().load(0, striped_patterns(wired.dmd().info(), 2));
    wired.dmd().program(sequence_of_slots({0, 1}));
    wired.dmd().start();
    CHECK(wired.instrument.showing_splash());
    wired.dmd().stop();

    SUBCASE("once, in the middle of a run that was good") {
        wired.dmd().distrust();
        Proof proof(wired);
        proof.run();
        wired.instrument.scene.spoiled_uploads = 1;
        wired.dmd().distrust();
        proof.run();
        CHECK(proof.acquisition->stats().repeated_runs == 1);
        CHECK(proof.acquisition->stats().last_failure.find("sentinel") != std::string::npos);
    }
    SUBCASE("once, when the sentinels are learned") {
        wired.dmd().distrust();
        wired.instrument.scene.spoiled_uploads = 2;  // black's and white's
        Proof proof(wired);
        proof.run();
        CHECK(proof.frames == 2);
    }
    SUBCASE("always: it stops and says where to look") {
        wired.dmd().distrust();
        wired.instrument.scene.spoiled_uploads = 1 << 20;
        Proof proof(wired);
        const auto fault = fault_of([&] { proof.run(); });
        CHECK(fault.kind == hal::ErrorKind::mispaired);
        CHECK(fault.text.find("splash screen") != std::string::npos);
        CHECK(proof.frames == 0);
    }
}

TEST_CASE("firmware 4 locks the mirrors in a mode change: parking frees them, where it exists") {
    sim::Dlpc900Scene settings = firmware(4, 3);
    settings.locks_mirrors = true;
    SUBCASE("4.3 has parking, and the driver uses it") {
        Dlpc900Bench wired(settings);
        Proof proof(wired);
        proof.run();
        CHECK(proof.frames == 2);
    }
    SUBCASE("4.0 has none: the dark mirrors are seen and named") {
        settings.version = {4, 0, 0};
        Dlpc900Bench wired(settings);
        Proof proof(wired);
        const auto fault = fault_of([&] { proof.run(); });
        CHECK(fault.kind == hal::ErrorKind::mispaired);
        CHECK(fault.text.find("look alike") != std::string::npos);
        CHECK(proof.frames == 0);
    }
    SUBCASE("6.0 has no such fault") {
        settings.version = {6, 0, 0};
        Dlpc900Bench wired(settings);
        Proof proof(wired);
        proof.run();
        CHECK(proof.frames == 2);
    }
}

TEST_CASE("a board that hangs in a mode change without a stop: the driver stops first") {
    sim::Dlpc900Scene settings;
    settings.hangs_unless_stopped = true;
    Dlpc900Bench wired(settings);
    Proof proof(wired);
    proof.run();
    CHECK(proof.frames == 2);
    test::CarelessDlpc900 careless(settings);
    CHECK(fault_of([&] { careless.byte(Dlpc900Word::display_mode, 3); }).kind == std::nullopt);
    CHECK(fault_of([&] { careless.start(); }).kind == hal::ErrorKind::timeout);
}

TEST_CASE("firmware from 5 on wants the table configured before the pictures and behind them") {
    for (const int major : {4, 5, 6}) {
        for (const bool before : {false, true}) {
            for (const bool behind : {false, true}) {
                CAPTURE(major);
                CAPTURE(before);
                CAPTURE(behind);
                test::CarelessDlpc900 host(firmware(major, 3));
                host.byte(Dlpc900Word::start_stop, 0);
                host.byte(Dlpc900Word::display_mode, 3);
                host.byte(Dlpc900Word::start_stop, 0);
                host.entry(0, false);
                host.configure(1, 0);
                host.entry(0, false);  // from here on the table is not configured
                if (before) host.configure(1, 0);
                host.upload();
                if (behind) host.configure(1, 0);
                host.start();
                CHECK(host.board.showing_splash() == (major >= 5 && !(before && behind)));
            }
        }
        Dlpc900Bench wired(firmware(major, 3));
        wired.dmd().load(0, striped_patterns(wired.dmd().info(), 2));
        wired.dmd().program(sequence_of_slots({0, 1}));
        wired.dmd().start();
        CHECK_FALSE(wired.instrument.showing_splash());
    }
}

TEST_CASE("reorder: refused where the firmware has none and for entries that are not there") {
    for (const int major : {4, 6}) {
        CAPTURE(major);
        test::CarelessDlpc900 host(firmware(major, 0));
        host.byte(Dlpc900Word::display_mode, 3);
        host.entry(0, false);
        const auto order = [&](std::vector<std::uint16_t> entries) {
            host.link.send(Dlpc900Word::lut_reorder,
                           encode(protocol::Dlpc900Reorder{0, std::move(entries)}));
            return fault_of([&] { host.link.check_taken(Dlpc900Word::lut_reorder, "test"); }).text;
        };
        const auto says = [](const std::string& text, const char* what) {
            return text.find(what) != std::string::npos;
        };
        if (major == 4) {
            host.configure(1, 0);
            CHECK(says(order({0}), "error 3"));
            continue;
        }
        CHECK(says(order({0}), "error 6"));  // not configured
        host.configure(1, 0);
        CHECK(says(order({0}), "no fault"));
        CHECK(says(order({1}), "error 15"));
        CHECK(says(order({}), "error 6"));
    }
}

TEST_CASE("TRIG_OUT_1 never drops without dark time: one frame comes, and the run says so") {
    sim::Dlpc900Scene settings;
    settings.camera_on = Output::trigger_out_1;
    Dlpc900Bench wired(settings);
    SUBCASE("no dark time") {
        Proof proof(wired, hal::Duration{0});
        const auto fault = fault_of([&] { proof.run(); });
        CHECK(fault.kind == hal::ErrorKind::mispaired);
        CHECK(fault.text.find("frame 1 of 6 never came") != std::string::npos);
        CHECK(fault.text.find("trigger cable") != std::string::npos);
    }
    SUBCASE("with dark time it is as good as the other output") {
        Proof proof(wired);
        proof.run();
        CHECK(proof.frames == 2);
    }
    SUBCASE("TRIG_OUT_2 pulses whatever the dark time") {
        wired.instrument.scene.camera_on = Output::trigger_out_2;
        Proof proof(wired, hal::Duration{0});
        proof.run();
        CHECK(proof.frames == 2);
    }
}

TEST_CASE("entries wait for TRIG_IN_1; 105 us of black before them cost an edge that comes early") {
    drivers::Dlpc900Options options;
    options.input.emplace();
    Dlpc900Bench wired({}, options);
    hal::Bench& bench = wired.bench;
    const RunTiming timing = comfortable_timing(bench, 100us);
    const auto patterns = striped_patterns(bench.dmd().info(), 3);
    hal::PatternSequence sequence = sequence_of(3, timing);
    for (auto& entry : sequence.entries) entry.start_on = hal::StartOn::trigger_in;
    bench.dmd().load(0, patterns);
    bench.dmd().program(sequence);
    bench.clock().wait_until(hal::Time{60s});
    const auto light = full_light(bench);
    bench.camera().arm(8);
    bench.dmd().start();
    CHECK(bench.dmd().status().running);
    CHECK(bench.dmd().status().entries_started == 0);

    const hal::Duration shown = timing.pattern + timing.dark;
    const hal::Duration begin = bench.clock().now().time_since_epoch() + 1ms;
    // Edges to mirrors: 105 us, as the driver sets it. The edge 50 us after the dark time falls
    // into the hidden black; one 105 us after it is heard.
    const hal::Duration first = begin;
    const hal::Duration early = first + 105us + shown + 50us;
    const hal::Duration second = first + 105us + shown + 105us;
    const hal::Duration third = second + 105us + shown + 105us + 400us;
    for (const hal::Duration edge : {first, early, second, third})
        test::virtual_clock(*wired.inner).call_at(hal::Time{edge}, [&] {
            wired.instrument.trigger_in_1();
        });
    const auto frames = receive_all(bench);
    REQUIRE(frames.size() == 3);
    CHECK(wired.instrument.missed_triggers() == 1);
    CHECK(frames[1].device_time - frames[0].device_time == second - first);
    CHECK(frames[2].device_time - frames[1].device_time == third - second);
    CHECK_FALSE(bench.dmd().status().running);
    // Edges after the end show nothing.
    wired.instrument.trigger_in_1();
    CHECK(receive_all(bench).empty());
    bench.dmd().stop();

    // Not wired: refused before anything is sent.
    Dlpc900Bench bare;
    bare.dmd().load(0, patterns);
    CHECK(fault_of([&] { bare.dmd().program(sequence); }).kind == hal::ErrorKind::unsupported);
}

TEST_CASE("after a reorder the black stays with its entry, and another plane stays lit") {
    test::CarelessDlpc900 host(firmware(6, 0));
    host.byte(Dlpc900Word::start_stop, 0);
    host.byte(Dlpc900Word::display_mode, 3);
    host.entry(0, false);
    host.entry(1, true);  // black goes behind entry 0
    host.entry(2, false);
    host.configure(3, 3);
    host.upload();
    host.configure(3, 3);
    const auto play = [&](std::vector<std::uint16_t> entries) {
        host.byte(Dlpc900Word::start_stop, 0);
        host.link.send(Dlpc900Word::lut_reorder,
                       encode(protocol::Dlpc900Reorder{3, std::move(entries)}));
        host.link.check_taken(Dlpc900Word::lut_reorder, "test");
        host.start();
        host.wait(5ms);
    };
    play({0, 1, 2});  // entry 0 of 1 ms ends in black
    CHECK_FALSE(host.mirrors_run());
    play({2, 1, 0});  // entry 2 holds
    CHECK(host.mirrors_run());
    host.board.trigger_in_1();
    host.wait(5ms);
    CHECK_FALSE(host.mirrors_run());
}

TEST_CASE("TRIG_IN_2 holds the board back without an error: it is seen and named") {
    Dlpc900Bench wired;
    wired.dmd().load(0, striped_patterns(wired.dmd().info(), 2));
    hal::PatternSequence sequence = sequence_of_slots({0, 1});
    sequence.repeat = true;
    wired.dmd().program(sequence);
    wired.instrument.trigger_in_2(false);
    const auto fault = fault_of([&] { wired.dmd().start(); });
    CHECK(fault.kind == hal::ErrorKind::refused);
    CHECK(fault.text.find("TRIG_IN_2") != std::string::npos);
    CHECK_FALSE(wired.dmd().status().running);
    wired.instrument.trigger_in_2(true);
    wired.dmd().start();
    CHECK(wired.dmd().status().running);
}
