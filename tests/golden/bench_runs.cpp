// BenchRuns: see bench_runs.h.
#include "tests/golden/bench_runs.h"

#include "sim/scene_file.h"
#include "sim/simulated_bench.h"
#include "tests/golden/fnv.h"
#include "tests/golden/golden_cases.h"

#include <cstdint>
#include <iomanip>
#include <memory>
#include <sstream>
#include <vector>

namespace opal::golden {

namespace {

using namespace std::chrono_literals;
using hal::Duration;

// In the middle of the sensor, small: the runs are also rendered without optimisation.
constexpr hal::Region window = {500, 700, 64, 80};
constexpr std::uint32_t patterns = 6;
constexpr Duration exposure = 110us;
constexpr Duration settled = 31us;  // from edge to exposure: longer than any preset's mirrors take
constexpr Duration shown = 250us;
constexpr Duration dark = 150us;

// Plays the script and writes its lines.
class Player {
public:
    Player(const std::string& preset, int threads)
        : name_("bench_" + preset),
          format_(preset == "ideal" ? hal::PixelFormat::mono12 : hal::PixelFormat::mono8),
          bench_(sim::make_simulated_bench(sim::load_scene(preset), {threads, nullptr})) {}

    std::string lines() {
        load();
        laser().arm(bench_->laser_limit_mw());
        laser().set_power(0.8 * bench_->laser_limit_mw());
        laser().emit();
        warm_up();
        sequence_run();
        stepped_run();
        crowded_run();
        broken_run();
        end_.add(bench_->clock().now().time_since_epoch().count());
        write("end", end_);
        return lines_.str();
    }

private:
    hal::Dmd& dmd() { return bench_->dmd(); }
    hal::Laser& laser() { return bench_->laser(); }
    hal::Camera& camera() { return bench_->camera(); }

    void load() {
        std::vector<hal::BitPattern> list;
        for (int n = 0; n < static_cast<int>(patterns); ++n)
            list.push_back(pattern_of(bench_->scene().dmd, n));
        dmd().load(0, list);
    }

    hal::SequenceEntry entry(std::uint32_t slot, bool trigger = true) const {
        return {slot, shown, dark, hal::StartOn::previous_end, trigger};
    }
    void arm(hal::TriggerSource trigger, std::uint64_t room) {
        const Duration delay = trigger == hal::TriggerSource::line ? settled : 0ns;
        camera().configure({window, format_, exposure, delay, trigger});
        camera().arm(room);
    }
    void disarm() {
        end_.add(static_cast<std::int64_t>(camera().status().missed_triggers));
        camera().disarm();
    }
    void show_for_ever(std::uint32_t slot) {
        dmd().stop();
        dmd().program({{{slot, 10ms, 0ms, hal::StartOn::previous_end, false}}, true});
        dmd().start();
        bench_->clock().wait_for(1ms);  // a camera that is not delayed must not see them move
    }

    // Software triggers on the ramp of the power, on a black DMD and a standing pattern.
    void warm_up() {
        arm(hal::TriggerSource::software, 2);
        bench_->clock().wait_for(laser().info().warm_up / 3);
        camera().trigger();
        receive();
        show_for_ever(2);
        camera().trigger();
        receive();
        disarm();
        bench_->clock().wait_for(laser().info().warm_up);
    }

    // Every pattern once; one of them without a trigger.
    void sequence_run() {
        dmd().stop();
        dmd().program(
            {{entry(0), entry(1), entry(2), entry(3, false), entry(4), entry(5), entry(3)}, false});
        arm(hal::TriggerSource::line, 8);
        dmd().start();
        receive();
        disarm();
    }

    // One pattern at a time, seconds apart, so that phase, power and medium drift in between.
    void stepped_run() {
        arm(hal::TriggerSource::software, 1);
        for (const std::uint32_t slot : {3u, 5u}) {
            show_for_ever(slot);
            camera().trigger();
            receive();
            bench_->clock().wait_for(1700ms);
        }
        disarm();
    }

    // Room for two frames, too many edges too fast: frames are lost, edges missed.
    void crowded_run() {
        dmd().stop();
        hal::SequenceEntry hasty = entry(4);
        hasty.exposure = 110us;  // the camera is busy for longer
        hasty.dark = 20us;
        dmd().program({{entry(2), hasty, entry(5)}, true});
        arm(hal::TriggerSource::line, 2);
        dmd().start();
        bench_->clock().wait_for(4ms);
        hal::Frame frame;
        for (int n = 0; n < 4; ++n) {
            if (!camera().receive(frame, hal::Deadline::after(bench_->clock(), 5ms))) break;
            write(frame);
        }
        dmd().stop();
        disarm();
    }

    // The light goes in the middle of an exposure, and comes back at the foot of its ramp.
    void broken_run() {
        dmd().program({{entry(2), entry(4), entry(5)}, false});
        arm(hal::TriggerSource::line, 4);
        dmd().start();
        bench_->clock().wait_for(settled + exposure / 2);
        laser().off();
        laser().arm(bench_->laser_limit_mw());
        bench_->clock().wait_for(shown);
        laser().set_power(0.3 * bench_->laser_limit_mw());
        laser().emit();
        receive();
        disarm();
        laser().off();
    }

    // Everything that comes until 20 ms have been silent.
    void receive() {
        hal::Frame frame;
        while (camera().receive(frame, hal::Deadline::after(bench_->clock(), 20ms))) write(frame);
    }

    void write(const hal::Frame& frame) {
        Fnv hash;
        for (const int n : {frame.region.row, frame.region.column, frame.region.rows,
                            frame.region.columns, frame.bits()})
            hash.add(n);
        hash.add(frame.bytes);
        hash.add(static_cast<std::int64_t>(frame.frame_id));
        hash.add(frame.device_time.count());
        hash.add(static_cast<std::int64_t>(frame.status));
        write(std::to_string(frames_++), hash);
    }
    void write(const std::string& which, const Fnv& hash) {
        lines_ << name_ << ' ' << which << ' ' << std::hex << std::setfill('0') << std::setw(16)
               << hash.value() << std::dec << '\n';
    }

    std::string name_;
    hal::PixelFormat format_;
    std::unique_ptr<sim::SimulatedBench> bench_;
    std::ostringstream lines_;
    int frames_ = 0;
    Fnv end_;
};

}  // namespace

std::string bench_run_lines(int threads) {
    std::string lines;
    for (const char* preset : {"lab", "ideal", "harsh"}) lines += Player(preset, threads).lines();
    return lines;
}

}  // namespace opal::golden
