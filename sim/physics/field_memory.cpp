// FieldMemory: see field_memory.h.
#include "sim/physics/field_memory.h"

#include "sim/physics/field_kernels.h"

#include <algorithm>
#include <cassert>

namespace opal::sim {

namespace {

constexpr std::size_t most_states = 32768;
constexpr std::size_t most_row_bytes = std::size_t{2} << 20;
constexpr std::size_t least_slots = 64;
// |entry| <= 127, |amplitude| <= 4096: the field of so many channels fits 32 bits.
constexpr std::size_t most_channels = 4128;  // 2^31 / (127 * 4096) = 4128.3
// Adding a stored field takes as long as summing so many channels: 8 bytes a mode, they 2 each.
constexpr std::size_t channels_per_part = 4;

std::size_t count_differences(std::span<const std::int32_t> a, std::span<const std::int32_t> b) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i] ? 1 : 0;
    return count;
}

void subtract(std::span<const std::int32_t> a, std::span<const std::int32_t> b,
              std::span<std::int32_t> into) {
    for (std::size_t i = 0; i < into.size(); ++i) into[i] = a[i] - b[i];
}

}  // namespace

FieldMemory::FieldMemory(const Medium& medium, std::span<const std::int32_t> dark_q12,
                         std::size_t row_channels)
    : medium_(medium), dark_q12_(dark_q12), row_channels_(row_channels) {}

std::span<const std::int64_t> FieldMemory::field(std::span<const std::int32_t> q12,
                                                 const ModeWindow& window, std::uint32_t epoch,
                                                 MediumScratch& scratch) {
    assert(q12.size() == dark_q12_.size());
    if (!valid_ || window_ != window || epoch_ != epoch) begin(window, epoch, scratch);
    const std::size_t from_last = count_differences(q12, last_q12_);
    if (from_last == 0) return last_;
    if (dark_.empty()) {  // no part of a pattern costs less than all of it
        std::fill(last_.begin(), last_.end(), 0);
        medium_.add_field(q12, window, epoch, last_, scratch);
        std::copy(q12.begin(), q12.end(), last_q12_.begin());
        return last_;
    }
    const std::size_t from_dark =
        tree_ ? put_together(q12, scratch) : count_differences(q12, dark_q12_);
    if (from_last <= from_dark) {
        subtract(q12, last_q12_, rest_);
        medium_.add_field(rest_, window, epoch, last_, scratch);
    } else {
        if (!tree_) {
            subtract(q12, dark_q12_, rest_);
            rest_channels_ = from_dark;
        }
        sum_fields(dark_, parts_, last_);
        if (rest_channels_ > 0) medium_.add_field(rest_, window, epoch, last_, scratch);
    }
    std::copy(q12.begin(), q12.end(), last_q12_.begin());
    return last_;
}

void FieldMemory::begin(const ModeWindow& window, std::uint32_t epoch, MediumScratch& scratch) {
    const bool same_window = valid_ && window_ == window;
    window_ = window;
    epoch_ = epoch;
    if (!medium_.sums_channels(window)) {
        tree_.reset();
        stored_.reset();
        dark_.clear();
        last_.assign(2 * window.modes(), 0);
        last_q12_.assign(dark_q12_.size(), 0);  // a field of 0 is that of no light at all
        valid_ = true;
        return;
    }
    dark_.assign(2 * window.modes(), 0);
    medium_.add_field(dark_q12_, window, epoch, dark_, scratch);
    last_ = dark_;
    last_q12_.assign(dark_q12_.begin(), dark_q12_.end());
    rest_.assign(dark_q12_.size(), 0);
    if (!same_window) {
        begin_pieces();
    } else if (tree_) {
        tree_->forget();
        free_slots();
    }
    valid_ = true;
}

void FieldMemory::begin_pieces() {
    tree_.reset();
    parts_.clear();
    const std::size_t channels = dark_q12_.size();
    const std::size_t rows = (channels + row_channels_ - 1) / row_channels_;
    const std::size_t most_rows = most_row_bytes / (row_channels_ * sizeof(std::int32_t));
    const std::size_t slots =
        std::min(most_bytes / (dark_.size() * sizeof(std::int32_t)), most_states);
    // A pattern uses each piece once, and there are fewer than twice as many as rows.
    if (channels > most_channels || most_rows < 4 * rows ||
        slots < std::max(least_slots, 4 * rows)) {
        stored_.reset();
        return;
    }
    tree_ = std::make_unique<PatternTree>(dark_q12_, row_channels_, most_states, most_rows);
    // Not initialised: pages nobody writes cost nothing.
    stored_.reset(new std::int32_t[slots * dark_.size()]);
    slots_.resize(slots);
    free_slots();
    parts_.reserve(rows);
    row_q12_.assign(channels, 0);
    row_field_.resize(dark_.size());
}

void FieldMemory::free_slots() {
    std::fill(slots_.begin(), slots_.end(), Slot{});
    hand_ = 0;
}

// Fills parts_ and rest_ with what `q12` adds to the dark field, and returns how many channels'
// work that is.
std::size_t FieldMemory::put_together(std::span<const std::int32_t> q12, MediumScratch& scratch) {
    ++call_;
    const std::uint32_t whole = tree_->recognise(q12);
    if (tree_->forgot()) free_slots();
    parts_.clear();
    rest_channels_ = 0;
    std::fill(rest_.begin(), rest_.end(), 0);
    if (whole != PatternTree::dark) gather(whole, q12, scratch);
    return rest_channels_ + channels_per_part * parts_.size();
}

void FieldMemory::gather(std::uint32_t number, std::span<const std::int32_t> q12,
                         MediumScratch& scratch) {
    PatternTree::State& state = tree_->state(number);
    ++state.sightings;
    const PatternTree::Piece& piece = tree_->piece(state.piece);
    const bool single_row = piece.upper < 0;
    const bool is_stored =
        state.slot >= 0 || (single_row ? store_row(number, q12, scratch) : store_joint(number));
    if (is_stored) {
        parts_.push_back(use(state));
    } else if (single_row) {
        const auto first = static_cast<std::size_t>(piece.first_row) * row_channels_;
        for (std::size_t i = first; i < std::min(first + row_channels_, q12.size()); ++i) {
            rest_[i] = q12[i] - dark_q12_[i];
            rest_channels_ += rest_[i] != 0 ? 1 : 0;
        }
    } else {
        gather(state.upper, q12, scratch);
        gather(state.lower, q12, scratch);
    }
}

bool FieldMemory::store_row(std::uint32_t number, std::span<const std::int32_t> q12,
                            MediumScratch& scratch) {
    const PatternTree::State& state = tree_->state(number);
    if (state.sightings < 2 || !find_slot(state.sightings)) return false;
    const auto first =
        static_cast<std::size_t>(tree_->piece(state.piece).first_row) * row_channels_;
    const std::size_t end = std::min(first + row_channels_, q12.size());
    for (std::size_t i = first; i < end; ++i) row_q12_[i] = q12[i] - dark_q12_[i];
    std::fill(row_field_.begin(), row_field_.end(), 0);
    medium_.add_field(row_q12_, window_, epoch_, row_field_, scratch);
    std::fill(row_q12_.begin() + static_cast<std::ptrdiff_t>(first),
              row_q12_.begin() + static_cast<std::ptrdiff_t>(end), 0);
    std::int32_t* const field = take_slot(number);
    for (std::size_t k = 0; k < row_field_.size(); ++k) {
        field[k] = static_cast<std::int32_t>(row_field_[k]);
    }
    return true;
}

// Only of halves that are stored already, so that small pieces, which serve more patterns, come
// first.
bool FieldMemory::store_joint(std::uint32_t number) {
    const PatternTree::State& state = tree_->state(number);
    const PatternTree::State& upper = tree_->state(state.upper);
    const PatternTree::State& lower = tree_->state(state.lower);
    if (upper.slot < 0 || lower.slot < 0) return false;
    const std::int32_t* const a = use(upper);
    const std::int32_t* const b = use(lower);
    if (!find_slot(state.sightings)) return false;
    std::int32_t* const field = take_slot(number);
    for (std::size_t k = 0; k < dark_.size(); ++k) field[k] = a[k] + b[k];
    return true;
}

const std::int32_t* FieldMemory::use(const PatternTree::State& state) {
    const auto number = static_cast<std::size_t>(state.slot);
    slots_[number].used = true;
    slots_[number].call = call_;
    return stored_.get() + number * dark_.size();
}

// Moves the hand to a slot for a piece seen so often: a free one, or one that was used neither by
// this pattern nor since the hand came by last, and whose piece was seen less than half as often.
// Else that piece's sightings are halved, and the next one to ask finds another: patterns that
// come round in turns do not throw each other out, and what was frequent long ago gives way.
bool FieldMemory::find_slot(std::int32_t sightings) {
    for (;; hand_ = (hand_ + 1) % slots_.size()) {
        Slot& slot = slots_[hand_];
        if (slot.owner == PatternTree::dark) return true;
        if (slot.call == call_) continue;
        if (slot.used) {
            slot.used = false;
            continue;
        }
        std::int32_t& stored_sightings = tree_->state(slot.owner).sightings;
        if (2 * stored_sightings < sightings) return true;
        stored_sightings /= 2;
        hand_ = (hand_ + 1) % slots_.size();
        return false;
    }
}

// The slot the hand is at becomes that of a state.
std::int32_t* FieldMemory::take_slot(std::uint32_t number) {
    Slot& slot = slots_[hand_];
    if (slot.owner != PatternTree::dark) tree_->state(slot.owner).slot = -1;
    slot = {number, true, call_};
    tree_->state(number).slot = static_cast<std::int32_t>(hand_);
    return stored_.get() + hand_ * dark_.size();
}

}  // namespace opal::sim
