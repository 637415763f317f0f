// FaultInjector: lets the faults of a schedule loose on a simulated bench, and keeps the truth that
// no camera knows: which pattern's light the pixels of a frame hold.
//
//   DirectDmd     load()    -> mirrors()     stuck mirrors
//                 start()   -> begin_run()   what the sequencer and the cable make of a sequence
//   OpticalTable  segments  -> bend()        power, phase and medium
//   DirectCamera  receive() -> deliver()     what the link makes of a frame
//   bench on USB               on_usb        what cables do; whoever has them sets it
//
// Everything is decided when a triggered run begins, from the schedule, its seed and the edges
// asked for so far: the same commands see the same faults, whatever the threads do. One run has at
// most one fault of `run`, `camera` or `usb`, and the run after is left alone, so that a repeat
// shows whether the fault was noticed. A fault that finds nothing to spoil waits for the next run.
//
// begin_run() and bend() are called with the table's lock held, the others by the one thread that
// uses the device; what they share is guarded here.
#pragma once

#include "hal/bit_pattern.h"
#include "hal/frame.h"
#include "sim/faults/fault.h"
#include "sim/faults/light_faults.h"
#include "sim/table/event_log.h"
#include "sim/table/shown_sequence.h"

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace opal::sim {

struct InjectedFault {
    FaultKind kind = FaultKind::trigger_lost;
    hal::Duration at{0};      // virtual time
    std::uint64_t run = 0;    // triggered runs of the DMD count from 1
    std::uint64_t frame = 0;  // of the run, preamble included
};

// Whose light the pixels of a frame hold.
struct FrameTruth {
    std::uint64_t pattern = 0;  // pattern_mark() of what was loaded; 0: mirrors all off
    double share = 0;           // of the exposure, or of the pixels: 1 if there is nothing else
};

// A number that differs for different patterns (64-bit FNV-1a over the mirrors; never 0).
std::uint64_t pattern_mark(const hal::BitPattern& pattern);

class FaultInjector {
public:
    FaultInjector(const FaultSchedule& schedule, EventLog& events);

    // Of a triggered sequence that starts `now`: what is shown instead. `older(i)`: the light that
    // entry i's slot held before the last load, if it differs.
    using Older = std::function<std::shared_ptr<const ChannelAmplitudes>(std::size_t)>;
    std::shared_ptr<const ShownSequence> begin_run(std::shared_ptr<const ShownSequence> asked,
                                                   hal::Duration now, const Older& older);
    // The mirrors as they will be: stuck ones as they are stuck.
    const hal::BitPattern& mirrors(const hal::BitPattern& asked, hal::BitPattern& room);
    void bend(LightSegment& segment) const { light_.bend(segment); }

    // A frame of a triggered run as it came off the sensor -> as the link delivers it. False: it is
    // not delivered, or not yet.
    bool deliver(hal::Frame& frame, FrameTruth truth);
    // A frame that was held back, if its turn has come.
    bool take_held(hal::Frame& frame);
    void end_run();  // the camera was disarmed
    // Edges the camera dropped in this run and counted.
    std::uint64_t missed_edges() const;

    // The door: `open_door(at, closed_again_at)` is called when the interlock fault begins a run.
    std::function<void(hal::Duration at, hal::Duration closed_again_at)> open_door;
    // The cables: called with the table's lock held when a fault of `usb` begins a run, to let it
    // happen `at` the time of one of the run's frames. Empty: there are none to spoil.
    std::function<void(const Fault& fault, hal::Duration at)> on_usb;

    // For whoever keeps score.
    std::vector<InjectedFault> injected() const;
    std::uint64_t runs() const;
    FrameTruth last_truth() const;  // of the frame delivered last
    // Of a frame that was delivered lately, by its number and time; nobody's light if it never was.
    FrameTruth truth_of(const hal::Frame& frame) const;

private:
    struct Plan {  // one entry of the schedule
        Fault fault;
        std::uint64_t next = 0;  // edge at which it is due
        bool over = false;
        std::uint64_t runs_left = 0;  // of the present occurrence
        std::uint64_t drawn = 0;
    };
    struct Held {
        hal::Frame frame;
        FrameTruth truth;
    };

    double uniform(Plan& plan);  // in [0, 1)
    std::uint64_t below(Plan& plan, std::uint64_t limit);
    void set_next(Plan& plan);
    void begin_light(Plan& plan, const ShownSequence& asked, hal::Duration now);
    bool spoil_run(Plan& plan, const ShownSequence& asked, hal::Duration now, ShownSequence& shown,
                   std::vector<hal::Duration>& edges, const Older& older, std::uint64_t& frame);
    void note(const Fault& fault, hal::Duration at, std::uint64_t frame);
    void remember_truth(const hal::Frame& frame, FrameTruth truth);
    bool deliver_spoiled(hal::Frame& frame, FrameTruth& truth, std::uint64_t index);
    void spoil_pixels(hal::Frame& frame) const;

    std::uint64_t seed_;
    EventLog& events_;
    LightFaults light_;
    std::vector<Plan> plans_;
    std::size_t first_plan_ = 0;  // whose turn it is when several are due

    mutable std::mutex mutex_;  // guards what follows
    std::vector<InjectedFault> injected_;
    std::uint64_t runs_ = 0;
    std::uint64_t edges_ = 0;  // asked for so far
    bool leave_alone_ = false;
    std::uint64_t missed_ = 0;
    struct Known {
        std::uint64_t frame_id = 0;
        hal::Duration device_time{0};
        FrameTruth truth;
    };
    static constexpr std::size_t most_known = 4096;  // more than any link holds
    std::deque<Known> known_;                        // the last ones delivered, oldest first
    // Of the present run.
    std::optional<Fault> camera_fault_;
    std::uint64_t at_frame_ = 0;
    std::uint64_t delivered_ = 0;  // by the sensor
    std::deque<Held> held_;
    hal::Frame before_;  // the frame before, where a fault needs it
    FrameTruth truth_before_;
    std::vector<hal::Duration> hot_since_;  // one per hot pixel
    std::vector<std::uint64_t> hot_;        // random words that place them
    struct Patch {
        std::uint64_t place = 0;
        std::uint64_t mirrors = 0;
        bool on = false;
    };
    std::vector<Patch> stuck_;
};

}  // namespace opal::sim
