// Acquisition against every way a trigger cable, a sequencer and a camera are known to fall out of
// step (docs/pairing.md): whatever happens, what acquire() leaves behind belongs together.
#include "calibration/acquisition.h"

#include "tests/calibration/paper_bench.h"

#include <doctest/doctest.h>

#include <map>

using namespace opal;
using calibration::Acquisition;
using calibration::Timing;
using tests::Edge;
using tests::PaperBench;

namespace {

using std::chrono::microseconds;

const hal::Region region{0, 0, 4, 32};
const Timing timing{microseconds(80), microseconds(20), microseconds(110), microseconds(90)};

// Patterns with about half of the mirrors on, all different.
std::vector<hal::BitPattern> patterns(std::size_t n) {
    std::vector<hal::BitPattern> list;
    for (std::size_t k = 0; k < n; ++k) {
        hal::BitPattern p(16, 64);
        p.fill(0, static_cast<int>(k % 32), 16, 32, true);
        p.fill(15, 0, 1, 1 + static_cast<int>(k / 32), true);
        list.push_back(p);
    }
    return list;
}

struct Outcome {
    bool threw = false;
    std::size_t mispaired = 0;
    std::size_t missing = 0;
    calibration::AcquisitionStats stats;
    std::string text;
};

// Runs an acquisition of 20 patterns (three runs: memory holds ten) and compares what the sink was
// left with against the patterns that were asked for.
Outcome acquire(PaperBench& bench, std::size_t most_per_run = 1000) {
    const auto list = patterns(20);
    Acquisition acquisition(bench, region, hal::PixelFormat::mono8, timing);
    acquisition.most_per_run = most_per_run;
    std::map<std::size_t, std::uint32_t> seen;
    Outcome outcome;
    try {
        acquisition.acquire(list, [&](std::size_t index, const hal::Frame& frame) {
            REQUIRE(frame.pattern);
            CHECK(*frame.pattern == index);
            seen[index] = tests::fingerprint(frame);
        });
        for (std::size_t k = 0; k < list.size(); ++k) {
            if (!seen.contains(k))
                ++outcome.missing;
            else if (seen[k] != tests::fingerprint(list[k]))
                ++outcome.mispaired;
        }
    } catch (const hal::DeviceError& e) {
        CHECK(e.kind() == hal::ErrorKind::mispaired);
        outcome.threw = true;
        outcome.text = e.what();
    }
    CHECK_FALSE(bench.camera_.armed);
    CHECK_FALSE(bench.dmd_.running);
    outcome.stats = acquisition.stats();
    return outcome;
}

void renumber(std::deque<hal::Frame>& frames) {
    for (std::size_t i = 0; i < frames.size(); ++i) frames[i].frame_id = i;
}

struct Defect {
    const char* name;
    std::function<void(tests::PaperFaults&)> install;
};

const std::vector<Defect>& defects() {
    using Frames = std::deque<hal::Frame>;
    using Edges = std::deque<Edge>;
    static const std::vector<Defect> list{
        {"first trigger lost: the camera armed late",
         [](auto& f) { f.edges = [](Edges& e) { e.pop_front(); }; }},
        {"no trigger at all: cable unplugged",
         [](auto& f) { f.edges = [](Edges& e) { e.clear(); }; }},
        {"extra edge before the sequence",
         [](auto& f) {
             f.edges = [](Edges& e) {
                 Edge glitch{e.front().at - timing.period(), hal::BitPattern(16, 64)};
                 e.push_front(glitch);
             };
         }},
        {"extra edge after the sequence",
         [](auto& f) {
             f.edges = [](Edges& e) {
                 Edge glitch{e.back().at + timing.period(), hal::BitPattern(16, 64)};
                 e.push_back(glitch);
             };
         }},
        {"a trigger in the middle missed",
         [](auto& f) { f.edges = [](Edges& e) { e.erase(e.begin() + 7); }; }},
        {"a frame lost on the link: gap in the ids",
         [](auto& f) { f.frames = [](Frames& q) { q.erase(q.begin() + 7); }; }},
        {"a frame lost by a camera that renumbers",
         [](auto& f) {
             f.frames = [](Frames& q) {
                 q.erase(q.begin() + 7);
                 renumber(q);
             };
         }},
        {"a frame delivered twice, renumbered",
         [](auto& f) {
             f.frames = [](Frames& q) {
                 q.insert(q.begin() + 7, q[6]);
                 renumber(q);
             };
         }},
        {"two frames delivered in the wrong order",
         [](auto& f) { f.frames = [](Frames& q) { std::swap(q[5], q[6]); }; }},
        {"two frames swapped and renumbered",
         [](auto& f) {
             f.frames = [](Frames& q) {
                 std::swap(q[5], q[6]);
                 renumber(q);
             };
         }},
        {"the previous buffer delivered: every frame one late, ids and times good",
         [](auto& f) {
             f.frames = [](Frames& q) {
                 for (std::size_t i = q.size() - 1; i > 0; --i) q[i].bytes = q[i - 1].bytes;
             };
         }},
        {"every frame one early, ids and times good",
         [](auto& f) {
             f.frames = [](Frames& q) {
                 for (std::size_t i = 0; i + 1 < q.size(); ++i) q[i].bytes = q[i + 1].bytes;
             };
         }},
        {"one late in the middle only: the tail gives it away",
         [](auto& f) {
             f.frames = [](Frames& q) {
                 for (std::size_t i = q.size() - 1; i > 6; --i) q[i].bytes = q[i - 1].bytes;
             };
         }},
        {"the sequencer repeats an entry and so ends late",
         [](auto& f) {
             f.sequence = [](hal::PatternSequence& s) {
                 s.entries.insert(s.entries.begin() + 6, s.entries[6]);
             };
         }},
        {"the sequencer skips an entry",
         [](auto& f) {
             f.sequence = [](hal::PatternSequence& s) { s.entries.erase(s.entries.begin() + 6); };
         }},
        {"a late frame: one stamp 3 % off",
         [](auto& f) { f.frames = [](Frames& q) { q[8].device_time += microseconds(11); }; }},
        {"pixels missing",
         [](auto& f) { f.frames = [](Frames& q) { q[8].status = hal::FrameStatus::incomplete; }; }},
        {"overrun",
         [](auto& f) { f.frames = [](Frames& q) { q[8].status = hal::FrameStatus::overrun; }; }},
        {"another shape",
         [](auto& f) {
             f.frames = [](Frames& q) { q[8].reshape({0, 0, 2, 32}, hal::PixelFormat::mono8); };
         }},
    };
    return list;
}

}  // namespace

TEST_CASE("an honest bench: every frame once, in runs bounded by the DMD's memory") {
    PaperBench bench;
    const Outcome outcome = acquire(bench);
    CHECK_FALSE(outcome.threw);
    CHECK(outcome.mispaired == 0);
    CHECK(outcome.missing == 0);
    CHECK(outcome.stats.frames == 20);
    CHECK(outcome.stats.runs == 2);  // memory 12 = 2 sentinels + 10 patterns
    CHECK(outcome.stats.repeated_runs == 0);
}

TEST_CASE("runs are no longer than phase and medium stand still") {
    for (const auto& [most, runs] : {std::pair{7, 3}, std::pair{10, 2}, std::pair{1, 20}}) {
        PaperBench bench;
        const Outcome outcome = acquire(bench, static_cast<std::size_t>(most));
        CHECK_FALSE(outcome.threw);
        CHECK(outcome.mispaired == 0);
        CHECK(outcome.missing == 0);
        CHECK(outcome.stats.runs == static_cast<std::uint64_t>(runs));
    }
}

TEST_CASE("a defect that happens once is repeated away, and counted") {
    for (const Defect& defect : defects()) {
        CAPTURE(defect.name);
        PaperBench bench;
        defect.install(bench.faults);
        bench.faults.runs_left = 1;
        const Outcome outcome = acquire(bench);
        CHECK_FALSE(outcome.threw);
        CHECK(outcome.mispaired == 0);
        CHECK(outcome.missing == 0);
        CHECK(outcome.stats.repeated_runs == 1);
        CHECK_FALSE(outcome.stats.last_failure.empty());
    }
}

TEST_CASE("a defect that stays ends in one clear line after max_attempts") {
    for (const Defect& defect : defects()) {
        CAPTURE(defect.name);
        PaperBench bench;
        defect.install(bench.faults);
        bench.faults.runs_left = 1000;
        const Outcome outcome = acquire(bench);
        CHECK(outcome.threw);
        CHECK(outcome.stats.runs == Acquisition::max_attempts);
        CHECK(outcome.text.find("mispaired") != std::string::npos);
        CHECK(outcome.text.find('\n') == std::string::npos);
    }
}

TEST_CASE("missed triggers the camera counted are believed even if all frames came") {
    PaperBench bench;
    bench.camera_.missed = 1;
    CHECK(acquire(bench).threw);
}

TEST_CASE("the stepped twin sees the same pictures") {
    PaperBench bench;
    const auto list = patterns(5);
    Acquisition acquisition(bench, region, hal::PixelFormat::mono8, timing);
    std::size_t calls = 0;
    acquisition.acquire_stepped(list, [&](std::size_t index, const hal::Frame& frame) {
        CHECK(index == calls++);
        CHECK(tests::fingerprint(frame) == tests::fingerprint(list[index]));
        CHECK(frame.pattern == static_cast<std::uint32_t>(index));
    });
    CHECK(calls == 5);
}

TEST_CASE("Ctrl-C between two frames: Interrupted, DMD stopped, camera disarmed") {
    PaperBench bench;
    std::stop_source source;
    Acquisition acquisition(bench, region, hal::PixelFormat::mono8, timing, source.get_token());
    const auto list = patterns(8);
    std::size_t frames = 0;
    CHECK_THROWS_AS(acquisition.acquire(list,
                                        [&](std::size_t, const hal::Frame&) {
                                            if (++frames == 3) source.request_stop();
                                        }),
                    calibration::Interrupted);
    CHECK(frames == 3);
    CHECK_FALSE(bench.camera_.armed);
    CHECK_FALSE(bench.dmd_.running);
}

TEST_CASE("a period the camera cannot follow is refused before anything is shown") {
    PaperBench bench;
    Timing fast = timing;
    fast.dark = microseconds(0);
    fast.pattern = microseconds(100);  // delay 20 + exposure 80 + readout 1 = 101
    Acquisition acquisition(bench, region, hal::PixelFormat::mono8, fast);
    try {
        acquisition.acquire(patterns(2), [](std::size_t, const hal::Frame&) {});
        FAIL("accepted");
    } catch (const hal::DeviceError& e) {
        CHECK(e.kind() == hal::ErrorKind::out_of_range);
        CHECK(std::string(e.what()).find("100.0 us is too short") != std::string::npos);
    }
}

TEST_CASE("dark mirrors that look like lit ones are refused: is the laser on?") {
    PaperBench bench;
    const hal::Region one_column{0, 0, 4, 1};  // no neighbours: no contrast at all
    Acquisition acquisition(bench, one_column, hal::PixelFormat::mono8, timing);
    CHECK_THROWS_AS(acquisition.acquire(patterns(2), [](std::size_t, const hal::Frame&) {}),
                    hal::DeviceError);
}
