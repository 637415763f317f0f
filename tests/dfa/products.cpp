// Products by tiles and sparse products against triple loops in double.
#include "dfa/blas.h"
#include "dfa/sparse.h"
#include "tests/dfa/reference.h"

#include <doctest/doctest.h>

#include <cstring>

using namespace opal;
using tests::matrix_of;
using tests::Numbers;
using tests::Table;
using tests::table_of;

namespace {

// A float sum of n products of numbers in [-1, 1] is off by at most n^2 u / 2 with u = 2^-24, plus
// n u for the rounded products; typical errors are far below.
double tolerance(std::size_t n) {
    const double u = 0x1p-24;
    return (static_cast<double>(n) * static_cast<double>(n) / 2 + static_cast<double>(n)) * u;
}

// The floats of `m`, in double: what the code under test really was given.
Table rounded(const Table& t) {
    return table_of(matrix_of(t));
}

}  // namespace

TEST_CASE("cutting covers a length once, in order, in balanced pieces") {
    for (Eigen::Index length : {0, 1, 2, 127, 128, 784, 1000, 2047}) {
        for (Eigen::Index piece : {1, 32, 256}) {
            const dfa::Cut pieces = dfa::cut(length, piece);
            Eigen::Index end = 0;
            for (Eigen::Index k = 0; k < pieces.count; ++k) {
                CHECK(pieces.begin(k) == end);
                end += pieces.size(k);
                if (length > 0) CHECK(pieces.size(k) >= length / pieces.count);
                if (length > 0) CHECK(pieces.size(k) <= length / pieces.count + 1);
            }
            CHECK(end == length);
        }
    }
}

TEST_CASE("multiply transposes what it is told to and respects strides") {
    Numbers numbers(1);
    const Table a = rounded(numbers.table(5, 7));
    const Table b = rounded(numbers.table(7, 4));
    const Table expected = tests::product(a, b);
    for (bool a_transposed : {false, true}) {
        for (bool b_transposed : {false, true}) {
            // Inside wider matrices filled with 9, so that a wrong stride shows.
            const dfa::Matrix as = matrix_of(a_transposed ? tests::transposed(a) : a);
            const dfa::Matrix bs = matrix_of(b_transposed ? tests::transposed(b) : b);
            dfa::Matrix wide_a = dfa::Matrix::Constant(as.rows(), as.cols() + 3, 9);
            dfa::Matrix wide_b = dfa::Matrix::Constant(bs.rows(), bs.cols() + 2, 9);
            dfa::Matrix wide_c = dfa::Matrix::Constant(5, 6, 9);
            wide_a.leftCols(as.cols()) = as;
            wide_b.leftCols(bs.cols()) = bs;
            dfa::multiply(5, 4, 7, {wide_a.data(), wide_a.cols()}, a_transposed,
                          {wide_b.data(), wide_b.cols()}, b_transposed,
                          {wide_c.data(), wide_c.cols()});
            CHECK(tests::largest_difference(table_of(wide_c.leftCols(4)), expected) < tolerance(7));
            CHECK((wide_c.rightCols(2).array() == 9).all());
        }
    }
}

TEST_CASE("tiled products are right and the same bytes on any number of workers") {
    Numbers numbers(2);
    const Table a = rounded(numbers.table(300, 70));
    const Table b = rounded(numbers.table(70, 530));
    const Table expected = tests::product(a, b);
    const dfa::Matrix am = matrix_of(a);
    for (bool transposed : {false, true}) {
        const dfa::Matrix bm = matrix_of(transposed ? tests::transposed(b) : b);
        dfa::Matrix first;
        for (int threads : {1, 2, 3}) {
            dfa::Workers workers(threads);
            dfa::Matrix c;
            dfa::multiply_tiled(am.rows(), {am.data(), am.cols()}, bm, transposed, c, workers);
            CHECK(tests::largest_difference(table_of(c), expected) < tolerance(70));
            if (threads == 1) {
                first = c;
            } else {
                const auto bytes = static_cast<std::size_t>(c.size()) * sizeof(float);
                CHECK(std::memcmp(first.data(), c.data(), bytes) == 0);
            }
        }
    }
}

TEST_CASE("sparse products agree with dense ones, both ways round") {
    Numbers numbers(3);
    Table a(600, 310);
    std::vector<dfa::SparseEntry> entries;
    for (std::size_t r = 0; r < a.rows; ++r) {
        for (std::size_t c = 0; c < a.columns; ++c) {
            if (numbers.next() < 0.9 || r == 17) continue;  // row 17 stays empty
            const auto value = static_cast<float>(numbers.next());
            a.at(r, c) = static_cast<double>(value);
            // Handed over in falling order: the matrix must sort them.
            entries.insert(entries.begin(),
                           {static_cast<std::int32_t>(r), static_cast<std::int32_t>(c), value});
        }
    }
    const dfa::SparseMatrix sparse(600, 310, entries);
    const Table x = rounded(numbers.table(310, 9));
    const Table y = rounded(numbers.table(600, 9));
    const dfa::Matrix xm = matrix_of(x);
    const dfa::Matrix ym = matrix_of(y);
    for (int threads : {1, 3}) {
        dfa::Workers workers(threads);
        dfa::Matrix out;
        sparse.multiply(xm, out, workers);
        CHECK(tests::largest_difference(table_of(out), tests::product(a, x)) < tolerance(60));
        sparse.multiply_transposed({ym.data(), 9}, 9, out, workers);
        CHECK(tests::largest_difference(table_of(out), tests::product(tests::transposed(a), y)) <
              tolerance(90));
    }
}
