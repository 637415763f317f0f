// Reference: networks in double precision, written as the formulas are, with triple loops. Shares
// no code with dfa/ and is what dfa/ is compared with.
#pragma once

#include "dfa/projector.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace opal::tests {

// Row-major, the plain way.
struct Table {
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::vector<double> cells;

    Table() = default;
    Table(std::size_t r, std::size_t c) : rows(r), columns(c), cells(r * c, 0.0) {}
    double& at(std::size_t r, std::size_t c) { return cells[r * columns + c]; }
    double at(std::size_t r, std::size_t c) const { return cells[r * columns + c]; }
};

inline Table table_of(const dfa::Matrix& m) {
    Table t(static_cast<std::size_t>(m.rows()), static_cast<std::size_t>(m.cols()));
    for (Eigen::Index r = 0; r < m.rows(); ++r) {
        for (Eigen::Index c = 0; c < m.cols(); ++c) {
            t.at(static_cast<std::size_t>(r), static_cast<std::size_t>(c)) =
                static_cast<double>(m(r, c));
        }
    }
    return t;
}

inline dfa::Matrix matrix_of(const Table& t) {
    dfa::Matrix m(static_cast<Eigen::Index>(t.rows), static_cast<Eigen::Index>(t.columns));
    for (Eigen::Index r = 0; r < m.rows(); ++r) {
        for (Eigen::Index c = 0; c < m.cols(); ++c) {
            m(r, c) =
                static_cast<float>(t.at(static_cast<std::size_t>(r), static_cast<std::size_t>(c)));
        }
    }
    return m;
}

inline Table product(const Table& a, const Table& b) {
    Table c(a.rows, b.columns);
    for (std::size_t i = 0; i < a.rows; ++i) {
        for (std::size_t j = 0; j < b.columns; ++j) {
            for (std::size_t k = 0; k < a.columns; ++k) c.at(i, j) += a.at(i, k) * b.at(k, j);
        }
    }
    return c;
}

inline Table transposed(const Table& a) {
    Table t(a.columns, a.rows);
    for (std::size_t i = 0; i < a.rows; ++i) {
        for (std::size_t j = 0; j < a.columns; ++j) t.at(j, i) = a.at(i, j);
    }
    return t;
}

// The largest difference of two tables of one shape; infinite if the shapes differ.
inline double largest_difference(const Table& a, const Table& b) {
    if (a.rows != b.rows || a.columns != b.columns) return HUGE_VAL;
    double worst = 0;
    for (std::size_t k = 0; k < a.cells.size(); ++k) {
        const double d = std::fabs(a.cells[k] - b.cells[k]);
        if (!(d <= worst)) worst = d;  // also takes a NaN
    }
    return worst;
}

// Numbers in [-1, 1) from a congruential generator: nothing of dfa/random.h.
class Numbers {
public:
    explicit Numbers(std::uint64_t seed) : state_(seed * 2862933555777941757ULL + 3037000493ULL) {}
    double next() {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<double>(static_cast<std::int64_t>(state_) >> 11) * 0x1p-52;
    }
    Table table(std::size_t rows, std::size_t columns, double size = 1) {
        Table t(rows, columns);
        for (double& cell : t.cells) cell = size * next();
        return t;
    }

private:
    std::uint64_t state_;
};

// d f / d x for every cell of x by central differences.
inline Table numerical_gradient(Table x, const std::function<double(const Table&)>& f,
                                double step = 1e-5) {
    Table gradient(x.rows, x.columns);
    for (std::size_t k = 0; k < x.cells.size(); ++k) {
        const double centre = x.cells[k];
        x.cells[k] = centre + step;
        const double above = f(x);
        x.cells[k] = centre - step;
        const double below = f(x);
        x.cells[k] = centre;
        gradient.cells[k] = (above - below) / (2 * step);
    }
    return gradient;
}

}  // namespace opal::tests
