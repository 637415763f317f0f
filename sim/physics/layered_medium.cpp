// LayeredMedium: three in-place Walsh-Hadamard transforms on int64. See layered_medium.h.
#include "sim/physics/layered_medium.h"

#include "sim/physics/random_streams.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace opal::sim {

namespace {

constexpr std::uint32_t positions_per_draw = 64;  // 128 bits, 2 each

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

void LayeredMedium::add_field(std::span<const std::int32_t> q12, const ModeWindow& window,
                              std::uint32_t epoch, std::span<std::int64_t> field,
                              MediumScratch& scratch) const {
    assert(q12.size() == channels_ && field.size() == 2 * window.modes());
    std::vector<std::int64_t>& x = scratch.transform;
    x.assign(2 * size_, 0);
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
