// Matrix products of row-major float tiles through BLAS, always on the calling thread.
//
// Training cuts its products into tiles itself (workers.h), so that the result does not depend on
// the number of threads and each tile can be used while it is in cache. An OpenBLAS that started
// its own threads inside ours would be slow and would change sums: the first product switches it to
// one thread, for the whole process.
#pragma once

#include "dfa/projector.h"
#include "dfa/workers.h"

namespace opal::dfa {

// A tile of a row-major matrix: element (r, c) is data[r * stride + c].
struct ConstTile {
    const float* data;
    Eigen::Index stride;
};
struct Tile {
    float* data;
    Eigen::Index stride;
};

// c (rows, columns) = op(a) op(b), the sum over `inner`; op transposes where said so:
// a is stored (rows, inner), or (inner, rows) if a_transposed; likewise b.
void multiply(Eigen::Index rows, Eigen::Index columns, Eigen::Index inner, ConstTile a,
              bool a_transposed, ConstTile b, bool b_transposed, Tile c);

// How [0, length) is cut: `count` ranges of equal size but for one, so that threads stay balanced.
struct Cut {
    Eigen::Index length;
    Eigen::Index count;
    Eigen::Index begin(Eigen::Index k) const { return length * k / count; }
    Eigen::Index size(Eigen::Index k) const { return begin(k + 1) - begin(k); }
};
// About `piece` long each. Depends on nothing but its arguments.
Cut cut(Eigen::Index length, Eigen::Index piece);

// c = a op(b) on all workers, a of shape (rows, inner of b); resizes c.
// after(first row, rows, first column, columns) of each finished tile runs on its worker.
template <class After>
void multiply_tiled(Eigen::Index rows, ConstTile a, const Matrix& b, bool b_transposed, Matrix& c,
                    Workers& workers, After&& after) {
    const Eigen::Index columns = b_transposed ? b.rows() : b.cols();
    const Eigen::Index inner = b_transposed ? b.cols() : b.rows();
    c.resize(rows, columns);
    const Cut by_row = cut(rows, 256);
    const Cut by_column = cut(columns, 256);
    workers.run(by_row.count * by_column.count, [&](Eigen::Index task, int) {
        const Eigen::Index i = task / by_column.count;
        const Eigen::Index j = task % by_column.count;
        const Eigen::Index row = by_row.begin(i);
        const Eigen::Index column = by_column.begin(j);
        const float* b_tile = b.data() + (b_transposed ? column * b.cols() : column);
        multiply(by_row.size(i), by_column.size(j), inner, {a.data + row * a.stride, a.stride},
                 false, {b_tile, b.cols()}, b_transposed,
                 {c.data() + row * columns + column, columns});
        after(row, by_row.size(i), column, by_column.size(j));
    });
}
void multiply_tiled(Eigen::Index rows, ConstTile a, const Matrix& b, bool b_transposed, Matrix& c,
                    Workers& workers);

}  // namespace opal::dfa
