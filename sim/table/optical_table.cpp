// OpticalTable: makes changes in the order settle - change - plan again, and cuts light into
// segments.
#include "sim/table/optical_table.h"

#include "sim/table/scene_time.h"

#include <algorithm>
#include <utility>

namespace opal::sim {

using hal::Duration;

namespace {

ChannelAmplitudes light_of_all_off(const Optics& optics, const DmdScene& dmd) {
    ChannelAmplitudes light;
    optics.reduce(hal::BitPattern(dmd.rows, dmd.columns), light);
    return light;
}

}  // namespace

OpticalTable::OpticalTable(const Scene& scene, std::ostream* events, Duration begin,
                           const FaultSchedule* faults)
    : events_(events),
      faults_(faults != nullptr ? std::make_unique<FaultInjector>(*faults, events_) : nullptr),
      clock_(scene.pace == Pace::real_time ? &host_clock_ : nullptr, begin),
      optics_(scene),
      patterns_(from_microseconds(scene.dmd.settle_us), light_of_all_off(optics_, scene.dmd)) {}

void OpticalTable::watch(TableWatcher& watcher) {
    watchers_.push_back(&watcher);
}

void OpticalTable::unwatch(TableWatcher& watcher) {
    std::erase(watchers_, &watcher);
}

template <typename Change>
void OpticalTable::change(Change&& make) {
    const Duration at = now();
    for (TableWatcher* watcher : watchers_) watcher->before_change(at);
    make(at);
    for (TableWatcher* watcher : watchers_) watcher->after_change(at);
}

void OpticalTable::show(std::shared_ptr<const ShownSequence> sequence) {
    change([&](Duration at) {
        trigger_cable_.cut(at);
        trigger_cable_.send(sequence->edges, at, sequence->repeat ? sequence->period : Duration{0});
        patterns_.show(std::move(sequence), at);
    });
    forget_past();
}

void OpticalTable::show_nothing() {
    change([&](Duration at) {
        trigger_cable_.cut(at);
        patterns_.show_nothing(at);
    });
}

void OpticalTable::set_power(std::uint32_t power_q16, Duration ramp_begin, Duration ramp) {
    change([&](Duration at) { laser_.set(at, power_q16, ramp_begin, ramp); });
}

void OpticalTable::set_power_off() {
    change([&](Duration at) { laser_.set_off(at); });
}

void OpticalTable::forget_past() {
    const Duration at = now();
    Duration oldest = at;
    for (TableWatcher* watcher : watchers_) oldest = std::min(oldest, watcher->oldest_needed(at));
    patterns_.forget(oldest);
    laser_.forget(oldest);
    trigger_cable_.forget(oldest);
}

void OpticalTable::light_segments(Duration from, Duration to, std::vector<LightSegment>& into,
                                  std::vector<std::shared_ptr<const ChannelAmplitudes>>& lights) {
    patterns_.stretches(from, to, stretches_);
    for (PatternTimeline::Stretch& stretch : stretches_) {
        for (Duration begin = stretch.begin; begin < stretch.end;) {
            const Duration end = std::min(stretch.end, laser_.next_change(begin));
            into.push_back({stretch.light.get(), begin, end - begin, laser_.mean_q16(begin, end)});
            if (faults_) faults_->bend(into.back());
            begin = end;
        }
        lights.push_back(std::move(stretch.light));
    }
    stretches_.clear();
}

}  // namespace opal::sim
