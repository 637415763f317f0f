// PatternTree: recognises what patterns have in common. Beside the data flow, for FieldMemory.
//
// The rows of macro-pixels are halved again and again, down to single rows; whatever light a piece
// has been seen with gets a number, its state. Two patterns that share the upper half share that
// piece's state, however different they are below.
//
// A piece one half of which is dark has the state of the other half: it adds the same light.
//
// Rule: states are only names. They are compared with the light itself, never by hash alone, and
// forgotten all together when there is no room for another.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace opal::sim {

class PatternTree {
public:
    static constexpr std::uint32_t dark = 0;  // the state of a piece with all mirrors off

    // A piece of the pattern: rows [first_row, end_row); single rows have no children.
    struct Piece {
        int first_row = 0;
        int end_row = 0;
        int upper = -1;  // children
        int lower = -1;
    };
    struct State {
        std::uint32_t piece = 0;
        std::uint32_t upper = 0;  // states of the children; of a single row: place of its light
        std::uint32_t lower = 0;  // of a single row: hash of its light
    };

    // dark_q12: the light of the pattern with all mirrors off. The last row may be shorter.
    PatternTree(std::span<const std::int32_t> dark_q12, std::size_t row_channels,
                std::size_t most_states, std::size_t most_rows);

    // State of the whole pattern, below most_states.
    std::uint32_t recognise(std::span<const std::int32_t> q12);
    // How often all states were forgotten.
    std::uint64_t generation() const { return generation_; }

    const State& state(std::uint32_t number) const { return states_[number]; }
    const Piece& piece(std::uint32_t number) const { return pieces_[number]; }
    struct Channels {
        std::size_t first;
        std::size_t end;
    };
    Channels channels_of(int row) const;
    std::size_t most_states() const { return most_states_; }
    std::size_t rows() const { return static_cast<std::size_t>(pieces_.back().end_row); }

private:
    static constexpr std::uint32_t no_piece = 0xffffffff;
    void forget();
    int add_pieces(int first_row, int end_row);
    std::span<const std::int32_t> row_of(std::span<const std::int32_t> q12, int row) const;
    bool recognise_all(std::span<const std::int32_t> q12);
    std::uint32_t row_state(std::uint32_t piece, std::span<const std::int32_t> light);
    std::uint32_t joint_state(std::uint32_t piece, std::uint32_t upper, std::uint32_t lower);
    std::uint32_t add_state(std::size_t place, const State& fresh);

    std::vector<std::int32_t> dark_q12_;
    std::size_t row_channels_;
    std::size_t most_states_;
    std::size_t most_rows_;
    std::vector<Piece> pieces_;            // children before parents, the whole pattern last
    std::vector<std::uint32_t> current_;   // state of each piece in the last pattern
    std::vector<std::int32_t> last_q12_;   // that pattern
    std::vector<State> states_;            // [0] stands for dark
    std::vector<std::uint32_t> table_;     // open addressing: state or 0; size a power of two
    std::vector<std::int32_t> row_light_;  // light of single rows, row_channels_ each
    std::uint64_t generation_ = 0;
};

}  // namespace opal::sim
