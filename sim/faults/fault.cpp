// Fault: the table. One entry per kind, in the order of the enumeration.
#include "sim/faults/fault.h"

#include <cassert>

namespace opal::sim {
namespace {

constexpr SceneRange between(double least, double most) {
    return {least, most};
}

using enum FaultKind;
using enum FaultPlace;

constexpr FaultParameter edges{"edges", 1, {1, 1000}, true, "edges in a row that get lost"};
constexpr FaultParameter phase_rad{
    "phase_rad", 1.5, {-100, 100}, false, "the phase between the arms jumps by so much"};
constexpr FaultParameter medium_rad{"medium_rad",
                                    0.3,
                                    {0, 1.5},
                                    false,
                                    "the speckle turns into another by this angle: its "
                                    "correlation falls to the cosine"};

const std::array<FaultType, fault_kinds> types{{
    {merged_triggers, "merged_triggers", run, 1,
     "no dark time between patterns: the trigger line stays high, one edge for the whole sequence"},
    {first_frame_discarded, "first_frame_discarded", camera, 2,
     "a synchronous-readout camera throws its first frame away and numbers from the second"},
    {armed_late, "armed_late", run, 2, "the camera was armed after the DMD had started", {edges}},
    {edge_at_arm, "edge_at_arm", run, 3,
     "the trigger line glitches when it is configured: a frame before the first pattern"},
    {dim_first_frame,
     "dim_first_frame",
     camera,
     4,
     "the first frame after idle comes dim: the sensor was still waking up",
     {{{"brightness", 0.4, between(0, 0.9), false, "of the frame, over what it should be"}}}},
    {dead_time,
     "dead_time",
     run,
     5,
     "the trigger period has come to lie inside the camera's dead time: every k-th edge is dropped",
     {{{"every", 2, between(2, 1000), true, "k"}}}},
    {late_mirrors, "late_mirrors", run, 6,
     "the camera opens before the mirrors have moved: every frame shows the pattern before"},
    {stale_buffers, "stale_buffers", camera, 6,
     "the camera hands out the buffer before, with the new number and time stamp"},
    {mixed_patterns,
     "mixed_patterns",
     run,
     7,
     "the mirrors switch in the middle of one exposure: two patterns in a frame",
     {{{"share", 0.5, between(0.05, 0.95), false, "of the exposure with the pattern before"}}}},
    {torn_frame,
     "torn_frame",
     camera,
     7,
     "rolling shutter: the lower rows of a frame show the pattern before",
     {{{"share", 0.5, between(0.05, 1), false, "of the rows"}}}},
    {old_pattern, "old_pattern", run, 8,
     "a pattern's upload was not finished at the start: its slot shows what was there before"},
    {sequence_ends_early, "sequence_ends_early", run, 9,
     "a look-up table with the wrong count: pattern 0, then nothing"},
    {inverted_trigger, "inverted_trigger", run, 10,
     "trigger polarity inverted: edges at the end of each pattern instead of its beginning"},
    {hidden_black,
     "hidden_black",
     run,
     11,
     "the DMD adds a black of its own to every pattern: the rate is lower than planned",
     {{{"black_us", 105, between(1, 1e5), false, "added to every pattern"}}}},
    {start_ignored, "start_ignored", run, 12,
     "the sequencer ignores its start: a gate line in the stop state"},
    {pattern_slip, "pattern_slip", run, 13,
     "in the middle of a long run the sequencer skips a pattern; edges and camera do not notice"},
    {merged_pair, "merged_pair", run, 14,
     "the edges of two neighbouring patterns merge: one exposure for the two"},
    {rotated_start, "rotated_start", run, 15,
     "patterns from a video stream: the sequence begins at any of them"},
    {sequencer_freeze, "sequencer_freeze", run, 16,
     "the sequencer freezes in mid-run and holds its last pattern"},
    {frame_lost, "frame_lost", camera, 17, "a frame is lost on the link: a gap in the numbers"},
    {frame_lost_renumbered, "frame_lost_renumbered", camera, 17,
     "a frame is lost on the link and the driver numbers what arrives"},
    {trigger_lost, "trigger_lost", run, 0, "edges get lost on the cable", {edges}},
    {extra_edge, "extra_edge", run, 0, "a spark on the cable: an edge between two others"},
    {edge_jitter,
     "edge_jitter",
     run,
     0,
     "one edge comes late, its pattern does not",
     {{{"late_us", 25, between(0.1, 1e4), false, "how late"}}}},
    {frame_duplicated, "frame_duplicated", camera, 0,
     "the driver delivers a frame twice and numbers what it delivers"},
    {frames_swapped, "frames_swapped", camera, 0,
     "two frames arrive in the wrong order, renumbered"},
    {pixels_swapped, "pixels_swapped", camera, 0,
     "two buffers change places; numbers and time stamps are perfect"},
    {incomplete_frame, "incomplete_frame", camera, 0, "part of a frame's pixels never arrives"},
    {saturation,
     "saturation",
     light,
     0,
     "the laser's power surges and pixels saturate",
     {{{"power", 3, between(1, 20), false, "over what it was"},
       {"for_s", 0.02, between(1e-4, 3600), false, "how long"}}}},
    {mode_hop,
     "mode_hop",
     light,
     0,
     "the laser hops to another longitudinal mode, and back at the next hop",
     {{phase_rad, medium_rad, {"power", 0.9, between(0.1, 2), false, "over what it was"}}}},
    {laser_ageing,
     "laser_ageing",
     light,
     0,
     "the laser grows weaker over days, here in a moment, until someone replaces its diode",
     {{{"power", 0.7, between(0.05, 1), false, "over what it was, at the end"},
       {"over_s", 0.5, between(1e-3, 1e6), false, "from full to this power"},
       {"for_s", 1, between(1e-3, 1e6), false, "until it is replaced"}}}},
    {interlock,
     "interlock",
     light,
     0,
     "someone opens the laboratory's door",
     {{{"open_s", 5, between(1e-3, 3600), false, "until it is closed again"}}}},
    {table_bump,
     "table_bump",
     light,
     0,
     "someone leans on the table: the phase jumps and rings, the alignment stays a little off",
     {{{"phase_rad", 2.5, between(-100, 100), false, "first jump of the phase"},
       {"medium_rad", 0.02, between(0, 1.5), false, "as in mode_hop, for good"},
       {"ring_s", 0.1, between(1e-4, 60), false, "the ringing is down to a half after so long"}}}},
    {stuck_mirrors,
     "stuck_mirrors",
     light,
     0,
     "a patch of mirrors gets stuck, on or off",
     {{{"mirrors", 20000, between(1, 1e6), true, "how many"}}}},
    {hot_pixels,
     "hot_pixels",
     light,
     0,
     "pixels of the camera turn hot and read full scale",
     {{{"pixels", 8, between(1, 1e4), true, "how many of the present region"}}}},
    {usb_stall, "usb_stall", usb, 17,
     "the camera's stream endpoint halts in the middle of a frame"},
    {usb_short_packet, "usb_short_packet", usb, 17,
     "a short packet ends a frame's payload early, and its trailer says it is whole"},
    {usb_no_trailer, "usb_no_trailer", usb, 17, "a frame's trailer never comes"},
    {usb_overrun, "usb_overrun", usb, 17, "a frame's trailer says that the camera lost data"},
    {usb_reply_lost, "usb_reply_lost", usb, 0, "the camera never answers one of its commands"},
    {usb_slow_reply,
     "usb_slow_reply",
     usb,
     0,
     "the camera answers one of its commands late",
     {{{"late_ms", 200, between(0.01, 1e5), false, "how late"}}}},
    {camera_unplugged, "camera_unplugged", usb, 0,
     "the camera's plug is pulled in mid-stream, and put back when someone looks"},
    {board_unplugged, "board_unplugged", usb, 0,
     "the DMD board's plug is pulled in mid-run, and put back when someone looks"},
    {board_refusal, "board_refusal", usb, 0, "the DMD board refuses one of its commands"},
    {upload_spoilt, "upload_spoilt", usb, 8,
     "bytes of the next upload are lost: the DMD board shows its splash screen, and says nothing"},
}};

}  // namespace

std::span<const FaultType> fault_types() {
    return types;
}

const FaultType& type_of(FaultKind kind) {
    const FaultType& type = types[static_cast<std::size_t>(kind)];
    assert(type.kind == kind);
    return type;
}

}  // namespace opal::sim
