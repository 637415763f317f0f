// Both media against their definitions, the statistics they promise, and their twins.
#include "sim/physics/dense_medium.h"
#include "sim/physics/layered_medium.h"
#include "sim/physics/medium_kernels.h"
#include "tests/sim/vector_targets.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace opal::sim;

namespace {

std::vector<std::int32_t> amplitudes(std::size_t channels, unsigned seed) {
    std::vector<std::int32_t> q12(channels);
    for (auto& a : q12) {
        seed = seed * 1664525u + 1013904223u;
        a = static_cast<std::int32_t>(seed >> 16) % 8193 - 4096;
    }
    return q12;
}

std::vector<std::int64_t> field_of(const Medium& medium, std::span<const std::int32_t> q12,
                                   const ModeWindow& window, std::uint32_t epoch = 0) {
    std::vector<std::int64_t> field(2 * window.modes(), 0);
    MediumScratch scratch;
    medium.add_field(q12, window, epoch, field, scratch);
    return field;
}

constexpr ModeWindow part = {3, 5, 6, 7, 20, 30};

}  // namespace

TEST_CASE("dense fields are the exact sum of entries times amplitudes, stored or not") {
    for (const int channels : {1, 2, 9, 61}) {
        CAPTURE(channels);
        MediumScene scene;
        scene.storage = Storage::always;
        const DenseMedium stored(scene, 11, channels);
        scene.storage = Storage::never;
        const DenseMedium fleeting(scene, 11, channels);
        const auto q12 = amplitudes(channels, 3);
        const auto got = field_of(stored, q12, part, 2);
        CHECK(got == field_of(fleeting, q12, part, 2));
        CHECK(fleeting.stored_bytes() == 0);
        CHECK(stored.stored_bytes() >= part.modes() * channels * 2);
        std::size_t at = 0;
        for (int r = 0; r < part.rows; ++r) {
            for (int c = 0; c < part.columns; ++c) {
                const auto mode = static_cast<std::uint32_t>((part.row + r) * part.grid_columns +
                                                             part.column + c);
                std::int64_t re = 0;
                std::int64_t im = 0;
                for (std::uint32_t i = 0; i < q12.size(); ++i) {
                    const std::complex<double> t = stored.entry(mode, i, 2);
                    re += std::int64_t(t.real()) * q12[i];
                    im += std::int64_t(t.imag()) * q12[i];
                }
                CHECK(got[at++] == re);
                CHECK(got[at++] == im);
            }
        }
    }
}

TEST_CASE("int32 blocks hold the largest possible sums") {
    // Every entry at its largest and every amplitude too: 2 * 2048 * 127 * 4096 < 2^31.
    const std::vector<MediumScratch::Pair> pairs(safe_pairs, {0, 4096, 4096});
    const std::vector<std::int8_t> entries(4 * 5, -127);
    const std::vector<const std::int8_t*> rows(safe_pairs, entries.data());
    opal::test::for_each_vector_target([&] {
        std::vector<std::int32_t> sums(10, 0);
        sum_pairs(pairs, rows, 5, sums.data());
        for (const std::int32_t s : sums) CHECK(s == -2130706432);
    });
}

TEST_CASE("more channels than an int32 block holds still sum exactly") {
    MediumScene scene;
    const int channels = 2 * static_cast<int>(safe_pairs) + 123;
    const DenseMedium medium(scene, 4, channels);
    const ModeWindow one = {2, 2, 1, 1, 20, 30};
    std::vector<std::int32_t> q12(channels);
    std::int64_t re = 0;
    for (int i = 0; i < channels; ++i) {
        const double t = medium.entry(2 * 30 + 2, static_cast<std::uint32_t>(i), 0).real();
        q12[i] = t < 0 ? -4096 : 4096;  // all terms positive: the sum passes 2^31 several times
        re += std::int64_t(t) * q12[i];
    }
    CHECK(re > std::int64_t{1} << 29);
    CHECK(field_of(medium, q12, one)[0] == re);
}

TEST_CASE("drawing and summing give the same integers on every instruction set") {
    EntryDraw draw;
    draw.key = {1, 2};
    draw.first_mode = 1000;
    draw.group = 3;
    draw.epoch = 1;
    draw.modes = 77;
    draw.stride = 80;
    std::vector<std::int8_t> expected(4 * 4 * 80, 0);
    draw_entries_plain(draw, expected.data());
    const std::vector<MediumScratch::Pair> pairs = {
        {0, 1, -4096}, {1, 4096, 17}, {2, 0, 5}, {3, -33, -1}, {0, 7, 7}};
    const std::vector<const std::int8_t*> rows = {expected.data(), expected.data() + 320,
                                                  expected.data() + 640, expected.data() + 960,
                                                  expected.data()};
    std::vector<std::int32_t> expected_sums(2 * 77, -5);
    sum_pairs_plain(pairs, rows, 77, expected_sums.data());
    opal::test::for_each_vector_target([&] {
        std::vector<std::int8_t> entries(4 * 4 * 80, 0);
        draw_entries(draw, entries.data());
        CHECK(entries == expected);
        std::vector<std::int32_t> sums(2 * 77, -5);
        sum_pairs(pairs, rows, 77, sums.data());
        CHECK(sums == expected_sums);
    });
}

TEST_CASE("dense entries have the promised variance and are independent") {
    const DenseMedium medium({}, 21, 64);
    double power = 0;
    double fourth = 0;
    std::complex<double> sum = 0;
    std::complex<double> pseudo = 0;
    std::complex<double> neighbours = 0;
    std::complex<double> epochs = 0;
    std::complex<double> columns = 0;
    int count = 0;
    for (std::uint32_t k = 0; k < 1000; ++k) {
        for (std::uint32_t i = 0; i < 64; ++i) {
            const std::complex<double> t = medium.entry(k, i, 0);
            sum += t;
            power += std::norm(t);
            fourth += std::norm(t) * std::norm(t);
            pseudo += t * t;
            neighbours += t * std::conj(medium.entry(k + 1, i, 0));
            columns += t * std::conj(medium.entry(k, i ^ 1u, 0));
            epochs += t * std::conj(medium.entry(k, i, 1));
            ++count;
        }
    }
    const double expected = 2 * 493964.0 / 256;
    CHECK(medium.entry_power() == expected);
    // Relative standard errors of n = 64000 complex Gaussian entries: 1/sqrt(n) = 0.004 each; the
    // fourth moment's is sqrt(20)/2 times that. Four of them.
    CHECK(std::abs(power / count / expected - 1) < 0.016);
    CHECK(std::abs(sum / double(count)) / std::sqrt(expected) < 0.016);
    CHECK(std::abs(pseudo / double(count)) / expected < 0.023);  // circular: E t^2 = 0
    CHECK(std::abs(neighbours / double(count)) / expected < 0.016);
    CHECK(std::abs(columns / double(count)) / expected < 0.023);  // each product counted twice
    CHECK(std::abs(epochs / double(count)) / expected < 0.016);
    // E|t|^4 = 2 E(x^4) + 2 (E x^2)^2 = (2 * 2.92046 + 2) / 4 of (E|t|^2)^2.
    CHECK(std::abs(fourth / count / (expected * expected) - 1.96023) < 0.071);
}

TEST_CASE("a window sees the same matrix as the whole grid") {
    const int channels = 40;
    const ModeWindow whole = {0, 0, 20, 30, 20, 30};
    const auto q12 = amplitudes(channels, 8);
    const DenseMedium dense({}, 9, channels);
    const LayeredMedium layered(9, channels, 20, 30);
    for (const Medium* medium :
         {static_cast<const Medium*>(&dense), static_cast<const Medium*>(&layered)}) {
        const auto all = field_of(*medium, q12, whole, 1);
        const auto some = field_of(*medium, q12, part, 1);
        for (int r = 0; r < part.rows; ++r) {
            for (int c = 0; c < 2 * part.columns; ++c) {
                CHECK(some[r * 2 * part.columns + c] ==
                      all[2 * ((r + part.row) * 30 + part.column) + c]);
            }
        }
    }
}

TEST_CASE("the storage limit holds, and forgetting matrices changes no field") {
    // One matrix of this window and 64 channels takes 42 * 64 * 2 bytes = 5376.
    MediumScene scene;
    scene.storage_limit_mib = 8000 / 1048576.0;
    const DenseMedium medium(scene, 2, 64);
    const auto q12 = amplitudes(64, 1);
    const auto first = field_of(medium, q12, part, 0);
    for (std::uint32_t epoch = 1; epoch < 5; ++epoch) {
        field_of(medium, q12, part, epoch);
        CHECK(medium.stored_bytes() == 5376);
    }
    CHECK(field_of(medium, q12, part, 0) == first);

    scene.decorrelation_s = 10;  // two epochs at a time do not fit: none is stored
    const DenseMedium changing(scene, 2, 64);
    CHECK(field_of(changing, q12, part, 0) == first);
    CHECK(changing.stored_bytes() == 0);

    scene.storage = Storage::always;  // whatever the limit
    const DenseMedium always(scene, 2, 64);
    field_of(always, q12, part, 0);
    field_of(always, q12, part, 1);
    CHECK(always.stored_bytes() == 2 * 5376);
}

TEST_CASE("layered columns are exactly orthogonal and carry n^3 each") {
    // H D is unitary up to sqrt(n), so T T^H = n^3 exactly in integers.
    const LayeredMedium medium(5, 64, 8, 8);
    REQUIRE(medium.size() == 64);
    const ModeWindow whole = {0, 0, 8, 8, 8, 8};
    std::vector<std::vector<std::int64_t>> columns;
    for (std::size_t i = 0; i < 64; ++i) {
        std::vector<std::int32_t> unit(64, 0);
        unit[i] = 1;
        columns.push_back(field_of(medium, unit, whole));
    }
    for (std::size_t a = 0; a < 64; ++a) {
        for (std::size_t b = a; b < 64; ++b) {
            std::int64_t re = 0;
            std::int64_t im = 0;
            for (std::size_t k = 0; k < 128; k += 2) {
                re += columns[a][k] * columns[b][k] + columns[a][k + 1] * columns[b][k + 1];
                im += columns[a][k] * columns[b][k + 1] - columns[a][k + 1] * columns[b][k];
            }
            CHECK(re == (a == b ? 64 * 64 * 64 : 0));
            CHECK(im == 0);
        }
    }
}

TEST_CASE("layered entries are those of H D3 H D2 H D1, multiplied out") {
    const LayeredMedium medium(6, 5, 4, 4);
    REQUIRE(medium.size() == 16);
    const auto h = [](unsigned i, unsigned j) { return __builtin_parity(i & j) != 0 ? -1.0 : 1.0; };
    const auto d = [&](std::uint32_t i, std::uint32_t layer) {
        const std::complex<double> roots[] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
        return roots[medium.exponent(i, layer, 3)];
    };
    for (std::uint32_t column = 0; column < 5; ++column) {
        std::vector<std::int32_t> unit(5, 0);
        unit[column] = 1;
        const auto got = field_of(medium, unit, {0, 0, 4, 4, 4, 4}, 3);
        for (unsigned k = 0; k < 16; ++k) {
            std::complex<double> expected = 0;
            for (unsigned a = 0; a < 16; ++a) {
                for (unsigned b = 0; b < 16; ++b) {
                    expected += h(k, a) * d(a, 2) * h(a, b) * d(b, 1) * h(b, column) * d(column, 0);
                }
            }
            CHECK(double(got[2 * k]) == expected.real());
            CHECK(double(got[2 * k + 1]) == expected.imag());
        }
    }
}

TEST_CASE("layered entries look Gaussian, as dense ones do") {
    const LayeredMedium medium(5, 64, 64, 64);
    const ModeWindow whole = {0, 0, 64, 64, 64, 64};
    double power = 0;
    double fourth = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        std::vector<std::int32_t> unit(64, 0);
        unit[4 * i] = 1;
        const auto column = field_of(medium, unit, whole);
        for (std::size_t k = 0; k < column.size(); k += 2) {
            const double p = std::pow(double(column[k]), 2) + std::pow(double(column[k + 1]), 2);
            power += p;
            fourth += p * p;
        }
    }
    const double count = 16.0 * 4096;
    CHECK(power / count == doctest::Approx(medium.entry_power()).epsilon(1e-12));  // unitary
    // E|t|^4 / (E|t|^2)^2 is 2 for a complex Gaussian; standard error sqrt(20 / n) = 0.017.
    CHECK(std::abs(fourth / count / std::pow(medium.entry_power(), 2) - 2) < 0.07);
}

TEST_CASE("the double-precision twins agree with the exact integers") {
    const int channels = 40;
    const auto q12 = amplitudes(channels, 8);
    const std::vector<double> plain(q12.begin(), q12.end());
    const DenseMedium dense({}, 9, channels);
    const LayeredMedium layered(9, channels, 20, 30);
    for (const Medium* medium :
         {static_cast<const Medium*>(&dense), static_cast<const Medium*>(&layered)}) {
        const auto exact = field_of(*medium, q12, part, 1);
        const auto twin = medium->plain_field(plain, part, 1);
        for (std::size_t k = 0; k < twin.size(); ++k) {
            // Integers below 2^53 in double: no rounding at all.
            CHECK(twin[k].real() == double(exact[2 * k]));
            CHECK(twin[k].imag() == double(exact[2 * k + 1]));
        }
    }
}
