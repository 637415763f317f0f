// Built-in schedules: `all` and its parts, and every fault alone under its own name.
#include "sim/faults/fault_file.h"

#include <algorithm>
#include <cassert>

namespace opal::sim {
namespace {

// On average one in so many frames. Faults of single runs come so often that thousands of frames
// see each many times; those that stay or cost minutes of a simulated person's time are rarer.
double usual_interval(FaultKind kind) {
    switch (kind) {
        case FaultKind::saturation:
        case FaultKind::table_bump:
            return 100'000;
        case FaultKind::mode_hop:
        case FaultKind::laser_ageing:
        case FaultKind::interlock:
        case FaultKind::camera_unplugged:
        case FaultKind::board_unplugged:
            return 200'000;
        case FaultKind::stuck_mirrors:
        case FaultKind::hot_pixels:
            return 400'000;
        default:
            return 40'000;
    }
}
// A fault alone comes often enough to be seen within a minute.
constexpr double interval_alone = 3000;

Fault usual(const FaultType& type, double every_frames) {
    Fault fault;
    fault.kind = type.kind;
    fault.every_frames = every_frames;
    for (std::size_t i = 0; i < type.parameters.size(); ++i)
        fault.values[i] = type.parameters[i].initial;
    return fault;
}

const std::vector<BuiltInFaults>& names() {
    static const std::vector<BuiltInFaults> all = [] {
        std::vector<BuiltInFaults> list{
            {"none", "nothing goes wrong"},
            {"all", "every fault there is on any bench, mixed"},
            {"usb", "all, and those of USB cables: for a bench like usb:lab"},
            {"triggers", "those of the DMD's sequencer and the trigger cable"},
            {"camera", "those of the camera and its link"},
            {"light", "those of laser, table, mirrors and pixels"}};
        for (const FaultType& type : fault_types()) list.push_back({type.name, type.imitates});
        return list;
    }();
    return all;
}

}  // namespace

std::span<const BuiltInFaults> built_in_faults() {
    return names();
}

FaultSchedule built_in_schedule(std::string_view name) {
    FaultSchedule schedule;
    schedule.name = std::string(name);
    for (const FaultType& type : fault_types()) {
        const bool part = (name == "all" && type.place != FaultPlace::usb) || name == "usb" ||
                          (name == "triggers" && type.place == FaultPlace::run) ||
                          (name == "camera" && type.place == FaultPlace::camera) ||
                          (name == "light" && type.place == FaultPlace::light);
        if (part) schedule.faults.push_back(usual(type, usual_interval(type.kind)));
        if (name == type.name) schedule.faults.push_back(usual(type, interval_alone));
    }
    assert(name == "none" || !schedule.faults.empty());
    return schedule;
}

}  // namespace opal::sim
