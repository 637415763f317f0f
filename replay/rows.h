// Rows: what a recorded run is made of, as it lies in the file: one table of events in the order in
// which the calls ended, and tables they point into (docs/replay.md shows the file).
//
//   events --first, count--> frames -> frame_bytes
//                            loaded -> patterns -> runs, lines
//                            sequences, settings, texts
//
// Rule: a row is plain numbers of fixed size, and no row is ever changed once it is written: a file
// whose writer was killed is a shorter recording, not a broken one.
#pragma once

#include <cstdint>

namespace opal::replay {

enum class What : std::uint8_t {
    opened,  // a: begin time in ns, b: exposures before
    closed,
    clock_now,    // end_ns: what it said
    clock_wait,   // a: until
    dmd_load,     // a: first slot; first, count: in `loaded`
    dmd_program,  // a: repeat; first, count: in `sequences`
    dmd_start,
    dmd_stop,
    dmd_status,        // a: running, b: entries started
    camera_configure,  // first: wanted in `settings`, the answer is the row after it
    camera_arm,        // a: frames
    camera_trigger,
    camera_receive,  // a: deadline in ns, b: 1 if a frame came; first: in `frames`
    camera_disarm,
    camera_status,    // a: armed, b: dead time in ns, first: missed triggers, x: temperature in C
    laser_arm,        // x: limit in mW
    laser_set_power,  // x: power in mW
    laser_emit,
    laser_off,
    laser_status,  // a: state, b: interlock closed, x: set power, y: measured power; text: fault
    bench_moment,  // a: time in ns, b: exposures, count: 1 if there is one
    host_clock,    // x: what the wall clock of the host said, s since 1970
};
inline constexpr int kinds_of_events = static_cast<int>(What::host_clock) + 1;

struct EventRow {
    std::uint8_t what = 0;
    // 0: the call returned; 1 + hal::ErrorKind: it threw, and the text is device, operation and
    // message in three lines; 255: it threw something else.
    std::uint8_t fault = 0;
    std::uint16_t opening = 0;  // how often the bench had been opened before
    std::uint32_t count = 0;
    std::int64_t begin_ns = 0;  // bench clock
    std::int64_t end_ns = 0;
    std::int64_t a = 0;
    std::int64_t b = 0;
    double x = 0;
    double y = 0;
    std::uint64_t first = 0;
    std::uint64_t text_first = 0;
    std::uint64_t text_bytes = 0;
};
inline constexpr std::uint8_t foreign_fault = 255;

struct FrameRow {
    std::uint64_t first_byte = 0;  // in frame_bytes; rows x columns pixels of 1 or 2 bytes
    std::int32_t row = 0;
    std::int32_t column = 0;
    std::int32_t rows = 0;
    std::int32_t columns = 0;
    std::int32_t bits = 0;
    std::int32_t status = 0;  // hal::FrameStatus
    std::uint64_t frame_id = 0;
    std::int64_t device_time_ns = 0;
};

struct PatternRow {
    std::uint64_t first_run = 0;
    std::uint64_t runs = 0;
};

struct SequenceRow {
    std::int64_t exposure_ns = 0;
    std::int64_t dark_ns = 0;
    std::uint32_t slot = 0;
    std::uint8_t start_on = 0;
    std::uint8_t trigger_out = 0;
};

struct SettingsRow {
    std::int32_t row = 0;
    std::int32_t column = 0;
    std::int32_t rows = 0;
    std::int32_t columns = 0;
    std::int32_t bits = 0;
    std::int32_t trigger = 0;  // hal::TriggerSource
    std::int64_t exposure_ns = 0;
    std::int64_t delay_ns = 0;
};

// The tables of a recording. A table of bytes or words has them as rows.
enum class Table {
    events,
    frames,
    frame_bytes,  // std::uint8_t
    patterns,
    runs,    // std::uint32_t: the DMD row after the last one that shows the line
    lines,   // (runs, words per row) std::uint64_t: mirrors, as hal::BitPattern has them
    loaded,  // std::uint64_t: which patterns a load() carried
    sequences,
    settings,
    texts,  // std::uint8_t, UTF-8
};
inline constexpr int table_count = static_cast<int>(Table::texts) + 1;

}  // namespace opal::replay
