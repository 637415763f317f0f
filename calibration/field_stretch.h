// FieldStretch: some modes of all frames, and of strip and matrix beside them: views of the arrays
// if the fields are in memory, copies of a few modes if they are on disk. What matrix_fit works on.
//
// Rule: whoever works on a stretch cannot tell which of the two it is, so results are the same
// bytes. HDF5 serves one thread at a time: reading is locked, work is not.
#pragma once

#include "calibration/field_store.h"

#include <complex>
#include <cstddef>
#include <functional>
#include <mutex>
#include <span>

namespace opal::calibration {

struct FieldStretch {
    using Field = std::complex<float>;

    std::size_t first = 0;          // mode
    std::size_t count = 0;          // modes
    std::size_t wide = 0;           // modes in a row of the arrays below
    std::size_t from = 0;           // the first one's place in a row
    std::span<const Field> fields;  // (frames, wide)
    std::span<const Field> strips;  // (words, wide)
    std::span<Field> entries;       // (inputs, wide)
};

class FieldStretches {
public:
    using Field = FieldStretch::Field;

    // strips: (words, modes), entries: (inputs, modes). All outlive this.
    FieldStretches(FieldStore& store, std::span<const Field> strips, std::span<Field> entries);

    // Visits modes [begin, end) in order; what is written to a stretch's entries is in `entries`
    // afterwards. May be called by several threads at once, for modes that do not overlap.
    void visit(std::size_t begin, std::size_t end,
               const std::function<void(const FieldStretch&)>& visitor);

    // Modes that are in memory at once for each thread, if the fields are on disk.
    static constexpr std::size_t modes_at_once = 64;

private:
    FieldStore& store_;
    std::span<const Field> strips_;
    std::span<Field> entries_;
    std::mutex reading_;
};

}  // namespace opal::calibration
