// The simulated bench as a whole: its frames against a slow witness, and what must not change them:
// threads, rendering ahead, pacing, the history of the bench.
#include "sim/simulated_bench.h"
#include "tests/contract/bench_run.h"
#include "tests/contract/small_bench.h"
#include "tests/sim/table_witness.h"

#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

using namespace opal;
using namespace opal::sim;
using namespace std::chrono_literals;
using hal::Duration;

namespace {

std::vector<hal::BitPattern> four_patterns(const hal::DmdInfo& info) {
    std::vector<hal::BitPattern> patterns;
    for (int i = 0; i < 4; ++i) {
        hal::BitPattern pattern(info.rows, info.columns);
        pattern.fill(8 * i, 0, 24, info.columns, true);
        patterns.push_back(pattern);
    }
    return patterns;
}

// A fixed sequence of numbers; any would do.
class Dice {
public:
    explicit Dice(std::uint32_t seed) : state_(seed) {}
    int below(int limit) {
        state_ = state_ * 1664525u + 1013904223u;
        return static_cast<int>((state_ >> 10) % static_cast<std::uint32_t>(limit));
    }

private:
    std::uint32_t state_;
};

enum class Action { start, stop, power, dark, rearm };

struct Command {
    Duration at{0};
    Action action = Action::start;
    hal::PatternSequence sequence;
    int share = 0;  // of the laser's maximum, in 64ths: exact in fixed point
};

hal::PatternSequence random_sequence(Dice& dice) {
    hal::PatternSequence sequence;
    sequence.repeat = dice.below(3) == 0;
    for (int i = dice.below(5); i >= 0; --i) {
        hal::SequenceEntry entry;
        entry.slot = static_cast<std::uint32_t>(dice.below(4));
        entry.exposure = 105us + dice.below(100) * 1us;
        entry.dark = 20us + dice.below(120) * 1us;
        entry.trigger_out = dice.below(5) != 0;
        sequence.entries.push_back(entry);
    }
    return sequence;
}

// A reckless user: starts, stops, changes power and arming at any moment.
std::vector<Command> reckless_script(std::uint32_t seed) {
    Dice dice(seed);
    std::vector<Command> script;
    Duration at{0};
    for (int i = 0; i < 80; ++i) {
        at += 1us + dice.below(900) * 1us;
        const Action actions[] = {Action::start, Action::start, Action::start, Action::stop,
                                  Action::power, Action::power, Action::dark,  Action::rearm};
        Command command{at, actions[dice.below(8)], {}, dice.below(65)};
        if (command.action == Action::start) command.sequence = random_sequence(dice);
        script.push_back(command);
    }
    script.push_back({at + 5ms, Action::rearm, {}, 0});
    return script;
}

struct Taken {
    std::vector<hal::Frame> frames;
    std::vector<std::uint64_t> missed;  // per arming
};

hal::CameraSettings settings_for_script() {
    hal::CameraSettings settings;
    settings.region = {3, 5, 40, 52};
    settings.exposure = 180us;  // some periods of the script are shorter than the busy time
    settings.trigger_delay = 7us;
    return settings;
}
constexpr Duration readout = 20us;  // 40 rows, 0.5 us each

// No warm-up: power is constant between commands, and the witness needs no ramps.
Scene scene_for_script() {
    Scene scene = contract::small_scene();
    scene.laser.warm_up_s = 0;
    return scene;
}

Taken play(SimulatedBench& bench, const std::vector<Command>& script) {
    Taken taken;
    const double limit = bench.laser_limit_mw();
    bench.camera().configure(settings_for_script());
    bench.dmd().load(0, four_patterns(bench.dmd().info()));
    bench.laser().arm(limit);
    bench.camera().arm(1000);
    hal::Frame frame;
    for (const Command& command : script) {
        while (bench.camera().receive(frame, {hal::Time{command.at}}))
            taken.frames.push_back(frame);
        switch (command.action) {
            case Action::start:
                bench.dmd().stop();
                bench.dmd().program(command.sequence);
                bench.dmd().start();
                break;
            case Action::stop:
                bench.dmd().stop();
                break;
            case Action::power:
                bench.laser().set_power(limit * command.share / 64);
                bench.laser().emit();
                break;
            case Action::dark:
                bench.laser().off();
                bench.laser().arm(limit);
                break;
            case Action::rearm:
                taken.missed.push_back(bench.camera().status().missed_triggers);
                bench.camera().disarm();
                bench.camera().arm(1000);
                break;
        }
    }
    return taken;
}

Taken expected(const Scene& scene, const hal::DmdInfo& info, const std::vector<Command>& script) {
    TableWitness witness(scene);
    witness.load(four_patterns(info));
    bool emitting = false;
    for (const Command& command : script) {
        if (command.action == Action::start) witness.start(command.at, command.sequence);
        if (command.action == Action::stop) witness.stop(command.at);
        if (command.action == Action::power) emitting = true;
        if (command.action == Action::dark) emitting = false;
        if (command.action == Action::power || command.action == Action::dark)
            witness.power(command.at,
                          emitting ? static_cast<std::uint32_t>(command.share) * 1024 : 0);
    }
    const hal::CameraSettings settings = settings_for_script();
    const Duration latency = from_microseconds(scene.sensor.trigger_delay_us);
    const Duration busy = settings.trigger_delay + settings.exposure + readout;
    const std::vector<Duration> edges = witness.edges(script.back().at);
    Taken taken;
    std::uint64_t exposures = 0;
    Duration armed{-1};
    for (const Command& command : script) {
        if (command.action != Action::rearm) continue;
        std::uint64_t missed = 0;
        std::uint64_t id = 0;
        Duration free_from{0};
        for (const Duration edge : edges) {
            if (edge <= armed || edge > command.at) continue;
            if (edge < free_from) {
                ++missed;
                continue;
            }
            free_from = edge + busy;
            const Duration begin = edge + latency + settings.trigger_delay;
            // Frames not read out when the camera is disarmed are dropped, but were exposures.
            if (begin + settings.exposure + readout <= command.at) {
                taken.frames.push_back(witness.frame(settings, begin, exposures));
                taken.frames.back().frame_id = id;
                taken.frames.back().device_time = begin;
            }
            ++id;
            ++exposures;
        }
        taken.missed.push_back(missed);
        armed = command.at;
    }
    return taken;
}

void check_same(const Taken& a, const Taken& b) {
    REQUIRE(a.frames.size() == b.frames.size());
    for (std::size_t i = 0; i < a.frames.size(); ++i) {
        INFO("frame ", i);
        REQUIRE(a.frames[i].frame_id == b.frames[i].frame_id);
        REQUIRE(a.frames[i].device_time == b.frames[i].device_time);
        REQUIRE(a.frames[i].bytes == b.frames[i].bytes);
    }
    CHECK(a.missed == b.missed);
}

}  // namespace

TEST_CASE("frames of reckless runs are those of the tick-by-tick witness, for any threads") {
    std::size_t frames = 0;
    std::uint64_t missed = 0;
    for (const std::uint32_t seed : {1u, 2u, 3u}) {
        CAPTURE(seed);
        const Scene scene = scene_for_script();
        const auto script = reckless_script(seed);
        Taken wanted;
        for (const int threads : {1, 2, 5}) {
            CAPTURE(threads);
            const auto bench = make_simulated_bench(scene, {threads, nullptr});
            const Taken taken = play(*bench, script);
            if (threads == 1) wanted = expected(scene, bench->dmd().info(), script);
            check_same(taken, wanted);
        }
        frames += wanted.frames.size();
        for (const std::uint64_t count : wanted.missed) missed += count;
    }
    // The scripts are worth something: they make frames and lose edges.
    CHECK(frames > 150);
    CHECK(missed > 50);
}

TEST_CASE("a bench paced to real time gives the same bytes") {
    Scene scene = scene_for_script();
    const auto script = reckless_script(4);
    const Taken fast = play(*make_simulated_bench(scene, {2, nullptr}), script);
    scene.pace = Pace::real_time;
    const auto begin = std::chrono::steady_clock::now();
    const auto bench = make_simulated_bench(scene, {2, nullptr});
    const Taken paced = play(*bench, script);
    CHECK(std::chrono::steady_clock::now() - begin >= bench->clock().now().time_since_epoch());
    check_same(fast, paced);
}

TEST_CASE("exposures are numbered over the bench's life: no two frames share their noise") {
    const auto bench = make_simulated_bench(scene_for_script(), {1, nullptr});
    bench->camera().configure([] {
        auto settings = settings_for_script();
        settings.trigger = hal::TriggerSource::software;
        return settings;
    }());
    bench->laser().arm(bench->laser_limit_mw());
    bench->laser().set_power(bench->laser_limit_mw());
    bench->laser().emit();
    std::vector<hal::Frame> frames;
    for (int run = 0; run < 3; ++run) {
        bench->camera().arm(2);
        hal::Frame frame;
        bench->camera().trigger();
        REQUIRE(bench->camera().receive(frame, hal::Deadline::after(bench->clock(), 1ms)));
        CHECK(frame.frame_id == 0);
        frames.push_back(frame);
        bench->camera().trigger();  // begun, never received, and yet an exposure
        bench->camera().disarm();
    }
    CHECK(frames[0].bytes != frames[1].bytes);
    CHECK(frames[1].bytes != frames[2].bytes);
    CHECK(frames[0].bytes != frames[2].bytes);
}

TEST_CASE("the interlock cuts the light in the middle of a run") {
    const auto bench = make_simulated_bench(scene_for_script(), {2, nullptr});
    bench->camera().configure(settings_for_script());
    bench->dmd().load(0, four_patterns(bench->dmd().info()));
    hal::PatternSequence sequence;
    sequence.entries.assign(20, {0, 200us, 100us});
    bench->dmd().program(sequence);
    bench->laser().arm(bench->laser_limit_mw());
    bench->laser().set_power(bench->laser_limit_mw());
    bench->laser().emit();
    bench->camera().arm(20);
    bench->dmd().start();
    hal::Frame frame;
    std::vector<double> means;
    while (bench->camera().receive(frame, hal::Deadline::after(bench->clock(), 1ms))) {
        means.push_back(contract::mean_count(frame));
        if (means.size() == 10) bench->set_interlock(false);
    }
    REQUIRE(means.size() == 20);
    for (std::size_t i = 0; i < means.size(); ++i) CHECK((means[i] > 10) == (i < 10));
}

TEST_CASE("events: every change of the laser, DMD and camera, in JSON lines, the last one off") {
    std::ostringstream events;
    {
        const auto bench = make_simulated_bench(contract::small_scene(), {1, &events});
        bench->clock().wait_for(1500us);
        bench->laser().arm(20);
        bench->laser().set_power(12.5);
        bench->laser().emit();
        bench->clock().wait_for(1s);
        bench->laser().status();
        bench->dmd().load(0, four_patterns(bench->dmd().info()));
        hal::PatternSequence sequence;
        sequence.entries.assign(3, {0, 200us, 100us});
        sequence.repeat = true;
        bench->dmd().program(sequence);
        bench->camera().configure(settings_for_script());
        bench->camera().arm(7);
        bench->dmd().start();
        bench->clock().wait_for(1ms);
        bench->set_interlock(false);
    }
    CHECK(events.str() ==
          "{\"t_s\":0.000000000,\"device\":\"laser\",\"event\":\"off\"}\n"
          "{\"t_s\":0.001500000,\"device\":\"laser\",\"event\":\"armed\",\"limit_mw\":20}\n"
          "{\"t_s\":0.001500000,\"device\":\"laser\",\"event\":\"set_power\",\"power_mw\":12.5}\n"
          "{\"t_s\":0.001500000,\"device\":\"laser\",\"event\":\"warming_up\",\"power_mw\":12.5}\n"
          "{\"t_s\":0.501500000,\"device\":\"laser\",\"event\":\"emitting\"}\n"
          "{\"t_s\":1.001500000,\"device\":\"camera\",\"event\":\"arm\",\"frames\":7}\n"
          "{\"t_s\":1.001500000,\"device\":\"dmd\",\"event\":\"start\",\"entries\":3,"
          "\"repeat\":true}\n"
          "{\"t_s\":1.002500000,\"device\":\"laser\",\"event\":\"interlock_open\"}\n"
          "{\"t_s\":1.002500000,\"device\":\"laser\",\"event\":\"fault\",\"cause\":\"interlock\"}\n"
          "{\"t_s\":1.002500000,\"device\":\"laser\",\"event\":\"off\"}\n"
          "{\"t_s\":1.002500000,\"device\":\"dmd\",\"event\":\"stop\"}\n"
          "{\"t_s\":1.002500000,\"device\":\"camera\",\"event\":\"disarm\"}\n");
}

TEST_CASE("events are flushed one by one: a process that is killed leaves none behind") {
    class Counting final : public std::stringbuf {
    public:
        int sync() override {
            flushed = str();
            return 0;
        }
        std::string flushed;
    };
    Counting buffer;
    std::ostream events(&buffer);
    const auto bench = make_simulated_bench(contract::small_scene(), {1, &events});
    bench->laser().arm(20);
    bench->laser().emit();
    CHECK(buffer.flushed == buffer.str());
    CHECK(buffer.flushed.find("warming_up") != std::string::npos);
    bench->laser().off();
    CHECK(buffer.flushed == buffer.str());
    CHECK(buffer.flushed.ends_with("\"event\":\"off\"}\n"));
}

TEST_CASE("loading new patterns does not change frames taken of the old ones") {
    // More frames than are rendered ahead wait in the camera while the patterns are replaced.
    const auto frames_of = [](bool replace) {
        const auto bench = make_simulated_bench(scene_for_script(), {1, nullptr});
        const auto patterns = four_patterns(bench->dmd().info());
        hal::PatternSequence sequence;
        for (std::uint32_t i = 0; i < 30; ++i) sequence.entries.push_back({i % 4, 250us, 100us});
        bench->laser().arm(bench->laser_limit_mw());
        bench->laser().set_power(bench->laser_limit_mw());
        bench->laser().emit();
        bench->dmd().load(0, patterns);
        bench->dmd().program(sequence);
        bench->camera().configure(settings_for_script());
        bench->camera().arm(40);
        bench->dmd().start();
        bench->clock().wait_for(50ms);
        if (replace) bench->dmd().load(0, std::vector(4, hal::BitPattern(64, 96)));
        return contract::receive_all(*bench);
    };
    const auto untouched = frames_of(false);
    const auto replaced = frames_of(true);
    REQUIRE(untouched.size() == 30);
    REQUIRE(replaced.size() == 30);
    for (std::size_t i = 0; i < 30; ++i) CHECK(replaced[i].bytes == untouched[i].bytes);
}

TEST_CASE("scenes no bench can have are refused by name") {
    Scene scene = contract::small_scene();
    scene.dmd.macro_pixel_px = 65;
    CHECK_THROWS_WITH_AS(make_simulated_bench(scene),
                         "scene 'small': dmd.macro_pixel_px: 65 is more than the DMD's short "
                         "side; allowed: 1 to 64",
                         std::invalid_argument);
}

TEST_CASE("identity is the scene's, not the session's") {
    Scene scene = contract::small_scene();
    const std::string identity = make_simulated_bench(scene)->identity();
    scene.name = "renamed";
    scene.pace = Pace::real_time;
    CHECK(make_simulated_bench(scene)->identity() == identity);
    scene.seed += 1;
    CHECK(make_simulated_bench(scene)->identity() != identity);
}
