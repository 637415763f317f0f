// The lines of the optical table: edges, patterns and power over virtual time, against hand-typed
// moments and a tick-by-tick brute force.
#include "sim/table/laser_timeline.h"
#include "sim/table/pattern_timeline.h"
#include "sim/table/trigger_cable.h"
#include "sim/table/virtual_clock.h"

#include <doctest/doctest.h>

#include <functional>
#include <optional>
#include <vector>

using namespace opal;
using namespace opal::sim;
using namespace std::chrono_literals;
using hal::Duration;

namespace {

// A host's clock that waits at once.
class Ticker final : public hal::Clock {
public:
    hal::Time now() const override { return now_; }
    void wait_until(hal::Time when) override { now_ = std::max(now_, when); }
    hal::Time now_{Duration(7s)};
};

TriggerCable::Offsets offsets(std::vector<Duration> list) {
    return std::make_shared<const std::vector<Duration>>(std::move(list));
}

std::vector<Duration> heard(const TriggerCable& cable, TriggerCable::Position position,
                            std::size_t most = 100) {
    std::vector<Duration> edges;
    while (edges.size() < most) {
        const auto edge = cable.peek(position);
        if (!edge) break;
        edges.push_back(*edge);
        ++position.edge;
    }
    return edges;
}

std::shared_ptr<const ShownSequence> sequence(std::vector<std::pair<Duration, Duration>> entries,
                                              bool repeat) {
    auto shown = std::make_shared<ShownSequence>();
    Duration at{0};
    for (const auto& [exposure, dark] : entries) {
        shown->entries.push_back({at, at + exposure, std::make_shared<ChannelAmplitudes>()});
        at += exposure + dark;
    }
    shown->period = at;
    shown->repeat = repeat;
    return shown;
}

}  // namespace

TEST_CASE("cable: a train, a repeating train cut short, a single edge") {
    TriggerCable cable;
    cable.send(offsets({0us, 10us, 25us}), 100us, 0us);
    CHECK(heard(cable, {}) == std::vector<Duration>{100us, 110us, 125us});
    cable.cut(1000us);  // after its end: nothing changes
    cable.send(offsets({0us, 10us}), 1000us, 50us);
    CHECK(heard(cable, {1, 0}, 5) == std::vector<Duration>{1000us, 1010us, 1050us, 1060us, 1100us});
    cable.cut(1050us);  // the edge at the very moment has happened
    CHECK(heard(cable, {}) == std::vector<Duration>{100us, 110us, 125us, 1000us, 1010us, 1050us});
    cable.send_one(1200us);
    CHECK(heard(cable, {2, 0}) == std::vector<Duration>{1200us});
}

TEST_CASE("cable: a listener that comes later hears only what is to come") {
    TriggerCable cable;
    CHECK(heard(cable, cable.behind(0us)).empty());
    cable.send(offsets({0us, 10us, 25us}), 100us, 0us);
    CHECK(heard(cable, cable.behind(99us)) == std::vector<Duration>{100us, 110us, 125us});
    CHECK(heard(cable, cable.behind(100us)) == std::vector<Duration>{110us, 125us});
    CHECK(heard(cable, cable.behind(110us)) == std::vector<Duration>{125us});
    CHECK(heard(cable, cable.behind(5000us)).empty());

    // One that has heard everything hears the next train, sent at the very same moment.
    TriggerCable::Position waiting = cable.behind(5000us);
    CHECK_FALSE(cable.peek(waiting));
    cable.send(offsets({0us}), 5000us, 0us);
    CHECK(cable.peek(waiting) == Duration(5000us));

    TriggerCable endless;
    endless.send(offsets({0us, 10us}), 0us, 40us);
    CHECK(heard(endless, endless.behind(1'000'009us), 2) ==
          std::vector<Duration>{1'000'010us, 1'000'040us});
}

TEST_CASE("cable: forgotten trains are passed over, not repeated") {
    TriggerCable cable;
    for (int i = 0; i < 10; ++i) cable.send(offsets({0us, 1us}), i * 100us, 0us);
    TriggerCable::Position early{2, 1};
    cable.forget(500us);
    CHECK(heard(cable, early) == std::vector<Duration>{500us, 501us, 600us, 601us, 700us, 701us,
                                                       800us, 801us, 900us, 901us});
    cable.forget(Duration(1s));  // the last train stays, or positions would lose their place
    CHECK(heard(cable, cable.behind(900us)) == std::vector<Duration>{901us});
}

TEST_CASE("patterns: mirrors follow commands by the settle time") {
    PatternTimeline timeline(13us, {});
    const auto shown = sequence({{100us, 20us}, {50us, 0us}, {50us, 30us}}, false);
    timeline.show(shown, 1000us);
    std::vector<PatternTimeline::Stretch> s;
    timeline.stretches(1000us, 1300us, s);
    // Commands: 1000 A, 1100 off, 1120 B, 1170 C, 1220 off; each acts 13 us later.
    const std::vector<Duration> begins = {1000us, 1013us, 1113us, 1133us, 1183us, 1233us};
    REQUIRE(s.size() == begins.size());
    for (std::size_t i = 0; i < s.size(); ++i) {
        CHECK(s[i].begin == begins[i]);
        CHECK(s[i].end == (i + 1 < s.size() ? begins[i + 1] : Duration(1300us)));
    }
    const auto off = s[0].light;
    CHECK(s[1].light == shown->entries[0].light);
    CHECK(s[2].light == off);
    CHECK(s[3].light == shown->entries[1].light);
    CHECK(s[4].light == shown->entries[2].light);
    CHECK(s[5].light == off);
}

TEST_CASE("patterns: stretches agree with a tick-by-tick search through random runs") {
    const Duration settle = 7us;
    PatternTimeline timeline(settle, {});
    struct Run {
        Duration start;
        Duration stop;
        std::shared_ptr<const ShownSequence> sequence;
    };
    std::vector<Run> runs;
    std::uint32_t state = 7;
    const auto below = [&](int limit) {
        state = state * 1664525u + 1013904223u;
        return static_cast<int>((state >> 10) % static_cast<std::uint32_t>(limit));
    };
    Duration at{0};
    for (int i = 0; i < 40; ++i) {
        at += below(200) * 1us;
        if (!runs.empty()) runs.back().stop = std::min(runs.back().stop, at);
        if (below(4) == 0) {
            timeline.show_nothing(at);
            continue;
        }
        std::vector<std::pair<Duration, Duration>> entries;
        for (int e = 0; e <= below(4); ++e)
            entries.push_back({1us + below(40) * 1us, below(3) * 9us});
        const bool repeat = below(2) == 0;
        const auto shown = sequence(entries, repeat);
        timeline.show(shown, at);
        runs.push_back({at, repeat ? Duration::max() : at + shown->period, shown});
    }
    const auto light_at = [&](Duration t) -> const ChannelAmplitudes* {
        const Duration command = t - settle;
        for (const Run& run : runs) {
            if (command < run.start || command >= run.stop) continue;
            const Duration inside = (command - run.start) % run.sequence->period;
            for (const auto& entry : run.sequence->entries)
                if (inside >= entry.begin && inside < entry.end) return entry.light.get();
        }
        return nullptr;
    };
    for (int window = 0; window < 60; ++window) {
        const Duration from = below(static_cast<int>(at / 1us) + 100) * 1us;
        const Duration to = from + 1us + below(150) * 1us;
        std::vector<PatternTimeline::Stretch> stretches;
        timeline.stretches(from, to, stretches);
        Duration tick = from;
        for (const auto& stretch : stretches) {
            REQUIRE(stretch.begin == tick);
            for (; tick < stretch.end; tick += 1us) {
                const auto* expected = light_at(tick);
                if (expected)
                    REQUIRE(stretch.light.get() == expected);
                else
                    for (const Run& run : runs)
                        for (const auto& entry : run.sequence->entries)
                            REQUIRE(stretch.light != entry.light);
            }
        }
        REQUIRE(tick == to);
    }
}

TEST_CASE("patterns: what is forgotten does not change what is asked later") {
    PatternTimeline timeline(10us, {});
    timeline.show(sequence({{50us, 0us}}, false), 0us);
    const auto endless = sequence({{30us, 0us}}, true);
    timeline.show(endless, 200us);
    timeline.forget(60us);
    timeline.forget(1'000'000us);
    std::vector<PatternTimeline::Stretch> s;
    timeline.stretches(1'000'000us, 1'000'100us, s);
    REQUIRE(s.size() == 1);
    CHECK(s[0].light == endless->entries[0].light);
}

TEST_CASE("laser: off, a linear rise, a new power during the rise, off again") {
    LaserTimeline laser;
    CHECK(laser.mean_q16(0us, 100us) == 0);
    laser.set(1000us, 65536, 1000us, 1000us);
    CHECK(laser.next_change(0us) == Duration(1000us));
    CHECK(laser.next_change(1000us) == Duration(2000us));
    CHECK(laser.mean_q16(1000us, 2000us) == 32768);
    CHECK(laser.mean_q16(1000us, 1250us) == 8192);  // 1/8 of the maximum on average
    CHECK(laser.mean_q16(1500us, 1500us) == 32768);
    CHECK(laser.mean_q16(2000us, 9000us) == 65536);
    laser.set(1500us, 32768, 1000us, 1000us);  // half the power from the middle of the rise on
    CHECK(laser.mean_q16(1000us, 1500us) == 16384);
    CHECK(laser.mean_q16(1500us, 2000us) == 24576);  // 3/4 of half
    CHECK(laser.mean_q16(2000us, 3000us) == 32768);
    laser.set_off(2500us);
    CHECK(laser.next_change(2000us) == Duration(2500us));
    CHECK(laser.mean_q16(2500us, 3000us) == 0);
    CHECK(laser.next_change(2500us) == Duration::max());
    laser.forget(2600us);
    CHECK(laser.mean_q16(2600us, 3000us) == 0);
}

TEST_CASE("virtual time is paced by another clock if there is one") {
    Ticker host;
    VirtualClock clock(&host);
    clock.wait_for(10ms);
    CHECK(host.now_ == hal::Time(7010ms));
    clock.wait_for(-5ms);
    clock.wait_for(20ms);
    CHECK(host.now_ == hal::Time(7030ms));
    CHECK(clock.now().time_since_epoch() == 30ms);
    host.now_ += 60ms;  // the host was busy: no need to wait for what it has long passed
    clock.wait_for(50ms);
    CHECK(host.now_ == hal::Time(7090ms));
    CHECK(clock.now().time_since_epoch() == 80ms);
    host.now_ += 990ms;  // behind by a second: all but 100 ms of it never was
    clock.wait_for(500ms);
    CHECK(host.now_ == hal::Time(8480ms));
    CHECK(clock.now().time_since_epoch() == 580ms);

    VirtualClock free;
    free.wait_for(std::chrono::hours(1000));
    CHECK(free.now().time_since_epoch() == std::chrono::hours(1000));
}

TEST_CASE("virtual time catches up with its pacer before something comes in from outside") {
    Ticker host;
    VirtualClock clock(&host);
    std::vector<Duration> acts;
    const auto note = [&] { acts.push_back(clock.now().time_since_epoch()); };
    clock.call_at(hal::Time(30ms), note);
    clock.call_at(hal::Time(60ms), note);
    host.now_ += 50ms;
    clock.catch_up();
    CHECK(clock.now().time_since_epoch() == 50ms);
    CHECK(host.now_ == hal::Time(7050ms));  // it did not wait
    CHECK(acts == std::vector<Duration>{30ms});
    // Work that takes longer than the time it covers: given up after 100 ms of the host's.
    std::function<void()> slow = [&] {
        host.now_ += 30ms;
        clock.call_at(clock.now() + 10ms, slow);
    };
    clock.call_at(hal::Time(60ms), slow);
    host.now_ += 90ms;
    clock.catch_up();
    CHECK(host.now_ == hal::Time(7260ms));  // 7140 and four times 30: past 7240
    CHECK(clock.now().time_since_epoch() == 90ms);

    VirtualClock free;  // nobody to catch up with
    free.catch_up();
    CHECK(free.now().time_since_epoch() == 0ms);
}

TEST_CASE("what is asked for happens at its moment, in order, and can ask for more") {
    VirtualClock clock;
    std::vector<std::pair<int, Duration>> happened;
    const auto note = [&](int what) { happened.push_back({what, clock.now().time_since_epoch()}); };
    clock.call_at(hal::Time(30us), [&] { note(3); });
    clock.call_at(hal::Time(10us), [&] {
        note(1);
        clock.call_at(hal::Time(10us), [&] { note(11); });
        clock.call_at(hal::Time(20us), [&] { note(12); });
        clock.call_at(hal::Time(5us), [&] { note(13); });  // past: as soon as possible
    });
    clock.call_at(hal::Time(10us), [&] { note(2); });
    clock.run_due();
    CHECK(happened.empty());
    clock.wait_until(hal::Time(25us));
    CHECK(happened == std::vector<std::pair<int, Duration>>{
                          {1, 10us}, {13, 10us}, {2, 10us}, {11, 10us}, {12, 20us}});
    CHECK(clock.now() == hal::Time(25us));
    clock.wait_for_act(hal::Time(100us));
    CHECK(clock.now() == hal::Time(30us));
    CHECK(happened.back() == std::pair<int, Duration>{3, 30us});
    clock.wait_for_act(hal::Time(100us));
    CHECK(clock.now() == hal::Time(100us));
    clock.call_at(hal::Time(50us), [&] { note(4); });
    clock.run_due();
    CHECK(happened.back() == std::pair<int, Duration>{4, 100us});
}
