// TriggeredSensor: edges -> exposures -> frames; the part every simulated camera shares, whatever
// interface it speaks.
//
//   edge ---latency--->|--delay--|##exposure##|--readout--|   the frame is there
//                      |<----------- busy --------------->|   edges arriving now are dropped
//
// Latency is the fixed delay of the trigger input; being a pure delay, it shifts everything and
// leaves the acceptance rule alone: an edge is accepted if it comes at least delay + exposure +
// readout after the last accepted one.
//
// Exposures that the table already knows will happen are planned and rendered ahead of time. When
// the table changes, what has happened by then stays; the rest is planned anew. A frame is the same
// whether it was rendered ahead or not. All calls need the table's lock, and none waits for a frame
// to be rendered; fetch() does, and must be called without it.
#pragma once

#include "hal/camera.h"
#include "sim/table/frame_renderer.h"
#include "sim/table/optical_table.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace opal::sim {

class TriggeredSensor final : public TableWatcher {
public:
    struct Timing {
        hal::Duration latency{0};
        hal::Duration delay{0};
        hal::Duration exposure{0};
        hal::Duration readout{0};
        hal::Duration busy() const { return delay + exposure + readout; }
    };

    // `exposures_before`: as if it had taken so many already.
    TriggeredSensor(OpticalTable& table, int threads, std::uint64_t exposures_before = 0);
    ~TriggeredSensor();

    // Sees edges of the trigger cable (`line`) or of trigger() that come from now on. Keeps up to
    // `room` finished frames; later ones are lost and leave a gap in the ids.
    void arm(const hal::CameraSettings& settings, Timing timing, std::uint64_t room);
    void disarm();
    bool armed() const { return armed_; }
    void trigger();

    // When the oldest frame not yet delivered is there, as far as the table's future is known.
    std::optional<hal::Duration> next_ready();
    // A frame that has been read out; its pixels may still be under way in this program.
    struct Delivery {
        FrameRenderer::Slot& pixels;
        std::uint64_t id = 0;
        hal::Duration begin{0};
        hal::FrameStatus status = hal::FrameStatus::complete;
        FrameTruth truth{};
    };
    // Takes it out of the sensor if it is there by now; fetch() comes next.
    std::optional<Delivery> deliver();
    void fetch(const Delivery& delivery, hal::Frame& frame);
    std::uint64_t missed_edges();  // dropped since arm(), by now
    // Taken in all, up to the last disarm(): the noise of the next one is drawn by this number.
    std::uint64_t exposures_taken() const { return exposures_before_; }

    void before_change(hal::Duration now) override;
    void after_change(hal::Duration now) override;
    hal::Duration oldest_needed(hal::Duration now) override;

private:
    std::optional<hal::Duration> next_ready(hal::Duration now);

    // How far along the line edges have been judged.
    struct Judge {
        TriggerCable::Position position;
        hal::Duration free_from = hal::Duration::min();
        std::uint64_t accepted = 0;
        std::uint64_t missed = 0;
    };
    struct Planned {
        hal::Duration edge{0};
        hal::Duration begin{0};
        hal::Duration end{0};
        hal::Duration ready{0};
        std::uint64_t id = 0;
        bool rendering = false;  // handed to the renderer
        bool lost = false;       // no room when it was ready
        FrameTruth truth{};
    };

    const TriggerCable& line() const;
    // Judges edges up to `until`; returns the first accepted one.
    std::optional<hal::Duration> next_accepted(Judge& judge, hal::Duration until) const;
    Planned& planned(std::uint64_t ordinal) { return ring_[ordinal % ring_.size()]; }
    bool plan_one(hal::Duration until);
    void arrive(hal::Duration now);
    void render_ahead();
    void submit(Planned& exposure);
    void drop_lost();

    OpticalTable& table_;
    FrameRenderer renderer_;
    TriggerCable software_line_;

    bool armed_ = false;
    hal::CameraSettings settings_;
    Timing timing_;
    std::uint64_t room_ = 0;
    std::uint64_t exposures_before_;  // of earlier arms: frame keys never repeat
    Judge past_;                      // up to now, for status and for planning anew
    Judge ahead_;                     // up to the last planned exposure

    // Ordinals of planned exposures: [head, arrived) are finished by now, [arrived, tail) are to
    // come; [head, submitted) have been considered for rendering.
    std::vector<Planned> ring_;
    std::uint64_t head_ = 0;
    std::uint64_t arrived_ = 0;
    std::uint64_t submitted_ = 0;
    std::uint64_t tail_ = 0;
    std::uint64_t queued_ = 0;   // arrived and not lost
    std::uint64_t next_id_ = 0;  // that delivery expects
};

}  // namespace opal::sim
