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
                         PatternTree* tree)
    : medium_(medium), dark_q12_(dark_q12), tree_(tree) {}

std::unique_ptr<PatternTree> FieldMemory::make_tree(std::span<const std::int32_t> dark_q12,
                                                    std::size_t row_channels) {
    const std::size_t rows = (dark_q12.size() + row_channels - 1) / row_channels;
    const std::size_t most_rows = most_row_bytes / (row_channels * sizeof(std::int32_t));
    if (dark_q12.size() > most_channels || most_rows < 4 * rows || most_states < 4 * rows) {
        return nullptr;
    }
    return std::make_unique<PatternTree>(dark_q12, row_channels, most_states, most_rows);
}

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
        stores_pieces() ? put_together(q12, scratch) : count_differences(q12, dark_q12_);
    if (from_last <= from_dark) {
        subtract(q12, last_q12_, rest_);
        medium_.add_field(rest_, window, epoch, last_, scratch);
    } else {
        if (!stores_pieces()) {
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
        slots_.clear();
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
    } else if (stores_pieces()) {
        forget_pieces();
    }
    valid_ = true;
}

void FieldMemory::begin_pieces() {
    parts_.clear();
    slots_.clear();
    stored_.reset();
    if (tree_ == nullptr) return;
    const std::size_t slots =
        std::min(most_bytes / (dark_.size() * sizeof(std::int32_t)), most_states);
    // A pattern uses each piece once, and there are fewer than twice as many as rows.
    if (slots < std::max(least_slots, 4 * tree_->rows())) return;
    slots_.resize(slots);
    // Not initialised: pages nobody writes cost nothing.
    stored_.reset(new std::int32_t[slots * dark_.size()]);
    parts_.reserve(tree_->rows());
    row_q12_.assign(dark_q12_.size(), 0);
    row_field_.resize(dark_.size());
    forget_pieces();
}

void FieldMemory::forget_pieces() {
    generation_ = tree_->generation();
    kept_.assign(tree_->most_states(), Kept{});
    std::fill(slots_.begin(), slots_.end(), Slot{});
    hand_ = 0;
}

// Fills parts_ and rest_ with what `q12` adds to the dark field, and returns how many channels'
// work that is.
std::size_t FieldMemory::put_together(std::span<const std::int32_t> q12, MediumScratch& scratch) {
    ++call_;
    const std::uint32_t whole = tree_->recognise(q12);
    if (tree_->generation() != generation_) forget_pieces();
    parts_.clear();
    rest_channels_ = 0;
    std::fill(rest_.begin(), rest_.end(), 0);
    if (whole != PatternTree::dark) gather(whole, q12, scratch);
    return rest_channels_ + channels_per_part * parts_.size();
}

void FieldMemory::gather(std::uint32_t number, std::span<const std::int32_t> q12,
                         MediumScratch& scratch) {
    const PatternTree::State& state = tree_->state(number);
    const PatternTree::Piece& piece = tree_->piece(state.piece);
    const bool single_row = piece.upper < 0;
    ++kept_[number].sightings;
    const bool is_stored = kept_[number].slot >= 0 ||
                           (single_row ? store_row(number, q12, scratch) : store_joint(number));
    if (is_stored) {
        parts_.push_back(use(number));
    } else if (single_row) {
        const auto row = tree_->channels_of(piece.first_row);
        for (std::size_t i = row.first; i < row.end; ++i) {
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
    const std::int32_t sightings = kept_[number].sightings;
    if (sightings < 2 || !find_slot(sightings)) return false;
    const auto row = tree_->channels_of(tree_->piece(tree_->state(number).piece).first_row);
    for (std::size_t i = row.first; i < row.end; ++i) row_q12_[i] = q12[i] - dark_q12_[i];
    std::fill(row_field_.begin(), row_field_.end(), 0);
    medium_.add_field(row_q12_, window_, epoch_, row_field_, scratch);
    for (std::size_t i = row.first; i < row.end; ++i) row_q12_[i] = 0;
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
    if (kept_[state.upper].slot < 0 || kept_[state.lower].slot < 0) return false;
    const std::int32_t* const a = use(state.upper);
    const std::int32_t* const b = use(state.lower);
    if (!find_slot(kept_[number].sightings)) return false;
    std::int32_t* const field = take_slot(number);
    for (std::size_t k = 0; k < dark_.size(); ++k) field[k] = a[k] + b[k];
    return true;
}

const std::int32_t* FieldMemory::use(std::uint32_t number) {
    const auto slot = static_cast<std::size_t>(kept_[number].slot);
    slots_[slot].used = true;
    slots_[slot].call = call_;
    return stored_.get() + slot * dark_.size();
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
        std::int32_t& stored_sightings = kept_[slot.owner].sightings;
        if (2 * stored_sightings < sightings) return true;
        stored_sightings /= 2;
        hand_ = (hand_ + 1) % slots_.size();
        return false;
    }
}

// The slot the hand is at becomes that of a state.
std::int32_t* FieldMemory::take_slot(std::uint32_t number) {
    Slot& slot = slots_[hand_];
    if (slot.owner != PatternTree::dark) kept_[slot.owner].slot = -1;
    slot = {number, true, call_};
    kept_[number].slot = static_cast<std::int32_t>(hand_);
    return stored_.get() + hand_ * dark_.size();
}

}  // namespace opal::sim
