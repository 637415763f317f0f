// PatternTimeline: which light the DMD sends into the medium, at every moment of virtual time.
//
// Mirrors are modelled as switching all at once, `settle` after they are commanded: a camera that
// opens earlier sees the pattern before. Between patterns and outside sequences all mirrors are
// off, which is not darkness: off mirrors leak and stuck ones stay. Not thread-safe: the table's
// lock guards it.
#pragma once

#include "hal/clock.h"
#include "sim/table/shown_sequence.h"

#include <deque>
#include <memory>
#include <vector>

namespace opal::sim {

class PatternTimeline {
public:
    // One stretch of constant light.
    struct Stretch {
        std::shared_ptr<const ChannelAmplitudes> light;
        hal::Duration begin{0};
        hal::Duration end{0};
    };

    PatternTimeline(hal::Duration settle, ChannelAmplitudes all_off);

    // Starts a sequence, ending the one before it. Times never go back.
    void show(std::shared_ptr<const ShownSequence> sequence, hal::Duration at);
    void show_nothing(hal::Duration at);

    // Appends the stretches of [from, to) in order; they cover it without gaps.
    void stretches(hal::Duration from, hal::Duration to, std::vector<Stretch>& into) const;
    // Nobody will ask for times before `before` again.
    void forget(hal::Duration before);

private:
    struct Run {
        std::shared_ptr<const ShownSequence> sequence;
        hal::Duration start{0};
        hal::Duration stop{0};  // commanded, or the sequence's own end
    };
    void run_stretches(const Run& run, hal::Duration from, hal::Duration to,
                       std::vector<Stretch>& into) const;

    hal::Duration settle_;
    std::shared_ptr<const ChannelAmplitudes> all_off_;
    std::deque<Run> runs_;
};

}  // namespace opal::sim
