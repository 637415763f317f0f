// ScriptedRun: a run that asks a bench for everything hal offers, and writes down every answer in
// plain words and hashes: what a replay has to give again. Faults are answers too.
#pragma once

#include "contract/bench_run.h"
#include "hal/error.h"
#include "tests/contract/small_bench.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace opal::tests {

using namespace std::chrono_literals;

// FNV-1a, 64 bits [Fowler 2011].
inline std::uint64_t hash_of(const std::vector<std::byte>& bytes) {
    std::uint64_t hash = 14695981039346656037u;
    for (const std::byte b : bytes) hash = (hash ^ static_cast<std::uint64_t>(b)) * 1099511628211u;
    return hash;
}

struct Script {
    std::uint64_t arm = 3;       // frames
    int patterns = 3;            // shown
    int swapped = -1;            // this pattern is another one
    hal::Duration more_dark{0};  // of every entry
    hal::Duration more_exposure{0};
    int times_to_ask_the_clock = 1;
};

inline std::vector<std::string> scripted_run(hal::Bench& bench, const Script& script) {
    std::vector<std::string> heard;
    const auto say = [&](const std::string& text) { heard.push_back(text); };
    const auto ask = [&](const char* what, auto&& call) {
        try {
            call();
        } catch (const hal::DeviceError& e) {
            say(fmt::format("{}: {} | {} | {}", what, e.device(), e.operation(), e.what()));
        }
    };
    const auto now = [&] {
        hal::Time t;
        for (int i = 0; i < script.times_to_ask_the_clock; ++i) t = bench.clock().now();
        return t.time_since_epoch().count();
    };
    say(bench.name() + bench.identity() + fmt::format("{}", bench.laser_limit_mw()));
    say(bench.dmd().info().model + bench.camera().info().model + bench.laser().info().model);
    ask("arm too early", [&] { bench.camera().arm(1); });
    ask("too strong", [&] { bench.laser().arm(1e6); });
    contract::RunTiming timing = contract::comfortable_timing(bench, 80us + script.more_exposure);
    timing.dark += script.more_dark;
    const hal::CameraSettings& s = bench.camera().settings();
    say(fmt::format("{} {} {}", s.region.rows, s.exposure.count(), s.trigger_delay.count()));
    const auto light = contract::full_light(bench);
    auto patterns = contract::striped_patterns(bench.dmd().info(), script.patterns);
    if (script.swapped >= 0)
        patterns[static_cast<std::size_t>(script.swapped)].set(3, 5, script.swapped % 2 == 0);
    for (int round = 0; round < 2; ++round) {
        bench.dmd().load(0, patterns);
        bench.dmd().program(
            contract::sequence_of(static_cast<std::uint32_t>(script.patterns), timing));
        bench.camera().arm(script.arm);
        bench.dmd().start();
        say(fmt::format("running {}", bench.dmd().status().running));
        hal::Frame frame;
        while (bench.camera().receive(frame, hal::Deadline::after(bench.clock(), 50ms)))
            say(fmt::format("frame {} {} {} {:x} at {}", frame.frame_id, frame.device_time.count(),
                            static_cast<int>(frame.status), hash_of(frame.bytes), now()));
        const hal::CameraStatus status = bench.camera().status();
        say(fmt::format("{} {} {} {}", status.armed, status.missed_triggers, status.temperature_c,
                        status.dead_time.count()));
        bench.camera().disarm();
        bench.clock().wait_for(3ms);
    }
    const hal::LaserStatus laser = bench.laser().status();
    say(fmt::format("{} {} {} {}", static_cast<int>(laser.state), laser.set_power_mw,
                    laser.measured_power_mw, laser.fault));
    say(fmt::format("end {}", now()));
    return heard;
}

// A file of this test program that goes when the test ends.
class ScratchFile {
public:
    explicit ScratchFile(const std::string& name)
        : path_(std::filesystem::temp_directory_path() /
                fmt::format("opal-replay-{}-{}", ::getpid(), name)) {
        std::filesystem::remove(path_);
    }
    ~ScratchFile() { std::filesystem::remove(path_); }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace opal::tests
