// The one call into BLAS. See blas.h.
#include "dfa/blas.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <mutex>

extern "C" {
// The Fortran interface every BLAS has. Column-major.
void sgemm_(const char* transpose_a, const char* transpose_b, const int* rows, const int* columns,
            const int* inner, const float* alpha, const float* a, const int* stride_a,
            const float* b, const int* stride_b, const float* beta, float* c, const int* stride_c);
// OpenBLAS only; absent (null) in a BLAS that has no threads to switch off.
void openblas_set_num_threads(int threads) __attribute__((weak));
}

namespace opal::dfa {

namespace {

int to_int(Eigen::Index value) {
    assert(value >= 0 && value <= std::numeric_limits<int>::max());
    return static_cast<int>(value);
}

}  // namespace

void multiply(Eigen::Index rows, Eigen::Index columns, Eigen::Index inner, ConstTile a,
              bool a_transposed, ConstTile b, bool b_transposed, Tile c) {
    static std::once_flag one_thread;
    std::call_once(one_thread, [] {
        if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
    });
    if (rows == 0 || columns == 0) return;
    // Row-major C = A B is column-major C' = B' A' on the same memory.
    const char transpose_a = a_transposed ? 'T' : 'N';
    const char transpose_b = b_transposed ? 'T' : 'N';
    const int m = to_int(columns);
    const int n = to_int(rows);
    const int k = to_int(inner);
    const int stride_a = std::max(1, to_int(a.stride));
    const int stride_b = std::max(1, to_int(b.stride));
    const int stride_c = std::max(1, to_int(c.stride));
    const float alpha = 1;
    const float beta = 0;
    sgemm_(&transpose_b, &transpose_a, &m, &n, &k, &alpha, b.data, &stride_b, a.data, &stride_a,
           &beta, c.data, &stride_c);
}

Cut cut(Eigen::Index length, Eigen::Index piece) {
    assert(length >= 0 && piece >= 1);
    return {length, std::max<Eigen::Index>(1, (length + piece / 2) / piece)};
}

void multiply_tiled(Eigen::Index rows, ConstTile a, const Matrix& b, bool b_transposed, Matrix& c,
                    Workers& workers) {
    multiply_tiled(rows, a, b, b_transposed, c, workers,
                   [](Eigen::Index, Eigen::Index, Eigen::Index, Eigen::Index) {});
}

}  // namespace opal::dfa
