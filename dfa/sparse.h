// SparseMatrix: compressed rows (CSR), for graphs and for bags of words.
//
// The pattern (where entries may be) is shared and never changes; values belong to each matrix, so
// dropout on a sparse matrix copies values only. The pattern also knows its transpose, so that
// products with A and with A' are both sums along a row of the result: in a fixed order, one task
// per range of rows.
#pragma once

#include "dfa/blas.h"
#include "dfa/projector.h"
#include "dfa/workers.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace opal::dfa {

struct SparseEntry {
    std::int32_t row;
    std::int32_t column;
    float value;
};

struct SparsePattern {
    Eigen::Index rows = 0;
    Eigen::Index columns = 0;
    std::vector<std::int64_t> row_begin;     // rows + 1; entries of row r: [row_begin[r], [r + 1])
    std::vector<std::int32_t> column;        // of each entry, rising within a row
    std::vector<std::int64_t> column_begin;  // columns + 1, the transpose's row_begin
    std::vector<std::int32_t> row;           // of each entry in the transpose's order
    std::vector<std::int64_t> entry;         // its place in the order of rows
};

class SparseMatrix {
public:
    SparseMatrix() = default;
    // Entries in any order; two at one place are a bug (asserts), as is one outside.
    SparseMatrix(Eigen::Index rows, Eigen::Index columns, std::vector<SparseEntry> entries);

    Eigen::Index rows() const { return pattern_ ? pattern_->rows : 0; }
    Eigen::Index cols() const { return pattern_ ? pattern_->columns : 0; }
    const SparsePattern& pattern() const { return *pattern_; }
    const std::vector<float>& values() const { return values_; }
    // The same pattern with other values, in the order of rows.
    void assign(const SparseMatrix& like);
    std::vector<float>& values() { return values_; }

    // out = A x and out = A' x, x (rows, width); out is resized.
    void multiply(const Matrix& x, Matrix& out, Workers& workers) const;
    void multiply_transposed(ConstTile x, Eigen::Index width, Matrix& out, Workers& workers) const;
    // Rows [first, first + count) of A' x, contiguous at `out`, x (rows, width); on the calling
    // thread.
    void multiply_transposed_rows(ConstTile x, Eigen::Index width, Eigen::Index first,
                                  Eigen::Index count, float* out) const;

private:
    std::shared_ptr<const SparsePattern> pattern_;
    std::vector<float> values_;
};

}  // namespace opal::dfa
