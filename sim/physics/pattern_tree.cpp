// PatternTree: see pattern_tree.h.
#include "sim/physics/pattern_tree.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace opal::sim {

namespace {

// Any odd numbers with well-mixed bits do [Knuth 1998, section 6.4].
constexpr std::uint64_t mixer = 0x9E3779B97F4A7C15u;

std::uint32_t folded(std::uint64_t x) {
    x *= mixer;
    return static_cast<std::uint32_t>(x >> 32 ^ x >> 15);
}

std::uint32_t hash_of(std::span<const std::int32_t> light) {
    std::uint64_t a = 1;
    std::uint64_t b = 2;
    std::size_t i = 0;
    for (; i + 1 < light.size(); i += 2) {
        a = (a ^ static_cast<std::uint32_t>(light[i])) * mixer;
        b = (b ^ static_cast<std::uint32_t>(light[i + 1])) * mixer;
    }
    if (i < light.size()) a = (a ^ static_cast<std::uint32_t>(light[i])) * mixer;
    return folded(a ^ a >> 29 ^ std::rotl(b, 17));
}

bool equal(std::span<const std::int32_t> a, std::span<const std::int32_t> b) {
    return std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

}  // namespace

PatternTree::PatternTree(std::span<const std::int32_t> dark_q12, std::size_t row_channels,
                         std::size_t most_states, std::size_t most_rows)
    : dark_q12_(dark_q12.begin(), dark_q12.end()),
      row_channels_(row_channels),
      most_states_(most_states),
      most_rows_(most_rows) {
    assert(!dark_q12.empty() && row_channels > 0);
    const std::size_t rows = (dark_q12.size() + row_channels - 1) / row_channels;
    assert(most_states > 2 * rows && most_rows >= rows);  // one pattern fits, always
    add_pieces(0, static_cast<int>(rows));
    states_.reserve(most_states);
    row_light_.reserve(most_rows * row_channels);
    table_.resize(std::bit_ceil(2 * most_states));
    last_q12_ = dark_q12_;
    forget();
}

// The upper part of a piece is a power of two of rows, so that every piece but those at the lower
// edge begins and ends at a multiple of its size.
int PatternTree::add_pieces(int first_row, int end_row) {
    Piece piece{first_row, end_row, -1, -1};
    if (end_row - first_row > 1) {
        const auto rows = static_cast<unsigned>(end_row - first_row);
        const int middle = first_row + static_cast<int>(std::bit_ceil(rows) / 2);
        piece.upper = add_pieces(first_row, middle);
        piece.lower = add_pieces(middle, end_row);
    }
    pieces_.push_back(piece);
    return static_cast<int>(pieces_.size()) - 1;
}

void PatternTree::forget() {
    states_.assign(1, State{no_piece, 0, 0});
    std::fill(table_.begin(), table_.end(), 0u);
    row_light_.clear();
    // The last pattern is the dark one, which needs no numbers.
    std::copy(dark_q12_.begin(), dark_q12_.end(), last_q12_.begin());
    current_.assign(pieces_.size(), dark);
}

std::span<const std::int32_t> PatternTree::row_of(std::span<const std::int32_t> q12,
                                                  int row) const {
    const Channels at = channels_of(row);
    return q12.subspan(at.first, at.end - at.first);
}

PatternTree::Channels PatternTree::channels_of(int row) const {
    const std::size_t first = static_cast<std::size_t>(row) * row_channels_;
    return {first, std::min(first + row_channels_, dark_q12_.size())};
}

std::uint32_t PatternTree::recognise(std::span<const std::int32_t> q12) {
    assert(q12.size() == dark_q12_.size());
    if (equal(q12, last_q12_)) return current_.back();
    if (!recognise_all(q12)) {
        forget();
        ++generation_;
        [[maybe_unused]] const bool fits = recognise_all(q12);
        assert(fits);
    }
    std::copy(q12.begin(), q12.end(), last_q12_.begin());
    return current_.back();
}

// False: no room for another state.
bool PatternTree::recognise_all(std::span<const std::int32_t> q12) {
    for (std::uint32_t p = 0; p < pieces_.size(); ++p) {
        if (states_.size() == most_states_) return false;
        const Piece& piece = pieces_[p];
        if (piece.upper >= 0) {
            const std::uint32_t upper = current_[static_cast<std::size_t>(piece.upper)];
            const std::uint32_t lower = current_[static_cast<std::size_t>(piece.lower)];
            const State& before = states_[current_[p]];
            if (before.piece == p && before.upper == upper && before.lower == lower) continue;
            current_[p] = joint_state(p, upper, lower);
            continue;
        }
        const auto light = row_of(q12, piece.first_row);
        if (equal(light, row_of(last_q12_, piece.first_row))) continue;
        if (row_light_.size() == most_rows_ * row_channels_) return false;
        current_[p] = row_state(p, light);
    }
    return true;
}

std::uint32_t PatternTree::row_state(std::uint32_t piece, std::span<const std::int32_t> light) {
    if (equal(light, row_of(dark_q12_, pieces_[piece].first_row))) return dark;
    const std::uint32_t hash = hash_of(light);
    const std::size_t mask = table_.size() - 1;
    std::size_t place = (hash ^ folded(piece)) & mask;
    for (; table_[place] != 0; place = (place + 1) & mask) {
        const State& known = states_[table_[place]];
        if (known.piece != piece || known.lower != hash) continue;
        const auto stored = std::span<const std::int32_t>(row_light_)
                                .subspan(known.upper * row_channels_, light.size());
        if (equal(light, stored)) return table_[place];
    }
    const auto number = static_cast<std::uint32_t>(row_light_.size() / row_channels_);
    row_light_.insert(row_light_.end(), light.begin(), light.end());
    row_light_.resize((std::size_t{number} + 1) * row_channels_);
    return add_state(place, {piece, number, hash});
}

std::uint32_t PatternTree::joint_state(std::uint32_t piece, std::uint32_t upper,
                                       std::uint32_t lower) {
    if (upper == dark) return lower;
    if (lower == dark) return upper;
    const std::size_t mask = table_.size() - 1;
    std::size_t place = folded((std::uint64_t{upper} << 32 | lower) + piece * mixer) & mask;
    for (; table_[place] != 0; place = (place + 1) & mask) {
        const State& known = states_[table_[place]];
        if (known.piece == piece && known.upper == upper && known.lower == lower)
            return table_[place];
    }
    return add_state(place, {piece, upper, lower});
}

std::uint32_t PatternTree::add_state(std::size_t place, const State& fresh) {
    const auto number = static_cast<std::uint32_t>(states_.size());
    states_.push_back(fresh);
    table_[place] = number;
    return number;
}

}  // namespace opal::sim
