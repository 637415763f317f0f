// SequenceClock: how far a DMD is that does not tell. It was told to start; from then on the host's
// clock is believed.
#pragma once

#include "hal/dmd.h"

#include <optional>
#include <vector>

namespace opal::drivers {

class SequenceClock {
public:
    explicit SequenceClock(hal::Clock& clock) : clock_(clock) {}

    // What the next start() begins; nothing has been started of it.
    void set(const hal::PatternSequence& sequence);
    void start();
    void stop();
    bool stopped() const { return stopped_; }  // stop() came after the last start()
    // As hal::DmdStatus has them.
    bool running() const;
    hal::DmdStatus status() const;

private:
    hal::Clock& clock_;
    bool repeat_ = false;
    std::vector<hal::Duration> begins_;  // of the entries, after the start
    hal::Duration period_{0};
    std::optional<hal::Time> started_at_;
    std::uint64_t entries_at_stop_ = 0;
    bool stopped_ = true;
};

}  // namespace opal::drivers
