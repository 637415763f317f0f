// The Camera contract, sentence by sentence. A harness `H` owns a bench: `H().bench()`; the DMD
// makes the edges.
#pragma once

#include "tests/contract/bench_run.h"

namespace opal::contract {

using namespace std::chrono_literals;

// `entries` white patterns, programmed and ready to start.
inline void program_white(hal::Bench& bench, std::uint32_t entries, const RunTiming& timing) {
    bench.dmd().load(0, std::vector<hal::BitPattern>(1, plain_pattern(bench.dmd().info(), true)));
    hal::PatternSequence sequence = sequence_of(entries, timing);
    for (hal::SequenceEntry& entry : sequence.entries) entry.slot = 0;
    bench.dmd().program(sequence);
}

TEST_CASE_TEMPLATE_DEFINE("Camera: configure returns what the device does, and remembers it", H,
                          camera_configure) {
    H harness;
    hal::Camera& camera = harness.bench().camera();
    const hal::CameraInfo& info = camera.info();
    REQUIRE(info.sensor_rows > 0);
    REQUIRE(info.sensor_columns > 0);
    REQUIRE_FALSE(info.formats.empty());
    hal::CameraSettings wanted = line_settings(camera, {});
    wanted.exposure = info.min_exposure + 12345ns;
    wanted.trigger_delay = 6789ns;
    for (const hal::PixelFormat format : info.formats) {
        wanted.format = format;
        const hal::CameraSettings real = camera.configure(wanted);
        CHECK(real == camera.settings());
        CHECK(real.region == wanted.region);
        CHECK(real.format == format);
        CHECK(std::chrono::abs(real.exposure - wanted.exposure) <= 10us);
        CHECK(std::chrono::abs(real.trigger_delay - wanted.trigger_delay) <= 10us);
        // What the device does is something it can do: asking for it again changes nothing.
        CHECK(camera.configure(real) == real);
    }
}

TEST_CASE_TEMPLATE_DEFINE("Camera: impossible settings are out_of_range and change nothing", H,
                          camera_limits) {
    H harness;
    hal::Camera& camera = harness.bench().camera();
    const hal::CameraInfo& info = camera.info();
    hal::CameraSettings good = line_settings(camera, {});
    good.exposure = info.min_exposure;
    const hal::CameraSettings before = camera.configure(good);
    const auto refuse = [&](const std::vector<std::string>& words, auto&& change) {
        hal::CameraSettings bad = before;
        change(bad);
        check_fault(hal::ErrorKind::out_of_range, words, [&] { camera.configure(bad); });
        CHECK(camera.settings() == before);
    };
    const std::string rows = std::to_string(info.sensor_rows);
    const std::string columns = std::to_string(info.sensor_columns);
    refuse({rows, columns}, [](auto& s) { s.region.rows += 1; });
    refuse({rows, columns}, [](auto& s) { s.region.columns += 1; });
    refuse({rows, columns}, [](auto& s) { s.region.row = 1; });
    refuse({rows, columns}, [](auto& s) { s.region.column = -1; });
    refuse({rows, columns}, [](auto& s) { s.region.rows = 0; });
    refuse({rows, columns}, [](auto& s) { s.region.columns = -5; });
    refuse({rows, columns}, [](auto& s) { s.region.row = 0x7FFFFFFF; });
    refuse({"exposure"}, [&](auto& s) { s.exposure = info.min_exposure - 1us; });
    refuse({"exposure"}, [&](auto& s) { s.exposure = info.max_exposure + 1us; });
    refuse({"delay"}, [&](auto& s) { s.trigger_delay = info.max_trigger_delay + 1us; });
    refuse({"delay"}, [](auto& s) { s.trigger_delay = -1us; });
}

TEST_CASE_TEMPLATE_DEFINE("Camera: calls in the wrong order are wrong_state and name the right one",
                          H, camera_states) {
    H harness;
    hal::Camera& camera = harness.bench().camera();
    hal::Frame frame;
    const auto soon = [&] { return hal::Deadline::after(harness.bench().clock(), 1ms); };
    check_fault(hal::ErrorKind::wrong_state, {"configure"}, [&] { camera.arm(1); });
    check_fault(hal::ErrorKind::wrong_state, {"arm"}, [&] { camera.receive(frame, soon()); });
    camera.disarm();

    hal::CameraSettings settings = line_settings(camera, {});
    settings.exposure = camera.info().min_exposure + 100us;
    camera.configure(settings);
    check_fault(hal::ErrorKind::out_of_range, {"1"}, [&] { camera.arm(0); });
    CHECK_FALSE(camera.status().armed);
    camera.arm(1);
    CHECK(camera.status().armed);
    check_fault(hal::ErrorKind::wrong_state, {"disarm"}, [&] { camera.arm(1); });
    check_fault(hal::ErrorKind::wrong_state, {"disarm"}, [&] { camera.configure(settings); });
    check_fault(hal::ErrorKind::wrong_state, {"software"}, [&] { camera.trigger(); });
    CHECK(camera.status().armed);
    camera.disarm();
    camera.disarm();
    CHECK_FALSE(camera.status().armed);
    check_fault(hal::ErrorKind::wrong_state, {"arm"}, [&] { camera.receive(frame, soon()); });

    settings.trigger = hal::TriggerSource::software;
    camera.configure(settings);
    check_fault(hal::ErrorKind::wrong_state, {"arm"}, [&] { camera.trigger(); });
}

TEST_CASE_TEMPLATE_DEFINE(
    "Camera: no frame by the deadline is false, at the deadline and not before", H,
    camera_deadline) {
    H harness;
    hal::Bench& bench = harness.bench();
    comfortable_timing(bench, 100us);
    bench.camera().arm(1);
    hal::Frame frame;
    const hal::Time begin = bench.clock().now();
    CHECK_FALSE(bench.camera().receive(frame, {begin + 20ms}));
    CHECK(bench.clock().now() >= begin + 20ms);
    CHECK(bench.clock().now() < begin + 1s);
    const hal::Time past = bench.clock().now();
    CHECK_FALSE(bench.camera().receive(frame, {past - 10ms}));
    CHECK(bench.clock().now() - past < 100ms);
}

TEST_CASE_TEMPLATE_DEFINE("Camera: frames come in order, ids restart at 0, times are of exposures",
                          H, camera_order) {
    H harness;
    hal::Bench& bench = harness.bench();
    const RunTiming timing = comfortable_timing(bench, 100us);
    program_white(bench, 5, timing);
    hal::Duration last{0};
    for (int run = 0; run < 2; ++run) {
        bench.camera().arm(5);
        bench.dmd().start();
        const auto frames = receive_all(bench);
        REQUIRE(frames.size() == 5);
        for (std::size_t i = 0; i < frames.size(); ++i) {
            CHECK(frames[i].frame_id == i);
            CHECK(frames[i].status == hal::FrameStatus::complete);
            CHECK_FALSE(frames[i].pattern.has_value());
            CHECK(frames[i].region == bench.camera().settings().region);
            CHECK(frames[i].bytes.size() == frames[i].region.pixels());
            CHECK(frames[i].device_time > last);
            last = frames[i].device_time;
            const hal::Duration off = frames[i].device_time - frames[0].device_time -
                                      static_cast<int>(i) * (timing.pattern + timing.dark);
            CHECK(std::chrono::abs(off) <= harness.time_tolerance());
        }
        CHECK(bench.camera().status().missed_triggers == 0);
        bench.camera().disarm();
    }
}

TEST_CASE_TEMPLATE_DEFINE("Camera: a frame that is there is received whatever the deadline", H,
                          camera_due_frame) {
    H harness;
    hal::Bench& bench = harness.bench();
    const RunTiming timing = comfortable_timing(bench, 100us);
    program_white(bench, 2, timing);
    bench.camera().arm(2);
    bench.dmd().start();
    bench.clock().wait_for(50ms);
    hal::Frame frame;
    const hal::Time now = bench.clock().now();
    CHECK(bench.camera().receive(frame, {now - 1ms}));
    CHECK(bench.camera().receive(frame, {now}));
    CHECK_FALSE(bench.camera().receive(frame, {bench.clock().now()}));
}

TEST_CASE_TEMPLATE_DEFINE("Camera: frames without room are lost, and the one after says overrun", H,
                          camera_overrun) {
    H harness;
    hal::Bench& bench = harness.bench();
    const RunTiming timing = comfortable_timing(bench, 100us);
    const hal::Duration period = timing.pattern + timing.dark;
    program_white(bench, 8, timing);
    bench.camera().arm(2);
    bench.dmd().start();
    // Five frames are finished, the sixth not begun.
    bench.clock().wait_for(5 * period - timing.dark / 2);
    hal::Frame frame;
    const auto next = [&] {
        return bench.camera().receive(frame, hal::Deadline::after(bench.clock(), 20ms));
    };
    REQUIRE(next());
    CHECK(frame.frame_id == 0);
    CHECK(frame.status == hal::FrameStatus::complete);
    REQUIRE(next());
    CHECK(frame.frame_id == 1);
    CHECK(frame.status == hal::FrameStatus::complete);
    REQUIRE(next());
    CHECK(frame.frame_id == 5);
    CHECK(frame.status == hal::FrameStatus::overrun);
    REQUIRE(next());
    CHECK(frame.frame_id == 6);
    CHECK(frame.status == hal::FrameStatus::complete);
    REQUIRE(next());
    CHECK(frame.frame_id == 7);
    CHECK_FALSE(next());
    CHECK(bench.camera().status().missed_triggers == 0);
}

TEST_CASE_TEMPLATE_DEFINE("Camera: edges before arm() are not seen; disarm() drops what is left", H,
                          camera_arming) {
    H harness;
    hal::Bench& bench = harness.bench();
    const RunTiming timing = comfortable_timing(bench, 100us);
    const hal::Duration period = timing.pattern + timing.dark;
    program_white(bench, 6, timing);
    bench.dmd().start();
    bench.clock().wait_for(2 * period + period / 2);
    bench.camera().arm(10);
    CHECK(receive_all(bench).size() == 3);
    CHECK(bench.camera().status().missed_triggers == 0);
    bench.camera().disarm();

    bench.camera().arm(10);
    bench.dmd().start();
    bench.clock().wait_for(20 * period);
    bench.camera().disarm();
    bench.camera().arm(10);
    CHECK(receive_all(bench).empty());
}

TEST_CASE_TEMPLATE_DEFINE(
    "Camera: edges closer than delay + exposure + dead time are dropped and "
    "counted",
    H, camera_dead_time) {
    H harness;
    hal::Bench& bench = harness.bench();
    RunTiming timing = comfortable_timing(bench, 400us);
    const hal::CameraSettings settings = bench.camera().settings();
    const hal::Duration busy =
        settings.trigger_delay + settings.exposure + bench.camera().status().dead_time;
    const auto run = [&](hal::Duration period) {
        timing.dark = bench.dmd().info().min_dark;
        timing.pattern = period - timing.dark;
        program_white(bench, 6, timing);
        bench.camera().arm(6);
        bench.dmd().start();
        auto frames = receive_all(bench);
        return frames;
    };
    CHECK(run(busy).size() == 6);
    CHECK(bench.camera().status().missed_triggers == 0);
    bench.camera().disarm();

    const hal::Duration too_short = busy - harness.time_tolerance() - 1us;
    const auto frames = run(too_short);
    REQUIRE(frames.size() == 3);
    CHECK(bench.camera().status().missed_triggers == 3);
    // The camera counts exposures, not edges: ids have no gap, times tell.
    for (std::size_t i = 0; i < frames.size(); ++i) CHECK(frames[i].frame_id == i);
    CHECK(std::chrono::abs(frames[1].device_time - frames[0].device_time - 2 * too_short) <=
          harness.time_tolerance());
    bench.camera().disarm();
    bench.camera().arm(1);
    CHECK(bench.camera().status().missed_triggers == 0);
}

TEST_CASE_TEMPLATE_DEFINE("Camera: trigger() is one edge made by software", H, camera_software) {
    H harness;
    hal::Bench& bench = harness.bench();
    const RunTiming timing = comfortable_timing(bench, 100us);
    hal::CameraSettings settings = line_settings(bench.camera(), timing);
    settings.trigger = hal::TriggerSource::software;
    bench.camera().configure(settings);
    program_white(bench, 3, timing);
    bench.camera().arm(4);
    bench.dmd().start();  // the line does not matter now
    CHECK(receive_all(bench).empty());
    hal::Frame frame;
    for (std::uint64_t i = 0; i < 3; ++i) {
        bench.camera().trigger();
        REQUIRE(bench.camera().receive(frame, hal::Deadline::after(bench.clock(), 1s)));
        CHECK(frame.frame_id == i);
    }
    CHECK(bench.camera().status().missed_triggers == 0);
    bench.camera().trigger();
    bench.camera().trigger();  // while the exposure is under way
    CHECK(receive_all(bench).size() == 1);
    CHECK(bench.camera().status().missed_triggers == 1);
}

TEST_CASE_TEMPLATE_DEFINE("Camera: exposure, delay, region and format do what they say", H,
                          camera_settings) {
    H harness;
    hal::Bench& bench = harness.bench();
    const auto light = full_light(bench);
    RunTiming timing = comfortable_timing(bench, 50us);
    program_white(bench, 1, timing);
    const auto one = [&](const hal::CameraSettings& settings) {
        bench.camera().configure(settings);
        bench.camera().arm(1);
        bench.dmd().start();
        const auto frames = receive_all(bench);
        bench.camera().disarm();
        REQUIRE(frames.size() == 1);
        return frames[0];
    };
    hal::CameraSettings settings = line_settings(bench.camera(), timing);
    const hal::Frame base = one(settings);

    hal::CameraSettings half = settings;
    half.exposure = settings.exposure / 2;
    const double dark_allowance = 12;  // DN: black level of any preset and then some
    const double ratio = mean_count(one(half)) / mean_count(base);
    CHECK(ratio > 0.45);
    CHECK(ratio < 0.55 + dark_allowance / mean_count(base));

    hal::CameraSettings part = settings;
    const int step = bench.camera().info().region_step_px;
    part.region = {2 * step, 3 * step, 4 * step, 5 * step};
    const hal::Frame small = one(part);
    CHECK(small.region == part.region);
    CHECK(small.bytes.size() == part.region.pixels());

    for (const hal::PixelFormat format : bench.camera().info().formats) {
        hal::CameraSettings deep = settings;
        deep.format = format;
        const hal::Frame frame = one(deep);
        CHECK(frame.format == format);
        CHECK(frame.bytes.size() == frame.region.pixels() * hal::bytes_per_pixel(format));
        // The same light in finer steps.
        const double scale = 1 << (hal::bits_of(format) - 8);
        CHECK(mean_count(frame) / scale == doctest::Approx(mean_count(base)).epsilon(0.05));
    }
}

#define OPAL_CAMERA_SUITE(...)                                \
    TEST_CASE_TEMPLATE_INVOKE(camera_configure, __VA_ARGS__); \
    TEST_CASE_TEMPLATE_INVOKE(camera_limits, __VA_ARGS__);    \
    TEST_CASE_TEMPLATE_INVOKE(camera_states, __VA_ARGS__);    \
    TEST_CASE_TEMPLATE_INVOKE(camera_deadline, __VA_ARGS__);  \
    TEST_CASE_TEMPLATE_INVOKE(camera_order, __VA_ARGS__);     \
    TEST_CASE_TEMPLATE_INVOKE(camera_due_frame, __VA_ARGS__); \
    TEST_CASE_TEMPLATE_INVOKE(camera_overrun, __VA_ARGS__);   \
    TEST_CASE_TEMPLATE_INVOKE(camera_arming, __VA_ARGS__);    \
    TEST_CASE_TEMPLATE_INVOKE(camera_dead_time, __VA_ARGS__); \
    TEST_CASE_TEMPLATE_INVOKE(camera_software, __VA_ARGS__);  \
    TEST_CASE_TEMPLATE_INVOKE(camera_settings, __VA_ARGS__)

}  // namespace opal::contract
