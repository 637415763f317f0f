// Fault: one thing that goes wrong on a bench, and the table of all that a simulated bench can do
// wrong. Reading, validation, documentation and injection all walk the table, so none can know a
// fault the others do not. docs/faults.md says what notices each.
//
// Four places: `run` faults bend a triggered sequence before it is shown (sequencer, cable, edges
// the camera never saw), `camera` faults change what one run's frames look like when they are
// delivered, `usb` faults happen on the cables of DMD and camera, where a bench has such, `light`
// faults last: they begin at a moment of virtual time and act on everything after.
#pragma once

#include "sim/scene_fields.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace opal::sim {

enum class FaultKind {
    merged_triggers,
    first_frame_discarded,
    armed_late,
    edge_at_arm,
    dim_first_frame,
    dead_time,
    late_mirrors,
    stale_buffers,
    mixed_patterns,
    torn_frame,
    old_pattern,
    sequence_ends_early,
    inverted_trigger,
    hidden_black,
    start_ignored,
    pattern_slip,
    merged_pair,
    rotated_start,
    sequencer_freeze,
    frame_lost,
    frame_lost_renumbered,
    trigger_lost,
    extra_edge,
    edge_jitter,
    frame_duplicated,
    frames_swapped,
    pixels_swapped,
    incomplete_frame,
    saturation,
    mode_hop,
    laser_ageing,
    interlock,
    table_bump,
    stuck_mirrors,
    hot_pixels,
    usb_stall,
    usb_short_packet,
    usb_no_trailer,
    usb_overrun,
    usb_reply_lost,
    usb_slow_reply,
    camera_unplugged,
    board_unplugged,
    board_refusal,
    upload_spoilt,
};
inline constexpr std::size_t fault_kinds = 45;

enum class FaultPlace { run, camera, light, usb };

struct FaultParameter {
    std::string_view key;
    double initial = 0;
    SceneRange range{};
    bool whole = false;  // a whole number
    std::string_view doc;
};

struct FaultType {
    FaultKind kind;
    std::string_view name;
    FaultPlace place;
    int row = 0;  // of the list of known trigger troubles in docs/faults.md; 0: not one of them
    std::string_view imitates;
    std::array<FaultParameter, 3> parameters{};  // those with a key
};

// In the order of FaultKind.
std::span<const FaultType> fault_types();
const FaultType& type_of(FaultKind kind);

// When and how often. Frames are trigger edges the DMD was asked for since the faults were let
// loose, preamble and repeats included.
struct Fault {
    FaultKind kind = FaultKind::trigger_lost;
    std::optional<std::uint64_t> at_frame{};  // once, in the run that has it
    double every_frames = 0;                  // > 0: again and again, on average so often
    std::uint64_t runs = 1;                   // so many runs in a row (not `light`)
    std::array<double, 3> values{};           // of the parameters
};

struct FaultSchedule {
    std::string name = "custom";
    std::uint64_t seed = 1;  // decides when exactly, which frame, which mirrors
    std::vector<Fault> faults;
};

}  // namespace opal::sim
