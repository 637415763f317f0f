// The Camera contract, sentence by sentence. The DMD makes the edges.
#include "contract/bench_run.h"
#include "contract/checks.h"
#include "contract/host_time.h"
#include "contract/trial.h"

namespace opal::contract {

using namespace std::chrono_literals;

namespace {

RunTiming slower_timing(hal::Bench& bench, hal::Duration slower) {
    RunTiming timing = comfortable_timing(bench, 100us);
    timing.dark = counted(bench.dmd().info(), timing.dark + slower);
    return timing;
}

// `entries` white patterns, programmed and ready to start.
void program_white(hal::Bench& bench, std::uint32_t entries, const RunTiming& timing) {
    bench.dmd().load(0, std::vector<hal::BitPattern>(1, plain_pattern(bench.dmd().info(), true)));
    hal::PatternSequence sequence = sequence_of(entries, timing);
    for (hal::SequenceEntry& entry : sequence.entries) entry.slot = 0;
    bench.dmd().program(sequence);
}

void camera_configure(Trial& trial) {
    hal::Camera& camera = trial.bench().camera();
    const hal::CameraInfo& info = camera.info();
    OPAL_REQUIRE(info.sensor_rows > 0);
    OPAL_REQUIRE(info.sensor_columns > 0);
    OPAL_REQUIRE(!info.formats.empty());
    hal::CameraSettings wanted = line_settings(camera, {});
    wanted.region = whole_sensor(info);
    wanted.exposure = info.min_exposure + 12345ns;
    wanted.trigger_delay = 6789ns;
    for (const hal::PixelFormat format : info.formats) {
        wanted.format = format;
        const hal::CameraSettings real = camera.configure(wanted);
        OPAL_EQUAL(real, camera.settings());
        OPAL_EQUAL(real.region, wanted.region);
        OPAL_EQUAL(real.format, format);
        OPAL_EXPECT(std::chrono::abs(real.exposure - wanted.exposure) <= 10us);
        OPAL_EXPECT(std::chrono::abs(real.trigger_delay - wanted.trigger_delay) <= 10us);
        // What the device does is something it can do: asking for it again changes nothing.
        OPAL_EQUAL(camera.configure(real), real);
    }
}

void camera_limits(Trial& trial) {
    hal::Camera& camera = trial.bench().camera();
    const hal::CameraInfo& info = camera.info();
    hal::CameraSettings good = line_settings(camera, {});
    good.region = whole_sensor(info);
    good.exposure = info.min_exposure;
    const hal::CameraSettings before = camera.configure(good);
    const auto refuse = [&](const std::vector<std::string>& words, auto&& change) {
        hal::CameraSettings bad = before;
        change(bad);
        check_fault(trial, hal::ErrorKind::out_of_range, words, [&] { camera.configure(bad); });
        OPAL_EQUAL(camera.settings(), before);
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

void camera_states(Trial& trial) {
    hal::Camera& camera = trial.bench().camera();
    hal::Frame frame;
    const auto soon = [&] { return hal::Deadline::after(trial.bench().clock(), 1ms); };
    check_fault(trial, hal::ErrorKind::wrong_state, {"configure"}, [&] { camera.arm(1); });
    check_fault(trial, hal::ErrorKind::wrong_state, {"arm"},
                [&] { camera.receive(frame, soon()); });
    camera.disarm();

    hal::CameraSettings settings = line_settings(camera, {});
    settings.exposure = camera.info().min_exposure + 100us;
    camera.configure(settings);
    check_fault(trial, hal::ErrorKind::out_of_range, {"1"}, [&] { camera.arm(0); });
    OPAL_EXPECT(!camera.status().armed);
    camera.arm(1);
    OPAL_EXPECT(camera.status().armed);
    check_fault(trial, hal::ErrorKind::wrong_state, {"disarm"}, [&] { camera.arm(1); });
    check_fault(trial, hal::ErrorKind::wrong_state, {"disarm"},
                [&] { camera.configure(settings); });
    check_fault(trial, hal::ErrorKind::wrong_state, {"software"}, [&] { camera.trigger(); });
    OPAL_EXPECT(camera.status().armed);
    camera.disarm();
    camera.disarm();
    OPAL_EXPECT(!camera.status().armed);
    check_fault(trial, hal::ErrorKind::wrong_state, {"arm"},
                [&] { camera.receive(frame, soon()); });

    settings.trigger = hal::TriggerSource::software;
    camera.configure(settings);
    check_fault(trial, hal::ErrorKind::wrong_state, {"arm"}, [&] { camera.trigger(); });
}

void camera_deadline(Trial& trial) {
    hal::Bench& bench = trial.bench();
    comfortable_timing(bench, 100us);
    bench.camera().arm(1);
    hal::Frame frame;
    const hal::Time begin = bench.clock().now();
    OPAL_EXPECT(!(bench.camera().receive(frame, {begin + 20ms})));
    OPAL_EXPECT(bench.clock().now() >= begin + 20ms);
    OPAL_EXPECT(bench.clock().now() < begin + 1s);
    // A host may stand still for longer, but not every time.
    patiently(trial, [&](hal::Duration) {
        const hal::Time past = bench.clock().now();
        OPAL_EXPECT(!(bench.camera().receive(frame, {past - 10ms})));
        return bench.clock().now() - past < 100ms;
    });
}

void camera_order(Trial& trial) {
    hal::Bench& bench = trial.bench();
    const RunTiming timing = comfortable_timing(bench, 100us);
    program_white(bench, 5, timing);
    hal::Duration last{0};
    for (int run = 0; run < 2; ++run) {
        bench.camera().arm(5);
        bench.dmd().start();
        const auto frames = receive_all(bench, 5);
        OPAL_REQUIRE_EQUAL(frames.size(), 5);
        for (std::size_t i = 0; i < frames.size(); ++i) {
            OPAL_EQUAL(frames[i].frame_id, i);
            OPAL_EQUAL(frames[i].status, hal::FrameStatus::complete);
            OPAL_EXPECT(!frames[i].pattern.has_value());
            OPAL_EQUAL(frames[i].region, bench.camera().settings().region);
            OPAL_EQUAL(frames[i].bytes.size(), frames[i].region.pixels());
            OPAL_EXPECT(frames[i].device_time > last);
            last = frames[i].device_time;
            const hal::Duration off = frames[i].device_time - frames[0].device_time -
                                      static_cast<int>(i) * (timing.pattern + timing.dark);
            OPAL_EXPECT(std::chrono::abs(off) <= trial.time_tolerance());
        }
        OPAL_EQUAL(bench.camera().status().missed_triggers, 0);
        bench.camera().disarm();
    }
}

void camera_due_frame(Trial& trial) {
    hal::Bench& bench = trial.bench();
    patiently(trial, [&](hal::Duration slower) {
        const RunTiming timing = comfortable_timing(bench, 100us);
        program_white(bench, 2, timing);
        bench.camera().arm(2);
        bench.dmd().start();
        // On a busy host what is due may not be there yet.
        bench.clock().wait_for(50ms + 2 * slower);
        hal::Frame frame;
        const hal::Time now = bench.clock().now();
        const bool there =
            bench.camera().receive(frame, {now - 1ms}) && bench.camera().receive(frame, {now});
        if (there) OPAL_EXPECT(!(bench.camera().receive(frame, {bench.clock().now()})));
        bench.camera().disarm();
        bench.dmd().stop();
        return there;
    });
}

void camera_overrun(Trial& trial) {
    hal::Bench& bench = trial.bench();
    patiently(trial, [&](hal::Duration slower) {
        constexpr std::uint64_t entries = 8;
        const RunTiming timing = slower_timing(bench, slower);
        const hal::Duration period = timing.pattern + timing.dark;
        program_white(bench, entries, timing);
        bench.camera().arm(2);
        const Happened start = happened(bench.clock(), [&] { bench.dmd().start(); });
        // Five frames are finished, the sixth not begun.
        bench.clock().wait_until(start.to + 5 * period - slower / 2);
        hal::Frame frame;
        const auto next = [&] {
            return bench.camera().receive(frame,
                                          hal::Deadline::after(bench.clock(), 50ms + 2 * period));
        };
        OPAL_REQUIRE(next());
        OPAL_EQUAL(frame.frame_id, 0);
        OPAL_EQUAL(frame.status, hal::FrameStatus::complete);
        bool second = false;
        const Happened looked = happened(bench.clock(), [&] { second = next(); });
        OPAL_REQUIRE(second);
        OPAL_EQUAL(frame.frame_id, 1);
        OPAL_EQUAL(frame.status, hal::FrameStatus::complete);
        // A frame behind a gap says so, and no other does.
        std::uint64_t expected = 2;
        std::uint64_t first = 0;
        while (expected < entries && next()) {
            OPAL_REQUIRE(frame.frame_id >= expected);
            OPAL_EQUAL(frame.status, frame.frame_id == expected ? hal::FrameStatus::complete
                                                                : hal::FrameStatus::overrun);
            if (expected == 2) first = frame.frame_id;
            expected = frame.frame_id + 1;
        }
        const bool quick = apart(start, looked).most < 5 * period;
        // The bench may be behind its host, the host behind the bench: then there were others.
        const bool told = quick && first >= 5 && expected == entries;
        if (told) OPAL_EQUAL(first, 5);
        OPAL_EQUAL(bench.camera().status().missed_triggers, 0);
        if (told) OPAL_EXPECT(!next());
        bench.camera().disarm();
        bench.dmd().stop();
        return told;
    });
}

void camera_arming(Trial& trial) {
    hal::Bench& bench = trial.bench();
    patiently(trial, [&](hal::Duration slower) {
        constexpr std::uint64_t entries = 6;
        const RunTiming timing = slower_timing(bench, slower);
        const hal::Duration period = timing.pattern + timing.dark;
        program_white(bench, entries, timing);
        const Happened start = happened(bench.clock(), [&] { bench.dmd().start(); });
        bench.clock().wait_until(start.to + 2 * period + period / 2);
        const Happened armed = happened(bench.clock(), [&] { bench.camera().arm(10); });
        const Apart late = apart(start, armed);
        const std::uint64_t least = begun(late.least - trial.time_tolerance(), period, entries);
        const std::uint64_t most = begun(late.most + trial.time_tolerance(), period, entries);
        const auto frames = receive_all(bench, entries - most, 50ms + 2 * period);
        OPAL_EXPECT(frames.size() >= entries - most);
        OPAL_EXPECT(frames.size() <= entries - least);
        OPAL_EQUAL(bench.camera().status().missed_triggers, 0);
        bench.camera().disarm();
        return least == most;
    });
    patiently(trial, [&](hal::Duration slower) {
        const RunTiming timing = slower_timing(bench, slower);
        const hal::Duration period = timing.pattern + timing.dark;
        bench.dmd().stop();
        program_white(bench, 6, timing);
        bench.camera().arm(10);
        bench.dmd().start();
        // The bench may be behind its host and still have something to show.
        bench.clock().wait_for(8 * period + 100ms);
        bench.camera().disarm();
        bench.camera().arm(10);
        const bool nothing = receive_all(bench).empty();
        bench.camera().disarm();
        return nothing;
    });
}

void camera_dead_time(Trial& trial) {
    hal::Bench& bench = trial.bench();
    RunTiming timing = comfortable_timing(bench, 400us);
    const hal::CameraSettings settings = bench.camera().settings();
    const hal::Duration busy =
        settings.trigger_delay + settings.exposure + bench.camera().status().dead_time;
    const hal::DmdInfo& info = bench.dmd().info();
    const auto run = [&](hal::Duration period, std::size_t expected) {
        timing.dark = counted(info, info.min_dark);
        timing.pattern = period - timing.dark;
        program_white(bench, 6, timing);
        bench.camera().arm(6);
        bench.dmd().start();
        return receive_all(bench, expected);
    };
    OPAL_EQUAL(run(counted(info, busy), 6).size(), 6);
    OPAL_EQUAL(bench.camera().status().missed_triggers, 0);
    bench.camera().disarm();

    const hal::Duration too_short =
        counted(info, busy - trial.time_tolerance() - 1us - info.time_step);
    const auto frames = run(too_short, 3);
    OPAL_REQUIRE_EQUAL(frames.size(), 3);
    OPAL_EQUAL(bench.camera().status().missed_triggers, 3);
    // The camera counts exposures, not edges: ids have no gap, times tell.
    for (std::size_t i = 0; i < frames.size(); ++i) OPAL_EQUAL(frames[i].frame_id, i);
    OPAL_EXPECT(std::chrono::abs(frames[1].device_time - frames[0].device_time - 2 * too_short) <=
                trial.time_tolerance());
    bench.camera().disarm();
    bench.camera().arm(1);
    OPAL_EQUAL(bench.camera().status().missed_triggers, 0);
}

void camera_software(Trial& trial) {
    hal::Bench& bench = trial.bench();
    const RunTiming timing = comfortable_timing(bench, 100us);
    hal::CameraSettings settings = line_settings(bench.camera(), timing);
    settings.trigger = hal::TriggerSource::software;
    bench.camera().configure(settings);
    program_white(bench, 3, timing);
    bench.camera().arm(4);
    bench.dmd().start();  // the line does not matter now
    OPAL_EXPECT(receive_all(bench).empty());
    hal::Frame frame;
    for (std::uint64_t i = 0; i < 3; ++i) {
        bench.camera().trigger();
        OPAL_REQUIRE(bench.camera().receive(frame, hal::Deadline::after(bench.clock(), 5s)));
        OPAL_EQUAL(frame.frame_id, i);
    }
    OPAL_EQUAL(bench.camera().status().missed_triggers, 0);
    bench.camera().disarm();
    patiently(trial, [&](hal::Duration slower) {
        settings.exposure = std::min(bench.camera().info().max_exposure, 100us + 4 * slower);
        settings = bench.camera().configure(settings);
        bench.camera().arm(4);
        const Happened both = happened(bench.clock(), [&] {
            bench.camera().trigger();
            bench.camera().trigger();  // while the exposure is under way
        });
        const bool told = both.to - both.from < settings.exposure;
        if (told) {
            OPAL_EQUAL(receive_all(bench, 1, 50ms + 2 * settings.exposure).size(), 1);
            OPAL_EQUAL(bench.camera().status().missed_triggers, 1);
        }
        bench.camera().disarm();
        return told;
    });
}

void camera_settings(Trial& trial) {
    hal::Bench& bench = trial.bench();
    const auto light = full_light(bench);
    RunTiming timing = comfortable_timing(bench, trial.lit_exposure());
    program_white(bench, 1, timing);
    const auto one = [&](const hal::CameraSettings& settings) {
        bench.camera().configure(settings);
        bench.camera().arm(1);
        bench.dmd().start();
        const auto frames = receive_all(bench, 1);
        bench.camera().disarm();
        OPAL_REQUIRE_EQUAL(frames.size(), 1);
        return frames[0];
    };
    hal::CameraSettings settings = line_settings(bench.camera(), timing);
    const hal::Frame base = one(settings);

    hal::CameraSettings half = settings;
    half.exposure = settings.exposure / 2;
    const double dark_allowance = 12;  // DN: black level of any preset and then some
    const double ratio = mean_count(one(half)) / mean_count(base);
    OPAL_EXPECT(ratio > 0.45);
    OPAL_EXPECT(ratio < 0.55 + dark_allowance / mean_count(base));

    hal::CameraSettings part = settings;
    const int step = bench.camera().info().region_step_px;
    part.region = {2 * step, 3 * step, 4 * step, 5 * step};
    const hal::Frame small = one(part);
    OPAL_EQUAL(small.region, part.region);
    OPAL_EQUAL(small.bytes.size(), part.region.pixels());

    for (const hal::PixelFormat format : bench.camera().info().formats) {
        hal::CameraSettings deep = settings;
        deep.format = format;
        const hal::Frame frame = one(deep);
        OPAL_EQUAL(frame.format, format);
        OPAL_EQUAL(frame.bytes.size(), frame.region.pixels() * hal::bytes_per_pixel(format));
        // The same light in finer steps.
        const double scale = 1 << (hal::bits_of(format) - 8);
        OPAL_NEAR(mean_count(frame) / scale, mean_count(base), 0.05);
    }
}

}  // namespace

std::vector<Check> camera_checks() {
    return {
        {"camera", "Camera: configure returns what the device does, and remembers it", Light::none,
         false, &camera_configure},
        {"camera", "Camera: impossible settings are out_of_range and change nothing", Light::none,
         false, &camera_limits},
        {"camera", "Camera: calls in the wrong order are wrong_state and name the right one",
         Light::none, true, &camera_states},
        {"camera", "Camera: no frame by the deadline is false, at the deadline and not before",
         Light::none, false, &camera_deadline},
        {"camera", "Camera: frames come in order, ids restart at 0, times are of exposures",
         Light::none, false, &camera_order},
        {"camera", "Camera: a frame that is there is received whatever the deadline", Light::none,
         false, &camera_due_frame},
        {"camera", "Camera: frames without room are lost, and the one after says overrun",
         Light::none, false, &camera_overrun},
        {"camera", "Camera: edges before arm() are not seen; disarm() drops what is left",
         Light::none, false, &camera_arming},
        {"camera", "Camera: edges closer than delay + exposure + dead time are dropped and counted",
         Light::none, false, &camera_dead_time},
        {"camera", "Camera: trigger() is one edge made by software", Light::none, false,
         &camera_software},
        {"camera", "Camera: exposure, delay, region and format do what they say", Light::emits,
         false, &camera_settings},
    };
}

}  // namespace opal::contract
