// FieldMemory: the field of a pattern, put together from what was computed for patterns before it.
// Between DmdLight and Medium in the data flow, one for each epoch of the medium.
//
// Inputs of a vector are blocks of macro-pixels, and code words come back: pieces of a pattern
// (pattern_tree.h) repeat long before whole patterns do. From its second sighting on, what a single
// row adds to the dark DMD's field is stored; from the next on that of the two rows it is half of,
// and so on. A pattern's field is the dark field plus few stored ones plus the medium's sum over
// rows never seen; or, where that is less work, the last pattern's plus the difference.
//
// Rule: fields are exact integers, so nothing depends on what is stored.
#pragma once

#include "sim/physics/medium.h"
#include "sim/physics/pattern_tree.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace opal::sim {

class FieldMemory {
public:
    // dark_q12: amplitudes with all mirrors off. tree: of patterns on the same DMD, may serve the
    // memories of several epochs; none: pieces are not stored. All must outlive this.
    FieldMemory(const Medium& medium, std::span<const std::int32_t> dark_q12, PatternTree* tree);

    // A tree for these memories; none if there are too many channels, or too few to a row, for
    // pieces to pay. row_channels: channels of one row of macro-pixels.
    static std::unique_ptr<PatternTree> make_tree(std::span<const std::int32_t> dark_q12,
                                                  std::size_t row_channels);

    // The field of `q12`: re and im interleaved, modes of the window row-major. Lives until the
    // next call.
    std::span<const std::int64_t> field(std::span<const std::int32_t> q12, const ModeWindow& window,
                                        std::uint32_t epoch, MediumScratch& scratch);

    // Most bytes of stored fields; address space is taken at once, memory as it is used.
    static constexpr std::size_t most_bytes = std::size_t{32} << 20;
    bool stores_pieces() const { return !slots_.empty(); }

private:
    struct Kept {  // of a state
        std::int32_t sightings = 0;
        std::int32_t slot = -1;
    };
    struct Slot {
        std::uint32_t owner = PatternTree::dark;  // a state; dark: free
        bool used = false;                        // since the hand came by
        std::uint64_t call = 0;                   // of field(), which used it last
    };

    void begin(const ModeWindow& window, std::uint32_t epoch, MediumScratch& scratch);
    void begin_pieces();
    void forget_pieces();
    std::size_t put_together(std::span<const std::int32_t> q12, MediumScratch& scratch);
    void gather(std::uint32_t number, std::span<const std::int32_t> q12, MediumScratch& scratch);
    bool store_row(std::uint32_t number, std::span<const std::int32_t> q12, MediumScratch& scratch);
    bool store_joint(std::uint32_t number);
    const std::int32_t* use(std::uint32_t number);
    bool find_slot(std::int32_t sightings);
    std::int32_t* take_slot(std::uint32_t number);

    const Medium& medium_;
    std::span<const std::int32_t> dark_q12_;
    PatternTree* tree_;

    bool valid_ = false;
    ModeWindow window_;
    std::uint32_t epoch_ = 0;
    std::vector<std::int64_t> dark_;  // field of the dark DMD
    std::vector<std::int64_t> last_;  // and of the last pattern
    std::vector<std::int32_t> last_q12_;

    std::uint64_t generation_ = 0;  // of the tree's states
    std::vector<Kept> kept_;        // by state
    std::unique_ptr<std::int32_t[]> stored_;
    std::vector<Slot> slots_;  // none: pieces are not stored
    std::size_t hand_ = 0;     // of the clock that chooses slots [Corbato 1968]
    std::uint64_t call_ = 0;

    // Of the pattern being put together:
    std::vector<const std::int32_t*> parts_;  // stored fields to add
    std::vector<std::int32_t> rest_;          // amplitudes for the medium to sum
    std::size_t rest_channels_ = 0;           // of them not 0
    std::vector<std::int32_t> row_q12_;       // all 0 but for the row being stored
    std::vector<std::int64_t> row_field_;
};

}  // namespace opal::sim
