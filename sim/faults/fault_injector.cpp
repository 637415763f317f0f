// FaultInjector: when which fault strikes, and what a run of the DMD makes of it. What the camera's
// link makes of frames is in faulty_link.cpp.
#include "sim/faults/fault_injector.h"

#include "sim/faults/run_faults.h"
#include "sim/physics/random_streams.h"
#include "sim/table/scene_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace opal::sim {

using hal::Duration;

std::uint64_t pattern_mark(const hal::BitPattern& pattern) {
    std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a over 64-bit words [Fowler, Noll, Vo]
    const auto add = [&](std::uint64_t word) {
        hash = (hash ^ word) * 0x100000001b3u;
        hash ^= hash >> 29;
    };
    for (int row = 0; row < pattern.rows();) {
        // Equal rows may be stored apart: a mark is of the mirrors, not of how they are kept.
        int end = pattern.end_of_run(row);
        const auto words = pattern.row_words(row);
        while (end < pattern.rows() &&
               std::equal(words.begin(), words.end(), pattern.row_words(end).begin()))
            end = pattern.end_of_run(end);
        add(static_cast<std::uint64_t>(end - row));
        for (const std::uint64_t word : words) add(word);
        row = end;
    }
    return hash == 0 ? 1 : hash;
}

FaultInjector::FaultInjector(const FaultSchedule& schedule, EventLog& events)
    : seed_(schedule.seed), events_(events) {
    for (const Fault& fault : schedule.faults) {
        plans_.push_back({fault});
        set_next(plans_.back());
    }
}

// Numbers depend on the entry's place in the schedule and how many it has drawn.
double FaultInjector::uniform(Plan& plan) {
    const auto number = static_cast<std::uint32_t>(&plan - plans_.data());
    const PhiloxWords words =
        draw(seed_, RandomStream::faults, static_cast<std::uint32_t>(plan.drawn),
             static_cast<std::uint32_t>(plan.drawn >> 32), number);
    ++plan.drawn;
    return words[0] / 4294967296.0;
}

std::uint64_t FaultInjector::below(Plan& plan, std::uint64_t limit) {
    return std::min<std::uint64_t>(
        limit - 1, static_cast<std::uint64_t>(uniform(plan) * static_cast<double>(limit)));
}

void FaultInjector::set_next(Plan& plan) {
    if (plan.fault.at_frame) {
        plan.over = plan.drawn > 0;
        plan.next = *plan.fault.at_frame;
        ++plan.drawn;
        return;
    }
    // From half of the interval to one and a half; the first within one.
    const double wait = plan.fault.every_frames * (plan.drawn == 0 ? 0 : 0.5);
    plan.next += static_cast<std::uint64_t>(wait + plan.fault.every_frames * uniform(plan)) + 1;
}

void FaultInjector::note(const Fault& fault, Duration at, std::uint64_t frame) {
    injected_.push_back({fault.kind, at, runs_, frame});
    events_.write(at, "fault", type_of(fault.kind).name,
                  fmt::format("\"run\":{},\"frame\":{}", runs_, frame));
}

std::shared_ptr<const ShownSequence> FaultInjector::begin_run(
    std::shared_ptr<const ShownSequence> asked, Duration now, const Older& older) {
    const std::lock_guard lock(mutex_);
    ++runs_;
    missed_ = 0;
    delivered_ = 0;
    camera_fault_.reset();
    held_.clear();
    const std::uint64_t edges_before = edges_;
    edges_ += asked->edges->size();
    for (Plan& plan : plans_) {
        const bool light = type_of(plan.fault.kind).place == FaultPlace::light;
        if (light && !plan.over && plan.next < edges_) begin_light(plan, *asked, now);
    }
    if (leave_alone_) {
        leave_alone_ = false;
        return asked;
    }
    // Those under way go first, then whoever is due, in turn.
    for (const bool under_way : {true, false}) {
        for (std::size_t i = 0; i < plans_.size(); ++i) {
            Plan& plan = plans_[(first_plan_ + i) % plans_.size()];
            const FaultPlace place = type_of(plan.fault.kind).place;
            if (place == FaultPlace::light || (plan.runs_left > 0) != under_way) continue;
            if (!under_way && (plan.over || plan.next >= edges_)) continue;
            ShownSequence shown = *asked;
            std::vector<Duration> edges = *asked->edges;
            // The frame the schedule names, if this run has it; else any.
            std::uint64_t frame = below(plan, edges.size());
            if (plan.fault.at_frame && plan.next >= edges_before) frame = plan.next - edges_before;
            if (!spoil_run(plan, *asked, now, shown, edges, older, frame)) continue;
            if (!under_way) {
                plan.runs_left = plan.fault.runs;
                set_next(plan);
                first_plan_ = (first_plan_ + i + 1) % plans_.size();
            }
            if (--plan.runs_left == 0) leave_alone_ = true;
            note(plan.fault, now, frame);
            shown.edges = std::make_shared<const std::vector<Duration>>(std::move(edges));
            return std::make_shared<const ShownSequence>(std::move(shown));
        }
    }
    return asked;
}

void FaultInjector::begin_light(Plan& plan, const ShownSequence& asked, Duration now) {
    const std::uint64_t frame = below(plan, asked.edges->size());
    const Duration at = now + (*asked.edges)[frame];
    const auto& value = plan.fault.values;
    if (plan.fault.kind == FaultKind::interlock) {
        if (open_door) open_door(at, at + from_seconds(value[0]));
    } else if (plan.fault.kind == FaultKind::stuck_mirrors) {
        const auto place = static_cast<std::uint64_t>(uniform(plan) * 4294967296.0) << 32 |
                           static_cast<std::uint64_t>(uniform(plan) * 4294967296.0);
        stuck_.push_back({place, static_cast<std::uint64_t>(value[0]), uniform(plan) < 0.5});
    } else if (plan.fault.kind == FaultKind::hot_pixels) {
        for (int i = 0; i < static_cast<int>(value[0]); ++i) {
            hot_.push_back(static_cast<std::uint64_t>(uniform(plan) * 4294967296.0));
            hot_since_.push_back(at);
        }
    } else {
        light_.add(plan.fault, at);
    }
    note(plan.fault, at, frame);
    set_next(plan);
}

bool FaultInjector::spoil_run(Plan& plan, const ShownSequence& asked, Duration now,
                              ShownSequence& shown, std::vector<Duration>& edges,
                              const Older& older, std::uint64_t& frame) {
    // Shorter runs have nothing before and behind a frame.
    constexpr std::size_t shortest = 6;
    const bool every_entry = asked.entries.size() == edges.size();
    if (edges.size() < shortest || !every_entry) return false;
    if (type_of(plan.fault.kind).place == FaultPlace::run)
        return spoil_sequence({plan.fault, frame, uniform(plan), older, missed_}, shown, edges);
    // A frame with one before and one behind.
    frame = std::clamp<std::uint64_t>(frame, 1, edges.size() - 2);
    if (type_of(plan.fault.kind).place == FaultPlace::usb) {
        if (!on_usb) return false;
        on_usb(plan.fault, now + edges[frame]);
        return true;
    }
    if (plan.fault.kind == FaultKind::first_frame_discarded ||
        plan.fault.kind == FaultKind::dim_first_frame)
        frame = 0;
    camera_fault_ = plan.fault;
    at_frame_ = frame;
    return true;
}

const hal::BitPattern& FaultInjector::mirrors(const hal::BitPattern& asked, hal::BitPattern& room) {
    const std::lock_guard lock(mutex_);
    if (stuck_.empty()) return asked;
    room = asked;
    for (const Patch& patch : stuck_) {
        const auto side = static_cast<int>(std::sqrt(static_cast<double>(patch.mirrors)));
        const int rows = std::clamp(side, 1, room.rows());
        const int columns = std::clamp(static_cast<int>(patch.mirrors) / rows, 1, room.columns());
        const auto row = static_cast<int>(
            (patch.place >> 32) * static_cast<std::uint64_t>(room.rows() - rows + 1) >> 32);
        const auto column =
            static_cast<int>((patch.place & 0xffffffffu) *
                                 static_cast<std::uint64_t>(room.columns() - columns + 1) >>
                             32);
        room.fill(row, column, rows, columns, patch.on);
    }
    return room;
}

std::vector<InjectedFault> FaultInjector::injected() const {
    const std::lock_guard lock(mutex_);
    return injected_;
}

std::uint64_t FaultInjector::runs() const {
    const std::lock_guard lock(mutex_);
    return runs_;
}

FrameTruth FaultInjector::last_truth() const {
    const std::lock_guard lock(mutex_);
    return known_.empty() ? FrameTruth{} : known_.back().truth;
}

FrameTruth FaultInjector::truth_of(const hal::Frame& frame) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(known_.rbegin(), known_.rend(), [&](const Known& known) {
        return known.frame_id == frame.frame_id && known.device_time == frame.device_time;
    });
    return found == known_.rend() ? FrameTruth{} : found->truth;
}

std::uint64_t FaultInjector::missed_edges() const {
    const std::lock_guard lock(mutex_);
    return missed_;
}

}  // namespace opal::sim
