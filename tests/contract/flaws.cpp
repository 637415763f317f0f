// The contract checks notice what they are for. Each bench here is the simulated one with one flaw
// that labs know, planted between the check and the device; the check that has to fail is named.
#include "contract/checks.h"
#include "contract/trial.h"
#include "hal/error.h"
#include "tests/contract/small_bench.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <string>

using namespace opal;
using namespace opal::contract;

namespace {

struct Flaws {
    bool stays_on = false;        // off() says off, and light goes on
    bool ignores_limit = false;   // set_power() above the armed limit is taken
    bool swaps_patterns = false;  // slots 0 and 1 are exchanged on the way
    bool hides_losses = false;    // frames after a gap are renumbered, missed edges are not counted
    bool gamma = false;           // counts go with the root of the light
    bool armed_at_birth = false;
    bool silent_slots = false;  // slots that were never loaded are shown as something old
    int deaf = 0;               // so many commands and questions to a lit laser are not answered
    bool late = false;          // edges come 100 us after the entry is due, every second one
};

class FlawedLaser final : public hal::Laser {
public:
    FlawedLaser(hal::Laser& inner, const Flaws& flaws) : inner_(inner), flaws_(flaws) {}
    const hal::LaserInfo& info() const override { return inner_.info(); }
    void arm(double limit_mw) override {
        said_off_ = false;
        if (inner_.status().state == hal::LaserState::emitting) inner_.off();
        inner_.arm(limit_mw);
    }
    void set_power(double power_mw) override {
        inner_.set_power(flaws_.ignores_limit ? std::clamp(power_mw, 0.0, 1.0) : power_mw);
    }
    void emit() override { inner_.emit(); }
    void off() override {
        answer("off");
        if (flaws_.stays_on && inner_.status().state != hal::LaserState::off)
            said_off_ = true;
        else
            inner_.off();
    }
    hal::LaserStatus status() override {
        answer("status");
        hal::LaserStatus status = inner_.status();
        if (said_off_) {
            status.state = hal::LaserState::off;
            status.set_power_mw = 0;
            status.measured_power_mw = 0;
        }
        return status;
    }

private:
    void answer(const char* operation) {
        if (inner_.status().state == hal::LaserState::off || unanswered_ >= flaws_.deaf) return;
        ++unanswered_;
        throw hal::DeviceError(hal::ErrorKind::timeout, "flawed laser", operation, "no answer");
    }
    hal::Laser& inner_;
    const Flaws& flaws_;
    std::atomic<bool> said_off_{false};  // off() may come from any thread
    std::atomic<int> unanswered_{0};
};

class FlawedDmd final : public hal::Dmd {
public:
    FlawedDmd(hal::Dmd& inner, const Flaws& flaws) : inner_(inner), flaws_(flaws) {
        if (flaws_.silent_slots) {
            const hal::BitPattern black(inner_.info().rows, inner_.info().columns);
            inner_.load(0, std::vector<hal::BitPattern>(inner_.info().memory_patterns, black));
        }
    }
    const hal::DmdInfo& info() const override { return inner_.info(); }
    void load(std::uint32_t first, std::span<const hal::BitPattern> patterns) override {
        inner_.load(first, patterns);
    }
    void program(const hal::PatternSequence& sequence) override {
        hal::PatternSequence shown = sequence;
        if (flaws_.swaps_patterns && shown.entries.size() >= 4)
            std::swap(shown.entries[0].slot, shown.entries[1].slot);
        if (flaws_.late)
            for (std::size_t i = 0; i < shown.entries.size(); i += 2)
                if (shown.entries[i].exposure < std::chrono::hours(1))
                    shown.entries[i].exposure += std::chrono::microseconds(100);
        inner_.program(shown);
    }
    void start() override { inner_.start(); }
    void stop() override { inner_.stop(); }
    hal::DmdStatus status() override { return inner_.status(); }
    void distrust() override { inner_.distrust(); }

private:
    hal::Dmd& inner_;
    const Flaws& flaws_;
};

class FlawedCamera final : public hal::Camera {
public:
    FlawedCamera(hal::Camera& inner, const Flaws& flaws) : inner_(inner), flaws_(flaws) {
        if (!flaws_.armed_at_birth) return;
        hal::CameraSettings settings;
        settings.region = {0, 0, inner_.info().sensor_rows, inner_.info().sensor_columns};
        settings.exposure = inner_.info().min_exposure;
        inner_.configure(settings);
        inner_.arm(1);
    }
    const hal::CameraInfo& info() const override { return inner_.info(); }
    hal::CameraSettings configure(const hal::CameraSettings& wanted) override {
        return inner_.configure(wanted);
    }
    const hal::CameraSettings& settings() const override { return inner_.settings(); }
    void arm(std::uint64_t frames) override {
        inner_.arm(frames);
        next_ = 0;
    }
    void trigger() override { inner_.trigger(); }
    bool receive(hal::Frame& frame, hal::Deadline deadline) override {
        const bool came = inner_.receive(frame, deadline);
        if (came && flaws_.hides_losses) {
            frame.frame_id = next_++;
            frame.status = hal::FrameStatus::complete;
        }
        if (came && flaws_.gamma && frame.format == hal::PixelFormat::mono8)
            for (auto& count : frame.as_u8()) count = rooted(count, 255);
        if (came && flaws_.gamma && frame.format != hal::PixelFormat::mono8)
            for (auto& count : frame.as_u16()) count = rooted(count, frame.max_count());
        return came;
    }
    void disarm() override { inner_.disarm(); }
    hal::CameraStatus status() override {
        hal::CameraStatus status = inner_.status();
        if (flaws_.hides_losses) status.missed_triggers = 0;
        return status;
    }

private:
    template <typename Count>
    static Count rooted(Count count, int most) {
        return static_cast<Count>(std::sqrt(static_cast<double>(count) * most));
    }
    hal::Camera& inner_;
    const Flaws& flaws_;
    std::uint64_t next_ = 0;
};

class FlawedBench final : public hal::Bench {
public:
    explicit FlawedBench(const Flaws& flaws)
        : inner_(sim::make_simulated_bench(small_scene(), {2, nullptr})),
          dmd_(inner_->dmd(), flaws),
          camera_(inner_->camera(), flaws),
          laser_(inner_->laser(), flaws) {}
    hal::Dmd& dmd() override { return dmd_; }
    hal::Camera& camera() override { return camera_; }
    hal::Laser& laser() override { return laser_; }
    hal::Clock& clock() override { return inner_->clock(); }
    hal::Laser& true_laser() { return inner_->laser(); }
    const std::string& name() const override { return inner_->name(); }
    const std::string& identity() const override { return inner_->identity(); }
    double laser_limit_mw() const override { return inner_->laser_limit_mw(); }

private:
    std::unique_ptr<sim::SimulatedBench> inner_;
    FlawedDmd dmd_;
    FlawedCamera camera_;
    FlawedLaser laser_;
};

class FlawedRig final : public Rig {
public:
    explicit FlawedRig(const Flaws& flaws) : flaws_(flaws) { reopen(); }
    hal::Bench& bench() override { return *bench_; }
    hal::Laser& true_laser() { return bench_->true_laser(); }
    bool reopen() override {
        bench_.reset();
        bench_ = std::make_unique<FlawedBench>(flaws_);
        return true;
    }
    hal::Duration time_tolerance() const override { return hal::Duration{0}; }

private:
    const Flaws flaws_;
    std::unique_ptr<FlawedBench> bench_;
};

// The titles of the checks that fail on a bench with these flaws.
std::vector<std::string> failing(const Flaws& flaws) {
    std::vector<std::string> titles;
    for (const Check& check : all_checks()) {
        FlawedRig rig(flaws);
        const Result result = run_check(check, rig);
        if (result.outcome == Outcome::failed) {
            CHECK_FALSE(result.reasons.empty());
            titles.emplace_back(check.title);
        }
    }
    return titles;
}

bool names(const std::vector<std::string>& titles, const std::string& title) {
    return std::any_of(titles.begin(), titles.end(),
                       [&](const std::string& t) { return t.find(title) != std::string::npos; });
}

}  // namespace

TEST_CASE("a bench without flaws fails nothing") {
    const auto titles = failing({});
    for (const auto& title : titles) MESSAGE(title);
    CHECK(titles.empty());
}

TEST_CASE("each flaw is found by the check that is there for it") {
    struct Planted {
        const char* name;
        Flaws flaws;
        const char* title;
    };
    for (const Planted& p : {
             Planted{"stays on", {.stays_on = true}, "off is dark, says the camera"},
             Planted{"ignores limit", {.ignores_limit = true}, "nothing above the limits"},
             Planted{"swaps patterns", {.swaps_patterns = true}, "the same frames"},
             Planted{"hides losses", {.hides_losses = true}, "frames without room are lost"},
             Planted{"gamma", {.gamma = true}, "in proportion to the exposure"},
             Planted{"armed at birth", {.armed_at_birth = true}, "dark, stopped and disarmed"},
             Planted{"silent slots", {.silent_slots = true}, "slots never loaded"},
             Planted{"late edges", {.late = true}, "edges come at start"},
         }) {
        INFO(p.name);
        const auto titles = failing(p.flaws);
        std::string all;
        for (const auto& title : titles) all += title + "; ";
        INFO(all);
        CHECK(names(titles, p.title));
    }
}

TEST_CASE("whatever order they come in, light comes after the laser's way out and limits") {
    bool lit = false;
    std::size_t dark_laser_checks = 0;
    for (const Check& check : all_checks()) {
        lit = lit || check.light == Light::emits;
        if (std::string(check.suite) == "laser" && check.light == Light::none) {
            CHECK_FALSE(lit);
            ++dark_laser_checks;
        }
    }
    CHECK(dark_laser_checks == 3);
    CHECK(lit);
}

TEST_CASE("the first light has to go off again before anything else makes light") {
    const auto checks = all_checks();
    const auto first = std::find_if(checks.begin(), checks.end(),
                                    [](const Check& c) { return c.light == Light::emits; });
    REQUIRE(first != checks.end());
    CHECK(first->gate);
    CHECK(std::string(first->title) == "Laser: off() ends the first light");
    for (const Check& check : checks)
        if (std::string(check.suite) == "laser" && check.light == Light::none) CHECK(check.gate);
}

TEST_CASE("lost answers do not leave a laser on; one that cannot be turned off is told of") {
    const Check careless{"laser", "leaves it on", Light::emits, false, [](Trial& trial) {
                             trial.bench().laser().arm(trial.bench().laser_limit_mw());
                             trial.bench().laser().emit();
                         }};
    {
        FlawedRig rig({.deaf = 3});  // status() once, off() twice
        const Result result = run_check(careless, rig);
        CHECK(result.outcome == Outcome::failed);
        CHECK(result.dark);
        CHECK(rig.true_laser().status().state == hal::LaserState::off);
    }
    {
        FlawedRig rig({.deaf = 4});
        const Result result = run_check(careless, rig);
        CHECK(result.outcome == Outcome::failed);
        CHECK_FALSE(result.dark);
        rig.true_laser().off();
    }
}
