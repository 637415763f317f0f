// A recording played back: the same run hears the same, another one is told where it departs.
#include "replay/recording_bench.h"
#include "replay/replay_bench.h"
#include "replay/run_reader.h"
#include "tests/replay/scripted_run.h"

#include <doctest/doctest.h>

using namespace opal;
using namespace opal::replay;
using namespace opal::tests;

namespace {

struct Recorded {
    ScratchFile file{"run.h5"};
    std::vector<std::string> heard;

    Recorded() {
        for (int opening = 0; opening < 2; ++opening) {
            const auto bench = sim::make_simulated_bench(contract::small_scene(), {2, nullptr});
            if (!recording)
                recording =
                    std::make_unique<Recording>(file.path(), RunFacts{facts_of(*bench), {}, {}});
            RecordingBench recorder(*bench, *recording, std::chrono::seconds(opening), 7);
            heard = scripted_run(recorder, {});
            recorder.note_moment(std::pair(hal::Duration(5), std::uint64_t{11}));
        }
        recording.reset();
    }
    std::unique_ptr<Recording> recording;
    std::unique_ptr<Playback> play() {
        return std::make_unique<Playback>(std::make_unique<RunReader>(file.path()));
    }
};

// The refusal the script ends in.
std::string refusal(Recorded& recorded, const Script& script) {
    const auto playback = recorded.play();
    ReplayBench bench(*playback, {}, 7);
    std::string all;
    for (const std::string& line : scripted_run(bench, script))
        if (line.find("departs") != std::string::npos) all += line;
    return all;
}

// The same, where the script does not catch it.
std::string thrown(Recorded& recorded, const Script& script) {
    const auto playback = recorded.play();
    ReplayBench bench(*playback, {}, 7);
    try {
        scripted_run(bench, script);
    } catch (const hal::DeviceError& e) {
        CHECK(e.kind() == hal::ErrorKind::refused);
        // Cleaning up works, and answers stay refused.
        bench.laser().off();
        bench.dmd().stop();
        bench.camera().disarm();
        CHECK_THROWS_AS(bench.laser().status(), hal::DeviceError);
        return e.what();
    }
    return {};
}

}  // namespace

TEST_CASE("the same run hears the same answers, opening by opening") {
    Recorded recorded;
    const auto playback = recorded.play();
    for (int opening = 0; opening < 2; ++opening) {
        ReplayBench bench(*playback, std::chrono::seconds(opening), 7);
        CHECK(scripted_run(bench, {}) == recorded.heard);
        CHECK(playback->commands_left() == 1);
        const auto moment = bench.moment();
        REQUIRE(moment);
        CHECK(moment->first == hal::Duration(5));
        CHECK(moment->second == 11);
        CHECK(playback->commands_left() == 0);
    }
    CHECK_THROWS_WITH_AS(ReplayBench(*playback, {}, 7), doctest::Contains("once more"),
                         hal::DeviceError);
}

TEST_CASE("the clock may be read more often or less often than it was") {
    Recorded recorded;
    const auto playback = recorded.play();
    ReplayBench bench(*playback, {}, 7);
    CHECK(scripted_run(bench, {.times_to_ask_the_clock = 4}) == recorded.heard);
    const auto again = recorded.play();
    ReplayBench lazy(*again, {}, 7);
    CHECK(scripted_run(lazy, {.times_to_ask_the_clock = 0}).size() == recorded.heard.size());
}

TEST_CASE("a run that departs is refused: what was recorded, what was asked") {
    Recorded recorded;
    CHECK(thrown(recorded, {}).empty());
    std::string text = thrown(recorded, {.arm = 4});
    CHECK(text.find("camera.arm(4) was asked") != std::string::npos);
    CHECK(text.find("recorded is camera.arm(3)") != std::string::npos);
    CHECK(text.find('\n') == std::string::npos);
    text = thrown(recorded, {.patterns = 2});
    CHECK(text.find("dmd.load(slot 0, 2 patterns) was asked") != std::string::npos);
    CHECK(text.find("dmd.load(slot 0, 3 patterns)") != std::string::npos);
    text = thrown(recorded, {.swapped = 2});
    CHECK(text.find("another pattern 2 of 3") != std::string::npos);
    text = thrown(recorded, {.more_dark = 1us});
    CHECK(text.find("another entry 0") != std::string::npos);
    text = thrown(recorded, {.more_exposure = 10us});
    CHECK(text.find("90 us after a delay") != std::string::npos);
    CHECK(text.find("80 us after a delay") != std::string::npos);
    CHECK(refusal(recorded, {}).empty());
}

TEST_CASE("a bench opened at another moment of its life is another run") {
    Recorded recorded;
    const auto playback = recorded.play();
    CHECK_THROWS_WITH_AS(ReplayBench(*playback, std::chrono::seconds(3), 7),
                         doctest::Contains("asked for were 3 s and 7"), hal::DeviceError);
}

TEST_CASE("past the end of a recording there is nothing") {
    const ScratchFile file("short.h5");
    {
        const auto bench = sim::make_simulated_bench(contract::small_scene(), {2, nullptr});
        Recording recording(file.path(), {facts_of(*bench), {}, {}});
        RecordingBench recorder(*bench, recording, {}, 0);
        recorder.laser().status();
    }
    Playback playback(std::make_unique<RunReader>(file.path()));
    ReplayBench bench(playback, {}, 0);
    CHECK(bench.laser().status().state == hal::LaserState::off);
    bench.laser().off();  // always possible, although it was never recorded
    CHECK_THROWS_WITH_AS(bench.laser().status(), doctest::Contains("closing the bench"),
                         hal::DeviceError);
}
