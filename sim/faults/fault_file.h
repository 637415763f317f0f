// Fault schedules: YAML text -> FaultSchedule, strictly, as scene files are read. Whatever is not
// exactly right is one line that says where, what, and what would be right:
//
//   faults.yaml:4:5: trigger_last: unknown fault; did you mean trigger_lost?
//
//   name: a bad cable
//   seed: 3                      # which frames exactly
//   faults:
//     - fault: trigger_lost      # one of fault_types()
//       every_frames: 5000       # again and again, on average so often
//       edges: 2                 # a parameter of its own
//     - fault: stale_buffers
//       at_frame: 12000          # once, in the run that has this frame
//       runs: 4                  # four runs in a row: more than are tried
#pragma once

#include "sim/faults/fault.h"

#include <span>
#include <string>
#include <string_view>

namespace opal::sim {

// "all" or "path/to/faults.yaml"; a built-in schedule's name means that schedule. Throws
// SceneError (sim/scene_file.h).
FaultSchedule load_faults(const std::string& schedule_or_path);

// `name` stands for the file in messages.
FaultSchedule parse_faults(const std::string& text, const std::string& name);

// YAML that reads back to the same schedule.
std::string dump_faults(const FaultSchedule& schedule);

struct BuiltInFaults {
    std::string_view name;
    std::string_view doc;
};
std::span<const BuiltInFaults> built_in_faults();
FaultSchedule built_in_schedule(std::string_view name);  // asserts that there is one

}  // namespace opal::sim
