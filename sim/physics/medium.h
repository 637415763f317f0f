// Medium: what scatters. Channels (macro-pixels of the DMD) in, modes (speckle samples on the
// sensor) out:  y_k = sum over channels i of T_ki d_i, T complex and fixed.
//
// Entries are integers and amplitudes are integers, so fields are exact whatever the order of the
// sum; that is why fields of differences of patterns may be added up, and why any number of
// threads and any instruction set give the same field.
//
// T changes with time in steps called epochs, each independent of all others; what lies between
// two epochs is mixed by whoever knows the time (optics.cpp).
#pragma once

#include "sim/scene.h"

#include <array>
#include <complex>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace opal::sim {

// A rectangle of the mode grid. Mode (row, column) of the grid has the absolute number
// row * grid_columns + column.
struct ModeWindow {
    int row = 0;
    int column = 0;
    int rows = 0;
    int columns = 0;
    int grid_rows = 0;
    int grid_columns = 0;

    std::size_t modes() const {
        return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
    }
    // Absolute number of the first mode of a row of the window.
    std::uint32_t first_of_row(int window_row) const {
        return static_cast<std::uint32_t>((row + window_row) * grid_columns + column);
    }
    bool operator==(const ModeWindow&) const = default;
};

// Storage for one thread's sums; reused, so that nothing is allocated from the second frame on.
struct MediumScratch {
    struct Pair {
        std::uint32_t number = 0;  // channels 2 * number and 2 * number + 1
        std::int32_t even = 0;     // their amplitudes
        std::int32_t odd = 0;
    };
    struct Group {
        std::uint32_t number = 0;  // channels 8 * number + (0..7)
        std::array<std::int16_t, 8> amplitudes{};
    };
    std::vector<Pair> pairs;
    std::vector<Group> groups;
    std::vector<const std::int8_t*> rows;  // of entries, one per pair
    std::vector<std::int32_t> sums;
    // Of LayeredMedium, which says what they hold.
    std::vector<std::uint32_t> diagonals;
    std::vector<std::int32_t> narrow;
    std::vector<std::int64_t> transform;
    std::vector<std::int64_t> tiles;
    // One large sum may be shared out among so many threads. Never changes a field.
    int threads = 1;
};

class Medium {
public:
    virtual ~Medium() = default;

    // Adds the field of `q12` (one amplitude per channel, |q12| <= 4096) to `field`: re and im
    // interleaved, modes of the window row-major. Exact. Safe from several threads.
    virtual void add_field(std::span<const std::int32_t> q12, const ModeWindow& window,
                           std::uint32_t epoch, std::span<std::int64_t> field,
                           MediumScratch& scratch) const = 0;

    // Whether entries are at most 127 and add_field() takes time by the channels that are not 0:
    // then fields of parts of a pattern are worth keeping (field_memory.h).
    virtual bool sums_channels(const ModeWindow&) const { return false; }

    // Draws and stores what add_field() will need, if the scene allows.
    virtual void prepare(const ModeWindow& window, std::uint32_t epoch) const = 0;

    // Mean |T_ki|^2.
    virtual double entry_power() const = 0;

    // The twin: double precision, straight from the definition of the entries. `amplitudes` in
    // units of q12.
    virtual std::vector<std::complex<double>> plain_field(std::span<const double> amplitudes,
                                                          const ModeWindow& window,
                                                          std::uint32_t epoch) const = 0;
};

std::unique_ptr<Medium> make_medium(const MediumScene& scene, std::uint64_t seed, int channels,
                                    int grid_rows, int grid_columns);

}  // namespace opal::sim
