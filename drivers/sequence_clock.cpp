// SequenceClock: see sequence_clock.h.
#include "drivers/sequence_clock.h"

#include <algorithm>

namespace opal::drivers {

void SequenceClock::set(const hal::PatternSequence& sequence) {
    repeat_ = sequence.repeat;
    begins_.clear();
    period_ = hal::Duration{0};
    for (const hal::SequenceEntry& entry : sequence.entries) {
        begins_.push_back(period_);
        period_ += entry.exposure + entry.dark;
    }
    started_at_.reset();
    stopped_ = true;
}

void SequenceClock::start() {
    started_at_ = clock_.now();
    stopped_ = false;
}

void SequenceClock::stop() {
    if (stopped_) return;
    entries_at_stop_ = status().entries_started;
    stopped_ = true;
}

bool SequenceClock::running() const {
    if (stopped_ || !started_at_) return false;
    return repeat_ || clock_.now() < *started_at_ + period_;
}

hal::DmdStatus SequenceClock::status() const {
    hal::DmdStatus status;
    status.running = running();
    if (!started_at_) return status;
    if (stopped_) {
        status.entries_started = entries_at_stop_;
        return status;
    }
    const hal::Duration time = clock_.now() - *started_at_;
    const auto rounds = repeat_ ? time / period_ : 0;
    const hal::Duration within = std::min(time - rounds * period_, period_);
    const auto begun = std::upper_bound(begins_.begin(), begins_.end(), within) - begins_.begin();
    status.entries_started =
        static_cast<std::uint64_t>(rounds) * begins_.size() + static_cast<std::uint64_t>(begun);
    return status;
}

}  // namespace opal::drivers
