// LayeredKernels: the inner loops of LayeredMedium, Walsh-Hadamard transforms and multiplication by
// fourth roots of unity, on numbers whose real and imaginary parts lie in separate arrays.
//
// Each has a plain form, which defines it, and a form for the widest vector registers of the
// machine (Highway, chosen at run time). Sums and differences of integers: the same numbers.
// Nobody checks for overflow here; whoever calls knows the bound.
#pragma once

#include <cstddef>
#include <cstdint>

namespace opal::sim {

// The transform over `rows` (a power of two) of an array (rows, width), each column for itself:
//   x[r][c] <- sum over s of (-1)^popcount(r & s) x[s][c]
void transform_rows_plain(std::int32_t* x, std::size_t rows, std::size_t width);
void transform_rows_plain(std::int64_t* x, std::size_t rows, std::size_t width);
void transform_rows(std::int32_t* x, std::size_t rows, std::size_t width);
void transform_rows(std::int64_t* x, std::size_t rows, std::size_t width);

// The same over `size` (a power of two, at least 32) neighbours, which is transform_rows of
// (size, 1).
void transform_line(std::int32_t* x, std::size_t size);
void transform_line(std::int64_t* x, std::size_t size);

// Exponents of i, two bits each, as drawn: position 64 x + 16 w + l is in words[w * draws + x],
// bits 2 l and 2 l + 1.
struct Diagonal {
    const std::uint32_t* words = nullptr;
    std::size_t draws = 0;
    std::uint32_t word(std::size_t position) const {  // that of 16 positions
        return words[position / 16 % 4 * draws + position / 64];
    }
};

// out = in * i^exponent for `count` numbers from diagonal position `first` on; both multiples of
// 16. `out` may be `in`.
void turn_plain(const Diagonal& diagonal, std::size_t first, std::size_t count,
                const std::int64_t* re, const std::int64_t* im, std::int64_t* out_re,
                std::int64_t* out_im);
void turn(const Diagonal& diagonal, std::size_t first, std::size_t count, const std::int64_t* re,
          const std::int64_t* im, std::int64_t* out_re, std::int64_t* out_im);
// The same from narrower numbers.
void widen_and_turn(const Diagonal& diagonal, std::size_t first, std::size_t count,
                    const std::int32_t* re, const std::int32_t* im, std::int64_t* out_re,
                    std::int64_t* out_im);
// The same of real numbers, narrow.
void turn_real(const Diagonal& diagonal, std::size_t first, std::size_t count,
               const std::int32_t* re, std::int32_t* out_re, std::int32_t* out_im);

// The largest |x|.
std::int64_t largest(const std::int32_t* x, std::size_t count);

// field[2 k] += re[k], field[2 k + 1] += im[k]
void add_interleaved(const std::int64_t* re, const std::int64_t* im, std::size_t count,
                     std::int64_t* field);

}  // namespace opal::sim
