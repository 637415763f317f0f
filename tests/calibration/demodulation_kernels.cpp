// DemodulationKernels: every vector form gives the bits of the plain one; the plain ones against
// sums written out in double precision.
#include "calibration/demodulation_kernels.h"

#include "tests/sim/vector_targets.h"

#include <doctest/doctest.h>

#include <cmath>
#include <complex>
#include <cstring>
#include <random>
#include <vector>

using namespace opal::calibration;

namespace {

std::vector<float> noise(std::size_t size, std::uint32_t seed) {
    std::mt19937 bits(seed);
    std::vector<float> values(size);
    for (float& v : values) v = static_cast<float>(bits()) / 2147483648.0F - 1.0F;
    return values;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Float sums of `count` products of numbers below 1: each step rounds by 2^-24 of at most `count`.
double rounding(int count) {
    return 2.0 * count * count * std::ldexp(1.0, -24);
}

constexpr std::size_t widths[] = {1, 3, 15, 16, 17, 63, 64, 65, 130};

}  // namespace

TEST_CASE("counts are weighed alike by all vector forms") {
    std::mt19937 bits(5);
    for (const std::size_t n : widths) {
        std::vector<std::uint8_t> bytes(n);
        std::vector<std::uint16_t> words(n);
        for (std::size_t r = 0; r < n; ++r) {
            bytes[r] = static_cast<std::uint8_t>(bits());
            words[r] = static_cast<std::uint16_t>(bits() & 0xFFF);
        }
        bytes[0] = 255;
        words[0] = 65535;  // as a count, not as -1
        const std::vector<float> offset = noise(n, 6);
        const std::vector<float> weight = noise(n, 7);
        std::vector<float> from_bytes(n);
        std::vector<float> from_words(n);
        weigh_counts_plain(CountRow<std::uint8_t>{bytes.data(), offset.data(), weight.data()},
                           from_bytes);
        weigh_counts_plain(CountRow<std::uint16_t>{words.data(), offset.data(), weight.data()},
                           from_words);
        CHECK(from_bytes[0] == (255.0F - offset[0]) * weight[0]);
        CHECK(from_words[0] == (65535.0F - offset[0]) * weight[0]);
        opal::test::for_each_vector_target([&] {
            std::vector<float> out(n);
            weigh_counts(CountRow<std::uint8_t>{bytes.data(), offset.data(), weight.data()}, out);
            CHECK(same_bits(out, from_bytes));
            weigh_counts(CountRow<std::uint16_t>{words.data(), offset.data(), weight.data()}, out);
            CHECK(same_bits(out, from_words));
        });
    }
}

TEST_CASE("the filter down the rows") {
    constexpr int count = 33;
    const std::vector<float> tap_re = noise(count, 1);
    const std::vector<float> tap_im = noise(count, 2);
    const ComplexTaps taps{tap_re.data(), tap_im.data(), count};
    for (const std::size_t columns : widths) {
        CAPTURE(columns);
        const std::vector<float> rows = noise(count * columns, 3);
        std::vector<float> re(columns);
        std::vector<float> im(columns);
        filter_down_plain(taps, rows.data(), columns, re.data(), im.data());
        for (std::size_t c = 0; c < columns; ++c) {
            std::complex<double> sum = 0;
            for (std::size_t k = 0; k < count; ++k)
                sum += std::complex<double>(tap_re[k], tap_im[k]) * double{rows[k * columns + c]};
            CHECK(std::abs(std::complex<double>(re[c], im[c]) - sum) < rounding(count));
        }
        opal::test::for_each_vector_target([&] {
            std::vector<float> fast_re(columns);
            std::vector<float> fast_im(columns);
            filter_down(taps, rows.data(), columns, fast_re.data(), fast_im.data());
            CHECK(same_bits(fast_re, re));
            CHECK(same_bits(fast_im, im));
        });
    }
}

TEST_CASE("a band is transposed") {
    for (const std::size_t columns : widths) {
        CAPTURE(columns);
        const std::vector<float> in = noise(band_rows * columns, 8);
        std::vector<float> plain(in.size());
        transpose_band_plain(in.data(), columns, plain.data());
        CHECK(plain[band_rows - 1] == in[(band_rows - 1) * columns]);
        CHECK(plain[(columns - 1) * band_rows] == in[columns - 1]);
        opal::test::for_each_vector_target([&] {
            std::vector<float> out(in.size());
            transpose_band(in.data(), columns, out.data());
            CHECK(same_bits(out, plain));
        });
    }
}

TEST_CASE("the filter across the columns") {
    constexpr int count = 33;
    const std::vector<float> tap_re = noise(count, 1);
    const std::vector<float> tap_im = noise(count, 2);
    const ComplexTaps taps{tap_re.data(), tap_im.data(), count};
    const std::vector<float> in_re = noise(count * band_rows, 3);
    const std::vector<float> in_im = noise(count * band_rows, 4);
    std::vector<float> re(band_rows);
    std::vector<float> im(band_rows);
    filter_across_plain(taps, in_re.data(), in_im.data(), re.data(), im.data());
    for (std::size_t i = 0; i < band_rows; ++i) {
        std::complex<double> sum = 0;
        for (std::size_t k = 0; k < count; ++k) {
            const std::size_t at = k * band_rows + i;
            sum += std::complex<double>(tap_re[k], tap_im[k]) *
                   std::complex<double>(in_re[at], in_im[at]);
        }
        CHECK(std::abs(std::complex<double>(re[i], im[i]) - sum) < 2 * rounding(count));
    }
    opal::test::for_each_vector_target([&] {
        std::vector<float> fast_re(band_rows);
        std::vector<float> fast_im(band_rows);
        filter_across(taps, in_re.data(), in_im.data(), fast_re.data(), fast_im.data());
        CHECK(same_bits(fast_re, re));
        CHECK(same_bits(fast_im, im));
    });
}
