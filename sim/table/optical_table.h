// OpticalTable: what the devices of a simulated bench share. Devices put light, power and edges on
// it; the sensor reads them back. It owns the virtual time everything is stamped with.
//
//   DMD ---- pattern(t) ---> PatternTimeline --+
//    +------ edges ------> TriggerCable --> sensor: exposure window --> light segments --> Optics
//   laser -- power(t) ----> LaserTimeline -----+
//
// The future on the table is a plan: it holds until a device changes it. Watchers hear of a change
// before it is made, so that they can settle everything up to now and throw away what they had
// prepared beyond. Every member below `lock()` is called with the lock held. Nobody renders, draws
// or waits while holding it: off() of the laser needs it too and must never wait for a frame.
#pragma once

#include "sim/faults/fault_injector.h"
#include "sim/physics/optics.h"
#include "sim/scene.h"
#include "sim/table/event_log.h"
#include "sim/table/laser_timeline.h"
#include "sim/table/pattern_timeline.h"
#include "sim/table/trigger_cable.h"
#include "sim/table/virtual_clock.h"

#include <functional>
#include <memory>
#include <mutex>
#include <ostream>
#include <vector>

namespace opal::sim {

class TableWatcher {
public:
    virtual void before_change(hal::Duration now) = 0;
    virtual void after_change(hal::Duration now) = 0;
    // The earliest moment this watcher will still ask about.
    virtual hal::Duration oldest_needed(hal::Duration now) = 0;

protected:
    ~TableWatcher() = default;
};

class OpticalTable {
public:
    // `begin`: the virtual time at which the table is set up.
    // `faults`: what goes wrong on it; nullptr: nothing does.
    OpticalTable(const Scene& scene, std::ostream* events, hal::Duration begin = {},
                 const FaultSchedule* faults = nullptr);

    const Optics& optics() const { return optics_; }
    VirtualClock& clock() { return clock_; }
    // Something a person does at a moment to come.
    void clock_at(hal::Duration at, std::function<void()> act) {
        clock_.call_at(hal::Time{at}, std::move(act));
    }
    EventLog& events() { return events_; }
    FaultInjector* faults() { return faults_.get(); }
    const FaultInjector* faults() const { return faults_.get(); }
    hal::Duration now() const { return clock_.now().time_since_epoch(); }
    [[nodiscard]] std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }

    void watch(TableWatcher& watcher);
    void unwatch(TableWatcher& watcher);

    void show(std::shared_ptr<const ShownSequence> sequence);  // from now on
    void show_nothing();
    void set_power(std::uint32_t power_q16, hal::Duration ramp_begin, hal::Duration ramp);
    void set_power_off();
    // Forgets what no watcher needs any more.
    void forget_past();

    const TriggerCable& trigger_cable() const { return trigger_cable_; }
    // Appends the segments of [from, to), in order and without gaps, and to `lights` what they
    // point at: who keeps these may look at the segments whatever happens on the table meanwhile.
    void light_segments(hal::Duration from, hal::Duration to, std::vector<LightSegment>& into,
                        std::vector<std::shared_ptr<const ChannelAmplitudes>>& lights);

private:
    template <typename Change>
    void change(Change&& make);

    hal::SteadyClock host_clock_;
    EventLog events_;
    std::unique_ptr<FaultInjector> faults_;
    VirtualClock clock_;
    Optics optics_;
    std::mutex mutex_;
    PatternTimeline patterns_;
    LaserTimeline laser_;
    TriggerCable trigger_cable_;
    std::vector<TableWatcher*> watchers_;
    std::vector<PatternTimeline::Stretch> stretches_;  // workspace of light_segments()
};

}  // namespace opal::sim
