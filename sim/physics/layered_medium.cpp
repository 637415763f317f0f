// LayeredMedium: three Walsh-Hadamard transforms in four walks over memory. See layered_medium.h.
//
// Seen as a matrix of R rows of C neighbours, a transform is one over rows and one over each line,
// in either order. With D between transforms acting on every number for itself, the three become
//   first pass   D1, rows of 1            columns of q12, a tile of them at a time
//   second pass  lines of 1, D2, lines of 2      a line at a time
//   third pass   rows of 2, D3, rows of 3        a tile of columns at a time
//   fourth pass  lines of 3, into the field      a line at a time
// and all a pass does with a tile or a line happens in cache. Rows without channels are not
// transformed (the first two passes know them to be copies), rows outside the window not finished.
//
// Bounds. |q12| <= 4096 and at most R rows: after the first pass parts are below 4096 R <= 2^26,
// int32. A line whose largest part is M stays below M C in the second; where that passes int32 the
// line is transformed in int64. From D2 on everything is int64: see the constructor.
#include "sim/physics/layered_medium.h"

#include "sim/physics/layered_kernels.h"
#include "sim/physics/random_streams.h"
#include "sim/physics/sensor_kernels.h"
#include "sim/physics/shared_work.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <limits>

namespace opal::sim {

namespace {

constexpr std::uint32_t positions_per_draw = 64;  // 128 bits, 2 each

// A line of int64 is 32 KiB, a tile of pairs 1 MiB: first and second level cache.
constexpr std::size_t longest_line = 4096;
constexpr std::size_t tile_numbers = 65536;
constexpr std::size_t narrowest_tile = 16;
constexpr std::size_t widest_tile = 64;
constexpr std::size_t least_shared = std::size_t{1} << 16;  // below, starting a thread costs more

// The highest stages of a transform over rows, for the rows [first, first + kept) of its result
// only; they end up at the beginning, ready for the stages that are left.
void fold_rows(std::int64_t* x, std::size_t rows, std::size_t width, std::size_t first,
               std::size_t kept) {
    for (std::size_t half = rows / 2; half >= kept; half /= 2) {
        const std::int64_t sign = (first & half) != 0 ? -1 : 1;
        std::int64_t* const other = x + half * width;
        for (std::size_t k = 0; k < half * width; ++k) x[k] += sign * other[k];
    }
}

int exponent_in(const PhiloxWords& words, std::uint32_t place) {
    return static_cast<int>(words[place / 16] >> (2 * (place % 16)) & 3u);
}

}  // namespace

LayeredMedium::LayeredMedium(std::uint64_t seed, int channels, int grid_rows, int grid_columns)
    : seed_(seed), channels_(static_cast<std::size_t>(channels)) {
    const auto modes = static_cast<std::size_t>(grid_rows) * static_cast<std::size_t>(grid_columns);
    while (size_ < std::max(modes, channels_)) {
        size_ *= 2;
        ++log2_size_;
    }
    // A transform multiplies the 2-norm by sqrt(n), so |y_k| <= n^1.5 * (4096 * sqrt(n)), which is
    // 4096 n^2: int64 holds n up to 2^25.
    assert(log2_size_ <= 25);
}

int LayeredMedium::exponent(std::uint32_t position, std::uint32_t layer,
                            std::uint32_t epoch) const {
    const PhiloxWords words =
        draw(seed_, RandomStream::diagonals, position / positions_per_draw, layer, epoch);
    return exponent_in(words, position % positions_per_draw);
}

struct LayeredMedium::Shape {
    std::size_t columns = 1;    // C: neighbours in a line
    std::size_t rows = 1;       // R = size / C
    std::size_t occupied = 1;   // a power of two of rows that holds all channels
    std::size_t tile = 1;       // columns done together
    std::size_t first_row = 0;  // of an aligned power of two of rows that holds the window
    std::size_t kept = 1;       // how many
    int threads = 1;
};

// All arrays (rows, columns), real and imaginary parts apart.
struct LayeredMedium::Buffers {
    Diagonal diagonals[3];
    std::int32_t* narrow_re = nullptr;  // occupied rows
    std::int32_t* narrow_im = nullptr;
    std::int64_t* re = nullptr;
    std::int64_t* im = nullptr;
    std::int64_t* tiles = nullptr;  // one per thread: real and imaginary parts of a tile or a line
    std::size_t tile_size = 0;
    std::int64_t* tile(int thread) const {
        return tiles + tile_size * static_cast<std::size_t>(thread);
    }
};

LayeredMedium::Buffers LayeredMedium::prepare_buffers(const Shape& shape, std::uint32_t epoch,
                                                      MediumScratch& scratch) const {
    Buffers buffers;
    const std::size_t draws = size_ / positions_per_draw;
    scratch.diagonals.resize(3 * 4 * draws);
    for (std::uint32_t layer = 0; layer < 3; ++layer) {
        std::uint32_t* const words = scratch.diagonals.data() + layer * 4 * draws;
        draw_words({0, layer, epoch, stream_word(RandomStream::diagonals)}, key_of(seed_), draws,
                   words);
        buffers.diagonals[layer] = {words, draws};
    }
    const std::size_t narrow = shape.occupied * shape.columns;
    scratch.narrow.resize(2 * narrow);
    buffers.narrow_re = scratch.narrow.data();
    buffers.narrow_im = scratch.narrow.data() + narrow;
    scratch.transform.resize(2 * size_);
    buffers.re = scratch.transform.data();
    buffers.im = scratch.transform.data() + size_;
    buffers.tile_size = 2 * std::max(shape.rows * shape.tile, shape.columns);
    scratch.tiles.resize(buffers.tile_size * static_cast<std::size_t>(shape.threads));
    buffers.tiles = scratch.tiles.data();
    return buffers;
}

void LayeredMedium::first_pass(std::span<const std::int32_t> q12, const Shape& shape,
                               const Buffers& buffers) const {
    const std::size_t width = shape.tile;
    const std::size_t numbers = shape.occupied * width;
    share_work(shape.columns / width, shape.threads, [&](std::size_t part, int thread) {
        auto* const re = reinterpret_cast<std::int32_t*>(buffers.tile(thread));
        std::int32_t* const im = re + numbers;
        const std::size_t column = part * width;
        std::array<std::int32_t, widest_tile> cut{};
        for (std::size_t r = 0; r < shape.occupied; ++r) {
            const std::size_t first = r * shape.columns + column;
            const std::int32_t* from = cut.data();
            if (first + width <= q12.size()) {
                from = q12.data() + first;
            } else {
                cut.fill(0);
                for (std::size_t i = first; i < q12.size(); ++i) cut[i - first] = q12[i];
            }
            turn_real(buffers.diagonals[0], first, width, from, re + r * width, im + r * width);
        }
        transform_rows(re, shape.occupied, width);
        transform_rows(im, shape.occupied, width);
        for (std::size_t r = 0; r < shape.occupied; ++r) {
            const std::size_t to = r * shape.columns + column;
            std::copy_n(re + r * width, width, buffers.narrow_re + to);
            std::copy_n(im + r * width, width, buffers.narrow_im + to);
        }
    });
}

void LayeredMedium::second_pass(const Shape& shape, const Buffers& buffers) const {
    const std::size_t n = shape.columns;
    share_work(shape.occupied, shape.threads, [&](std::size_t row, int thread) {
        std::int32_t* const re = buffers.narrow_re + row * n;
        std::int32_t* const im = buffers.narrow_im + row * n;
        const std::int64_t bound =
            std::max(largest(re, n), largest(im, n)) * static_cast<std::int64_t>(n);
        const bool fits = bound <= std::numeric_limits<std::int32_t>::max();
        std::int64_t* const wide_re = buffers.tile(thread);
        std::int64_t* const wide_im = wide_re + n;
        if (fits) {
            transform_line(re, n);
            transform_line(im, n);
        } else {
            std::copy_n(re, n, wide_re);
            std::copy_n(im, n, wide_im);
            transform_line(wide_re, n);
            transform_line(wide_im, n);
        }
        // Rows without channels add nothing: their sums and differences are copies of these.
        for (std::size_t copy = row; copy < shape.rows; copy += shape.occupied) {
            std::int64_t* const to_re = buffers.re + copy * n;
            std::int64_t* const to_im = buffers.im + copy * n;
            if (fits) {
                widen_and_turn(buffers.diagonals[1], copy * n, n, re, im, to_re, to_im);
            } else {
                turn(buffers.diagonals[1], copy * n, n, wide_re, wide_im, to_re, to_im);
            }
            transform_line(to_re, n);
            transform_line(to_im, n);
        }
    });
}

void LayeredMedium::third_pass(const Shape& shape, const Buffers& buffers) const {
    const std::size_t width = shape.tile;
    share_work(shape.columns / width, shape.threads, [&](std::size_t part, int thread) {
        std::int64_t* const re = buffers.tile(thread);
        std::int64_t* const im = re + shape.rows * width;
        const std::size_t column = part * width;
        for (std::size_t r = 0; r < shape.rows; ++r) {
            const std::size_t from = r * shape.columns + column;
            std::copy_n(buffers.re + from, width, re + r * width);
            std::copy_n(buffers.im + from, width, im + r * width);
        }
        for (std::int64_t* const x : {re, im}) transform_rows(x, shape.rows, width);
        for (std::size_t r = 0; r < shape.rows; ++r) {
            std::int64_t* const x = re + r * width;
            std::int64_t* const y = im + r * width;
            turn(buffers.diagonals[2], r * shape.columns + column, width, x, y, x, y);
        }
        for (std::int64_t* const x : {re, im}) {
            fold_rows(x, shape.rows, width, shape.first_row, shape.kept);
            transform_rows(x, shape.kept, width);
        }
        for (std::size_t r = 0; r < shape.kept; ++r) {
            const std::size_t to = (shape.first_row + r) * shape.columns + column;
            std::copy_n(re + r * width, width, buffers.re + to);
            std::copy_n(im + r * width, width, buffers.im + to);
        }
    });
}

void LayeredMedium::fourth_pass(const Shape& shape, const Buffers& buffers,
                                const ModeWindow& window, std::span<std::int64_t> field) const {
    const std::size_t n = shape.columns;
    const auto grid_columns = static_cast<std::size_t>(window.grid_columns);
    const auto columns = static_cast<std::size_t>(window.columns);
    const std::size_t begin = window.first_of_row(0);
    const std::size_t end = window.first_of_row(window.rows - 1) + columns;
    const std::size_t first_line = begin / n;
    share_work((end - 1) / n - first_line + 1, shape.threads, [&](std::size_t part, int) {
        const std::size_t line = (first_line + part) * n;
        std::int64_t* const re = buffers.re + line;
        std::int64_t* const im = buffers.im + line;
        // Window rows that meet this line.
        std::size_t r = line <= begin + columns ? 0 : (line - begin - columns) / grid_columns;
        bool transformed = false;
        for (; r < static_cast<std::size_t>(window.rows); ++r) {
            const std::size_t row = begin + r * grid_columns;
            if (row >= line + n) break;
            const std::size_t from = std::max(row, line);
            const std::size_t to = std::min(row + columns, line + n);
            if (from >= to) continue;
            if (!transformed) {
                transform_line(re, n);
                transform_line(im, n);
                transformed = true;
            }
            add_interleaved(re + (from - line), im + (from - line), to - from,
                            field.data() + 2 * (r * columns + (from - row)));
        }
    });
}

void LayeredMedium::add_field(std::span<const std::int32_t> q12, const ModeWindow& window,
                              std::uint32_t epoch, std::span<std::int64_t> field,
                              MediumScratch& scratch) const {
    assert(q12.size() == channels_ && field.size() == 2 * window.modes());
    if (size_ < positions_per_draw) {
        add_field_plain(q12, window, epoch, field);
        return;
    }
    Shape shape;
    shape.columns = std::min(size_, longest_line);
    shape.rows = size_ / shape.columns;
    shape.occupied = std::bit_ceil((channels_ + shape.columns - 1) / shape.columns);
    shape.tile = std::clamp(tile_numbers / shape.rows, narrowest_tile, widest_tile);
    shape.tile = std::min(shape.tile, shape.columns);
    shape.threads = size_ < least_shared ? 1 : std::max(scratch.threads, 1);
    const std::size_t first = window.first_of_row(0) / shape.columns;
    const std::size_t last =
        (window.first_of_row(window.rows - 1) + static_cast<std::size_t>(window.columns) - 1) /
        shape.columns;
    // The smallest aligned power of two with both in it.
    shape.kept = std::size_t{1} << std::bit_width(first ^ last);
    shape.first_row = first & ~(shape.kept - 1);
    const Buffers buffers = prepare_buffers(shape, epoch, scratch);
    first_pass(q12, shape, buffers);
    second_pass(shape, buffers);
    third_pass(shape, buffers);
    fourth_pass(shape, buffers, window, field);
}

void LayeredMedium::add_field_plain(std::span<const std::int32_t> q12, const ModeWindow& window,
                                    std::uint32_t epoch, std::span<std::int64_t> field) const {
    assert(q12.size() == channels_ && field.size() == 2 * window.modes());
    std::vector<std::int64_t> x(2 * size_, 0);
    for (std::size_t i = 0; i < channels_; ++i) x[2 * i] = q12[i];
    for (std::uint32_t layer = 0; layer < 3; ++layer) {
        const std::size_t occupied = layer == 0 ? channels_ : size_;
        PhiloxWords words{};
        for (std::uint32_t i = 0; i < occupied; ++i) {
            const std::uint32_t place = i % positions_per_draw;
            if (place == 0) {
                words = draw(seed_, RandomStream::diagonals, i / positions_per_draw, layer, epoch);
            }
            const std::int64_t re = x[2 * i];
            const std::int64_t im = x[2 * i + 1];
            switch (exponent_in(words, place)) {
                case 1:
                    x[2 * i] = -im;
                    x[2 * i + 1] = re;
                    break;
                case 2:
                    x[2 * i] = -re;
                    x[2 * i + 1] = -im;
                    break;
                case 3:
                    x[2 * i] = im;
                    x[2 * i + 1] = -re;
                    break;
                default:
                    break;
            }
        }
        // Butterflies over interleaved complex numbers: a span of 2 * half values at a time.
        for (std::size_t half = 2; half < 2 * size_; half *= 2) {
            for (std::size_t begin = 0; begin < 2 * size_; begin += 2 * half) {
                std::int64_t* a = x.data() + begin;
                std::int64_t* b = a + half;
                for (std::size_t i = 0; i < half; ++i) {
                    const std::int64_t sum = a[i] + b[i];
                    b[i] = a[i] - b[i];
                    a[i] = sum;
                }
            }
        }
    }
    for (int r = 0; r < window.rows; ++r) {
        const std::int64_t* from = x.data() + 2 * std::size_t{window.first_of_row(r)};
        std::int64_t* to = field.data() + 2 * static_cast<std::size_t>(r) * window.columns;
        for (int c = 0; c < 2 * window.columns; ++c) to[c] += from[c];
    }
}

// Nothing to store: diagonals are drawn as they are used.
void LayeredMedium::prepare(const ModeWindow&, std::uint32_t) const {}

double LayeredMedium::entry_power() const {
    return static_cast<double>(size_) * static_cast<double>(size_);
}

std::vector<std::complex<double>> LayeredMedium::plain_field(std::span<const double> amplitudes,
                                                             const ModeWindow& window,
                                                             std::uint32_t epoch) const {
    assert(amplitudes.size() == channels_);
    // H_ij = (-1)^popcount(i & j), multiplied out recursively in double: (a, b) -> (a + b, a - b)
    // on halves, breadth last.
    const std::complex<double> roots[4] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
    std::vector<std::complex<double>> x(size_);
    std::copy(amplitudes.begin(), amplitudes.end(), x.begin());
    std::vector<std::complex<double>> next(size_);
    for (std::uint32_t layer = 0; layer < 3; ++layer) {
        for (std::size_t i = 0; i < size_; ++i) {
            x[i] *= roots[exponent(static_cast<std::uint32_t>(i), layer, epoch)];
        }
        for (int bit = 0; bit < log2_size_; ++bit) {
            const std::size_t mask = std::size_t{1} << bit;
            for (std::size_t i = 0; i < size_; ++i) {
                next[i] = x[i & ~mask] + ((i & mask) != 0 ? -x[i | mask] : x[i | mask]);
            }
            x.swap(next);
        }
    }
    std::vector<std::complex<double>> field;
    for (int r = 0; r < window.rows; ++r) {
        const std::size_t first = window.first_of_row(r);
        for (int c = 0; c < window.columns; ++c) field.push_back(x[first + c]);
    }
    return field;
}

}  // namespace opal::sim
