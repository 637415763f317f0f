// Faults of the simulated bench: every one does what its name says, to the frames a naked camera
// delivers, and the truth that is kept beside them is true. Nothing here knows the acquisition.
#include "sim/faults/fault_file.h"
#include "sim/faults/fault_injector.h"
#include "sim/simulated_bench.h"
#include "tests/contract/small_bench.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace opal;
using namespace opal::sim;
using namespace std::chrono_literals;
using hal::Duration;

namespace {

constexpr std::size_t run_length = 12;
constexpr Duration pattern_time = 150us;
constexpr Duration dark_time = 100us;
constexpr Duration period = pattern_time + dark_time;

// All different; more mirrors on from one to the next.
std::vector<hal::BitPattern> patterns(const hal::DmdInfo& info) {
    std::vector<hal::BitPattern> list;
    for (std::size_t k = 0; k < run_length; ++k) {
        list.emplace_back(info.rows, info.columns);
        list.back().fill(0, 0, info.rows, 4 + 7 * static_cast<int>(k), true);
    }
    return list;
}

struct Seen {
    std::uint64_t id = 0;
    Duration time{0};
    hal::FrameStatus status{};
    double mean = 0;
    std::uint64_t saturated = 0;
    int pattern = -1;  // whose light; -1: none of ours
    double share = 0;
};

struct Taken {
    std::vector<Seen> frames;
    std::uint64_t missed = 0;
};

class Lab {
public:
    explicit Lab(const std::string& yaml, Scene scene = contract::small_scene())
        : schedule_(parse_faults(yaml, "test.yaml")),
          bench_(make_simulated_bench(scene, {.threads = 1, .faults = &schedule_})),
          shown_(patterns(bench_->dmd().info())) {
        bench_->laser().arm(bench_->laser_limit_mw());
        bench_->laser().set_power(bench_->laser_limit_mw());
        bench_->laser().emit();
        bench_->clock().wait_for(1s);
        const hal::CameraInfo& info = bench_->camera().info();
        bench_->camera().configure({{0, 0, info.sensor_rows, info.sensor_columns},
                                    hal::PixelFormat::mono12,
                                    60us,
                                    30us,
                                    hal::TriggerSource::line});
        hal::PatternSequence sequence;
        for (std::uint32_t k = 0; k < run_length; ++k)
            sequence.entries.push_back({k, pattern_time, dark_time});
        bench_->dmd().load(0, shown_);
        bench_->dmd().program(sequence);
    }

    hal::Bench& bench() { return *bench_; }
    const FaultInjector& faults() const { return *bench_->faults(); }

    Taken run() {
        Taken taken;
        hal::Camera& camera = bench_->camera();
        camera.arm(2 * run_length);
        bench_->dmd().start();
        hal::Frame frame;
        while (camera.receive(frame, hal::Deadline::after(bench_->clock(), 20ms))) {
            Seen seen{frame.frame_id, frame.device_time, frame.status};
            for (const std::uint16_t count : frame.as_u16()) {
                seen.mean += count / static_cast<double>(frame.region.pixels());
                if (count == frame.max_count()) ++seen.saturated;
            }
            const FrameTruth truth = faults().last_truth();
            seen.share = truth.share;
            for (std::size_t k = 0; k < shown_.size(); ++k)
                if (pattern_mark(shown_[k]) == truth.pattern) seen.pattern = static_cast<int>(k);
            taken.frames.push_back(seen);
        }
        taken.missed = camera.status().missed_triggers;
        camera.disarm();
        bench_->dmd().stop();
        return taken;
    }

private:
    FaultSchedule schedule_;
    std::unique_ptr<SimulatedBench> bench_;
    std::vector<hal::BitPattern> shown_;
};

// One fault in the first run, at frame 5.
std::string at_five(const std::string& fault, const std::string& more = {}) {
    return "faults:\n  - fault: " + fault + "\n    at_frame: 5\n" + more;
}

std::vector<int> shown_in(const Taken& taken) {
    std::vector<int> list;
    for (const Seen& s : taken.frames) list.push_back(s.pattern);
    return list;
}

const std::vector<int> in_order{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

// Nothing is wrong with what a run delivered.
bool perfect(const Taken& taken) {
    if (shown_in(taken) != in_order || taken.missed != 0) return false;
    for (std::size_t i = 0; i < taken.frames.size(); ++i) {
        const Seen& s = taken.frames[i];
        if (s.id != i || s.status != hal::FrameStatus::complete || s.share < 1) return false;
        if (i > 0 && s.time - taken.frames[i - 1].time != period) return false;
    }
    return true;
}

}  // namespace

TEST_CASE(
    "without faults every frame holds its pattern's light, and a bench let loose with none "
    "gives the frames of one that has none") {
    Lab lab("faults: []\n");
    const Taken taken = lab.run();
    CHECK(perfect(taken));
    CHECK(lab.faults().injected().empty());
    // More mirrors, more light on average: the frames really differ.
    CHECK(taken.frames.back().mean > taken.frames.front().mean);
}

TEST_CASE("a pattern's mark is of its mirrors, whatever order they were drawn in") {
    hal::BitPattern at_once(6, 100);
    at_once.fill(1, 70, 4, 20, true);
    hal::BitPattern row_by_row(6, 100);
    for (int row = 4; row >= 1; --row) row_by_row.fill(row, 70, 1, 20, true);
    REQUIRE(at_once == row_by_row);
    REQUIRE(row_by_row.end_of_run(1) == 2);  // kept apart
    CHECK(pattern_mark(at_once) == pattern_mark(row_by_row));
    row_by_row.set(3, 70, false);
    CHECK(pattern_mark(at_once) != pattern_mark(row_by_row));
    hal::BitPattern shorter(6, 100);
    shorter.fill(1, 70, 3, 20, true);
    CHECK(pattern_mark(at_once) != pattern_mark(shorter));
}

TEST_CASE("faults of a run: what arrives, and in the next run nothing") {
    struct Case {
        const char* fault;
        std::vector<int> expected;  // whose light arrives, in order
        const char* more = "";
    };
    const std::vector<Case> cases{
        {"merged_triggers", {0}},
        {"first_frame_discarded", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
        {"armed_late", {2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, "    edges: 2\n"},
        {"edge_at_arm", {-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
        {"dead_time", {0, 1, 3, 4, 6, 7, 9, 10}, "    every: 3\n"},
        {"late_mirrors", {-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
        {"stale_buffers", {0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10}},
        {"sequence_ends_early", {0}},
        {"start_ignored", {}},
        {"pattern_slip", {0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, -1}},
        {"merged_pair", {0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11}},
        {"sequencer_freeze", {0, 1, 2, 3, 4, 5}},
        {"frame_lost", {0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11}},
        {"frame_lost_renumbered", {0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11}},
        {"trigger_lost", {0, 1, 2, 3, 4, 7, 8, 9, 10, 11}, "    edges: 2\n"},
        {"frame_duplicated", {0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 11}},
        {"frames_swapped", {0, 1, 2, 3, 4, 6, 5, 7, 8, 9, 10, 11}},
        {"pixels_swapped", {0, 1, 2, 3, 4, 6, 5, 7, 8, 9, 10, 11}},
        {"dim_first_frame", in_order},
        {"inverted_trigger", {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}},
        {"hidden_black", in_order},
        {"edge_jitter", in_order},
        {"incomplete_frame", in_order},
    };
    for (const Case& c : cases) {
        CAPTURE(c.fault);
        Lab lab(at_five(c.fault, c.more));
        const Taken taken = lab.run();
        CHECK(shown_in(taken) == c.expected);
        CHECK_FALSE((perfect(taken) && std::string(c.fault) != "dim_first_frame"));
        REQUIRE(lab.faults().injected().size() == 1);
        CHECK(type_of(lab.faults().injected().front().kind).name == c.fault);
        CHECK(lab.faults().injected().front().run == 1);
        CHECK(perfect(lab.run()));
    }
}

TEST_CASE("what else is wrong with the frames of a run") {
    SUBCASE("numbers and time stamps tell a lost frame, unless the driver counts") {
        Taken lost = Lab(at_five("frame_lost")).run();
        CHECK(lost.frames[5].id == 6);
        CHECK(lost.frames[5].time - lost.frames[4].time == 2 * period);
        Taken renumbered = Lab(at_five("frame_lost_renumbered")).run();
        CHECK(renumbered.frames[5].id == 5);
        CHECK(renumbered.frames[5].time - renumbered.frames[4].time == 2 * period);
    }
    SUBCASE("swapped pixels leave numbers and time stamps perfect") {
        const Taken taken = Lab(at_five("pixels_swapped")).run();
        for (std::size_t i = 1; i < taken.frames.size(); ++i) {
            CHECK(taken.frames[i].id == i);
            CHECK(taken.frames[i].time - taken.frames[i - 1].time == period);
        }
    }
    SUBCASE("a camera that drops edges in its dead time counts them") {
        const Taken taken = Lab(at_five("dead_time", "    every: 3\n")).run();
        CHECK(taken.missed == 4);
    }
    SUBCASE("an edge between two others") {
        // 125 us after an edge: delay, exposure and readout (30 + 60 + 24 us) are over after
        // 114 us, so the camera takes it, when the mirrors are off, and every other edge too.
        const Taken taken = Lab(at_five("extra_edge")).run();
        REQUIRE(taken.frames.size() == run_length + 1);
        CHECK(taken.frames[5].pattern == 5);
        CHECK(taken.frames[6].pattern == -1);
        CHECK(taken.frames[6].time - taken.frames[5].time == period / 2);
        CHECK(taken.frames[7].pattern == 6);
        CHECK(taken.missed == 0);
    }
    SUBCASE("mirrors that switch in mid-exposure mix two patterns") {
        // Mirrors settle 13 us after 0.35 * 150 us, at 65.5 us; the exposure is 33 to 93 us.
        const Taken taken = Lab(at_five("mixed_patterns", "    share: 0.35\n")).run();
        CHECK(taken.frames[5].pattern == 4);
        CHECK(taken.frames[5].share == doctest::Approx(32.5 / 60).epsilon(1e-6));
        CHECK(taken.frames[4].share == 1);
        CHECK(taken.frames[6].share == 1);
    }
    SUBCASE("a torn frame") {
        const Taken taken = Lab(at_five("torn_frame", "    share: 0.25\n")).run();
        CHECK(taken.frames[5].share == doctest::Approx(0.75));
        CHECK(taken.frames[5].status == hal::FrameStatus::complete);
    }
    SUBCASE("an incomplete frame says so") {
        const Taken taken = Lab(at_five("incomplete_frame")).run();
        CHECK(taken.frames[5].status == hal::FrameStatus::incomplete);
    }
    SUBCASE("a late edge") {
        const Taken taken = Lab(at_five("edge_jitter", "    late_us: 30\n")).run();
        CHECK(taken.frames[5].time - taken.frames[4].time == period + 30us);
    }
    SUBCASE("hidden black: slower than planned") {
        const Taken taken = Lab(at_five("hidden_black", "    black_us: 40\n")).run();
        CHECK(taken.frames[5].time - taken.frames[4].time == period + 40us);
    }
    SUBCASE("a dim first frame") {
        Lab lab(at_five("dim_first_frame", "    brightness: 0.5\n"));
        const double dim = lab.run().frames.front().mean;
        CHECK(dim == doctest::Approx(0.5 * lab.run().frames.front().mean).epsilon(0.02));
    }
    SUBCASE("a video stream begins anywhere and goes round") {
        const std::vector<int> shown = shown_in(Lab(at_five("rotated_start")).run());
        REQUIRE(shown.size() == run_length);
        CHECK(shown.front() != 0);
        for (std::size_t i = 1; i < shown.size(); ++i)
            CHECK(shown[i] == (shown[i - 1] + 1) % static_cast<int>(run_length));
    }
}

TEST_CASE("a pattern that was never uploaded: the slot shows what it held before") {
    Lab lab("faults:\n  - fault: old_pattern\n    at_frame: 0\n");
    // Loaded once: there is nothing older, and the fault waits.
    CHECK(perfect(lab.run()));
    CHECK(lab.faults().injected().empty());
    auto others = patterns(lab.bench().dmd().info());
    for (auto& p : others) p.fill(0, 0, 1, 1, false);
    lab.bench().dmd().load(0, others);
    const Taken taken = lab.run();
    REQUIRE(lab.faults().injected().size() == 1);
    const auto at = static_cast<int>(lab.faults().injected().front().frame);
    // All marks are new but that of the one old pattern.
    for (int i = 0; i < static_cast<int>(run_length); ++i)
        CHECK(taken.frames[static_cast<std::size_t>(i)].pattern == (i == at ? i : -1));
}

TEST_CASE("faults of the light last") {
    Scene still = contract::small_scene();
    still.laser.power_noise = 0;
    SUBCASE("a surge is over after its time") {
        Lab lab(at_five("saturation", "    power: 4\n    for_s: 0.001\n"), still);
        const Taken taken = lab.run();
        const Taken later = lab.run();
        // From the fifth or a later frame on, for four periods.
        std::size_t bright = 0;
        for (std::size_t i = 0; i < run_length; ++i)
            if (taken.frames[i].mean > 2 * later.frames[i].mean) ++bright;
        CHECK(bright >= 1);
        CHECK(bright <= 5);
    }
    SUBCASE("an ageing laser sags to its power and is replaced") {
        Lab lab(at_five("laser_ageing", "    power: 0.5\n    over_s: 0.1\n    for_s: 1\n"), still);
        const double fresh = lab.run().frames.front().mean;
        lab.bench().clock().wait_for(200ms);
        const double black = 16 * still.sensor.black_level_dn8;
        CHECK(lab.run().frames.front().mean - black ==
              doctest::Approx(0.5 * (fresh - black)).epsilon(0.05));
        lab.bench().clock().wait_for(1s);
        CHECK(lab.run().frames.front().mean == doctest::Approx(fresh).epsilon(0.02));
    }
    SUBCASE("hot pixels read full scale from then on") {
        Lab lab(at_five("hot_pixels", "    pixels: 3\n"), still);
        const Taken before = lab.run();
        CHECK(before.frames.front().saturated == 0);
        const Taken after = lab.run();
        for (const Seen& s : after.frames) {
            CHECK(s.saturated >= 1);  // two of the three may fall on one pixel
            CHECK(s.saturated <= 3);
        }
    }
    SUBCASE("the door opens: light off, laser in fault, closed again later") {
        Lab lab(at_five("interlock", "    open_s: 2\n"), still);
        lab.run();
        CHECK(lab.bench().laser().status().state == hal::LaserState::fault);
        CHECK_FALSE(lab.bench().laser().status().interlock_closed);
        lab.bench().clock().wait_for(3s);
        CHECK(lab.bench().laser().status().interlock_closed);
        CHECK(lab.bench().laser().status().state == hal::LaserState::fault);
    }
    SUBCASE("stuck mirrors take or add light from the next load on") {
        Lab lab("seed: 5\n" + at_five("stuck_mirrors", "    mirrors: 3000\n"), still);
        const Taken before = lab.run();
        lab.bench().dmd().load(0, patterns(lab.bench().dmd().info()));
        const Taken after = lab.run();
        // Half of the mirrors: whichever way they stick, either few or many mirrors show it.
        const double few = std::abs(after.frames.front().mean / before.frames.front().mean - 1);
        const double many = std::abs(after.frames.back().mean / before.frames.back().mean - 1);
        CHECK(std::max(few, many) > 0.05);
        CHECK(shown_in(after) == in_order);  // truth names what was asked for
    }
}

TEST_CASE("the same schedule strikes the same frames; another seed strikes others") {
    const auto strikes = [](const char* seed) {
        Lab lab("seed: " + std::string(seed) +
                "\nfaults:\n  - fault: trigger_lost\n    every_frames: 40\n"
                "  - fault: pixels_swapped\n    every_frames: 50\n");
        for (int i = 0; i < 30; ++i) lab.run();
        std::vector<std::tuple<FaultKind, std::uint64_t, std::uint64_t>> list;
        for (const InjectedFault& f : lab.faults().injected())
            list.emplace_back(f.kind, f.run, f.frame);
        return list;
    };
    const auto once = strikes("3");
    CHECK(once.size() >= 8);  // 360 edges, 9 and 7.2 expected; every second run is left alone
    CHECK(once == strikes("3"));
    CHECK(once != strikes("4"));
    for (std::size_t i = 1; i < once.size(); ++i)
        CHECK(std::get<1>(once[i]) >= std::get<1>(once[i - 1]) + 2);
}

TEST_CASE("a fault may stay for several runs") {
    Lab lab(at_five("frame_lost", "    runs: 3\n"));
    for (int i = 0; i < 3; ++i) CHECK_FALSE(perfect(lab.run()));
    CHECK(perfect(lab.run()));
    CHECK(lab.faults().injected().size() == 3);
}
