// Building and multiplying. See sparse.h.
#include "dfa/sparse.h"

#include "dfa/elementwise.h"

#include <algorithm>
#include <cassert>

namespace opal::dfa {

namespace {

constexpr Eigen::Index rows_per_task = 256;

}  // namespace

SparseMatrix::SparseMatrix(Eigen::Index rows, Eigen::Index columns,
                           std::vector<SparseEntry> entries) {
    std::sort(entries.begin(), entries.end(), [](const SparseEntry& a, const SparseEntry& b) {
        return a.row != b.row ? a.row < b.row : a.column < b.column;
    });
    auto pattern = std::make_shared<SparsePattern>();
    SparsePattern& p = *pattern;
    p.rows = rows;
    p.columns = columns;
    p.row_begin.assign(static_cast<std::size_t>(rows) + 1, 0);
    p.column_begin.assign(static_cast<std::size_t>(columns) + 1, 0);
    p.column.reserve(entries.size());
    values_.reserve(entries.size());
    for (std::size_t k = 0; k < entries.size(); ++k) {
        const SparseEntry& e = entries[k];
        assert(e.row >= 0 && e.row < rows && e.column >= 0 && e.column < columns);
        assert(k == 0 || entries[k - 1].row != e.row || entries[k - 1].column != e.column);
        ++p.row_begin[static_cast<std::size_t>(e.row) + 1];
        ++p.column_begin[static_cast<std::size_t>(e.column) + 1];
        p.column.push_back(e.column);
        values_.push_back(e.value);
    }
    for (std::size_t r = 1; r < p.row_begin.size(); ++r) p.row_begin[r] += p.row_begin[r - 1];
    for (std::size_t c = 1; c < p.column_begin.size(); ++c) {
        p.column_begin[c] += p.column_begin[c - 1];
    }
    // Walking the entries by rows fills each column in rising order of rows.
    p.row.resize(entries.size());
    p.entry.resize(entries.size());
    std::vector<std::int64_t> next(p.column_begin.begin(), p.column_begin.end());
    for (std::size_t k = 0; k < entries.size(); ++k) {
        const auto place =
            static_cast<std::size_t>(next[static_cast<std::size_t>(entries[k].column)]++);
        p.row[place] = entries[k].row;
        p.entry[place] = static_cast<std::int64_t>(k);
    }
    pattern_ = std::move(pattern);
}

void SparseMatrix::assign(const SparseMatrix& like) {
    pattern_ = like.pattern_;
    values_.resize(like.values_.size());
}

void SparseMatrix::multiply(const Matrix& x, Matrix& out, Workers& workers) const {
    assert(x.rows() == cols());
    out.resize(rows(), x.cols());
    const auto width = static_cast<std::size_t>(x.cols());
    const Cut ranges = cut(rows(), rows_per_task);
    workers.run(ranges.count, [&](Eigen::Index task, int) {
        for (Eigen::Index r = ranges.begin(task); r < ranges.begin(task + 1); ++r) {
            float* row = out.data() + r * out.cols();
            std::fill_n(row, width, 0.0f);
            const auto begin =
                static_cast<std::size_t>(pattern_->row_begin[static_cast<std::size_t>(r)]);
            const auto end =
                static_cast<std::size_t>(pattern_->row_begin[static_cast<std::size_t>(r) + 1]);
            for (std::size_t k = begin; k < end; ++k) {
                add_scaled(row, x.data() + pattern_->column[k] * x.cols(), values_[k], width);
            }
        }
    });
}

void SparseMatrix::multiply_transposed(ConstTile x, Eigen::Index width, Matrix& out,
                                       Workers& workers) const {
    out.resize(cols(), width);
    const Cut ranges = cut(cols(), rows_per_task);
    workers.run(ranges.count, [&](Eigen::Index task, int) {
        const Eigen::Index first = ranges.begin(task);
        multiply_transposed_rows(x, width, first, ranges.size(task), out.data() + first * width);
    });
}

void SparseMatrix::multiply_transposed_rows(ConstTile x, Eigen::Index width, Eigen::Index first,
                                            Eigen::Index count, float* out) const {
    assert(first >= 0 && first + count <= cols());
    const auto floats = static_cast<std::size_t>(width);
    std::fill_n(out, static_cast<std::size_t>(count) * floats, 0.0f);
    for (Eigen::Index c = 0; c < count; ++c) {
        const auto begin =
            static_cast<std::size_t>(pattern_->column_begin[static_cast<std::size_t>(first + c)]);
        const auto end = static_cast<std::size_t>(
            pattern_->column_begin[static_cast<std::size_t>(first + c) + 1]);
        for (std::size_t k = begin; k < end; ++k) {
            const float value = values_[static_cast<std::size_t>(pattern_->entry[k])];
            if (value == 0) continue;  // dropped words
            add_scaled(out + c * width, x.data + pattern_->row[k] * x.stride, value, floats);
        }
    }
}

}  // namespace opal::dfa
