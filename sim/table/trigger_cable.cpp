// TriggerCable: arithmetic on trains of edges; nothing is stored per edge of a repeating train.
#include "sim/table/trigger_cable.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace opal::sim {

using hal::Duration;

std::optional<Duration> TriggerCable::Train::edge(std::uint64_t number) const {
    const std::uint64_t count = offsets->size();
    if (count == 0) return std::nullopt;
    const std::uint64_t round = number / count;
    if (round > 0 && period <= Duration{0}) return std::nullopt;
    const Duration at = start + static_cast<Duration::rep>(round) * period +
                        (*offsets)[static_cast<std::size_t>(number % count)];
    if (at > last) return std::nullopt;
    return at;
}

std::uint64_t TriggerCable::Train::edges_until(Duration now) const {
    const Duration end = std::min(now, last);
    if (end < start || offsets->empty()) return 0;
    Duration inside = end - start;
    std::uint64_t before = 0;
    if (period > Duration{0}) {
        const auto rounds = inside / period;
        before = static_cast<std::uint64_t>(rounds) * offsets->size();
        inside -= rounds * period;
    }
    const auto behind = std::upper_bound(offsets->begin(), offsets->end(), inside);
    return before + static_cast<std::uint64_t>(behind - offsets->begin());
}

Duration TriggerCable::Train::quiet_after() const {
    if (offsets->empty()) return start;
    return period > Duration{0} ? last : std::min(last, start + offsets->back());
}

void TriggerCable::send(Offsets offsets, Duration start, Duration period) {
    assert(offsets && std::is_sorted(offsets->begin(), offsets->end()));
    assert(trains_.empty() || trains_.back().quiet_after() <= start);
    trains_.push_back({std::move(offsets), start, period, Duration::max()});
}

void TriggerCable::send_one(Duration at) {
    send(single_, at, Duration{0});
}

void TriggerCable::cut(Duration at) {
    if (!trains_.empty()) trains_.back().last = std::min(trains_.back().last, at);
}

std::optional<Duration> TriggerCable::peek(Position& position) const {
    if (position.train < first_train_) position = {first_train_, 0};
    while (position.train - first_train_ < trains_.size()) {
        const std::size_t index = static_cast<std::size_t>(position.train - first_train_);
        if (const auto at = trains_[index].edge(position.edge)) return at;
        // The last train stays the present one: a later send() makes the next.
        if (index + 1 == trains_.size()) break;
        position = {position.train + 1, 0};
    }
    return std::nullopt;
}

TriggerCable::Position TriggerCable::behind(Duration now) const {
    if (trains_.empty()) return {first_train_, 0};
    // Only the last train can still have edges to come: send() demands that the others are quiet.
    return {first_train_ + trains_.size() - 1, trains_.back().edges_until(now)};
}

void TriggerCable::forget(Duration before) {
    while (trains_.size() > 1 && trains_.front().quiet_after() < before) {
        trains_.pop_front();
        ++first_train_;
    }
}

}  // namespace opal::sim
