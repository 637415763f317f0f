// LaserTimeline: the pieces and the mean over a stretch of one.
#include "sim/table/laser_timeline.h"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace opal::sim {

using hal::Duration;

void LaserTimeline::set(Duration at, std::uint32_t power_q16, Duration ramp_begin, Duration ramp) {
    assert(power_q16 <= 65536 && ramp >= Duration{0});
    while (pieces_.size() > 1 && pieces_.back().begin >= at) pieces_.pop_back();
    const Duration ramp_end = ramp_begin + ramp;
    if (ramp_end > at) {
        pieces_.push_back({at, power_q16, ramp_begin, ramp});
        pieces_.push_back({ramp_end, power_q16, Duration{0}, Duration{0}});
    } else {
        pieces_.push_back({at, power_q16, Duration{0}, Duration{0}});
    }
}

void LaserTimeline::set_off(Duration at) {
    set(at, 0, at, Duration{0});
}

std::uint32_t LaserTimeline::mean_q16(Duration from, Duration to) const {
    const Piece& piece = *piece_at(from);
    if (piece.ramp == Duration{0}) return piece.power_q16;
    // Mean of a straight line: its value in the middle. With warm-ups up to an hour the product
    // stays below 65536 * 2 * 3.6e12 < 2^59.
    const auto twice_middle = (from + to - 2 * piece.ramp_begin).count();
    const auto mean =
        static_cast<std::int64_t>(piece.power_q16) * twice_middle / (2 * piece.ramp.count());
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(mean, 0, piece.power_q16));
}

Duration LaserTimeline::next_change(Duration at) const {
    const auto next = std::next(piece_at(at));
    return next == pieces_.end() ? Duration::max() : next->begin;
}

void LaserTimeline::forget(Duration before) {
    while (pieces_.size() > 1 && pieces_[1].begin <= before) pieces_.pop_front();
}

std::deque<LaserTimeline::Piece>::const_iterator LaserTimeline::piece_at(Duration at) const {
    auto after = std::upper_bound(pieces_.begin(), pieces_.end(), at,
                                  [](Duration t, const Piece& p) { return t < p.begin; });
    return after == pieces_.begin() ? after : std::prev(after);
}

}  // namespace opal::sim
