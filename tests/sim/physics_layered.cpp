// LayeredMedium's fast path and its kernels against their plain twins.
#include "sim/physics/layered_kernels.h"
#include "sim/physics/layered_medium.h"
#include "sim/physics/shared_work.h"
#include "tests/sim/vector_targets.h"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

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

template <class T>
std::vector<T> numbers(std::size_t count, unsigned seed) {
    std::vector<T> x(count);
    for (auto& v : x) {
        seed = seed * 1664525u + 1013904223u;
        v = static_cast<T>(seed >> 13) - (1 << 18);  // 2048 of them fit int32
    }
    return x;
}

template <class T>
void check_transforms() {
    for (const std::size_t rows : {1, 2, 4, 8, 16, 32, 128}) {
        for (const std::size_t width : {1, 5, 16, 48}) {
            const auto x = numbers<T>(rows * width, 1);
            auto expected = x;
            transform_rows_plain(expected.data(), rows, width);
            auto got = x;
            transform_rows(got.data(), rows, width);
            CHECK(got == expected);
        }
    }
    for (const std::size_t size : {32, 64, 512, 2048}) {
        auto expected = numbers<T>(size, 2);
        auto got = expected;
        transform_rows_plain(expected.data(), size, 1);
        transform_line(got.data(), size);
        CHECK(got == expected);
    }
}

}  // namespace

TEST_CASE("a plain transform is the sum of its definition") {
    const auto x = numbers<std::int64_t>(16 * 3, 5);
    auto got = x;
    transform_rows_plain(got.data(), 16, 3);
    for (unsigned r = 0; r < 16; ++r) {
        for (unsigned c = 0; c < 3; ++c) {
            std::int64_t sum = 0;
            for (unsigned s = 0; s < 16; ++s) {
                sum += (__builtin_parity(r & s) != 0 ? -1 : 1) * x[3 * s + c];
            }
            CHECK(got[3 * r + c] == sum);
        }
    }
}

TEST_CASE("transforms, turns and sums give the same integers on every instruction set") {
    const auto words = [] {
        std::vector<std::uint32_t> w;
        for (const auto v : numbers<std::int32_t>(4 * 7, 3)) {
            w.push_back(static_cast<std::uint32_t>(v) * 2654435761u);
        }
        return w;
    }();
    const Diagonal diagonal{words.data(), 7};
    const auto re = numbers<std::int64_t>(160, 11);
    const auto im = numbers<std::int64_t>(160, 12);
    const std::vector<std::int32_t> narrow_re(re.begin(), re.end());
    const std::vector<std::int32_t> narrow_im(im.begin(), im.end());
    const std::vector<std::int64_t> zero(160, 0);
    std::vector<std::int64_t> expected[4] = {zero, zero, zero, zero};
    turn_plain(diagonal, 64, 160, re.data(), im.data(), expected[0].data(), expected[1].data());
    turn_plain(diagonal, 64, 160, re.data(), zero.data(), expected[2].data(), expected[3].data());
    opal::test::for_each_vector_target([&] {
        check_transforms<std::int32_t>();
        check_transforms<std::int64_t>();

        std::vector<std::int64_t> a(160), b(160);
        turn(diagonal, 64, 160, re.data(), im.data(), a.data(), b.data());
        CHECK(a == expected[0]);
        CHECK(b == expected[1]);
        widen_and_turn(diagonal, 64, 160, narrow_re.data(), narrow_im.data(), b.data(), a.data());
        CHECK(b == expected[0]);
        CHECK(a == expected[1]);
        std::vector<std::int32_t> c(160), d(160);
        turn_real(diagonal, 64, 160, narrow_re.data(), c.data(), d.data());
        CHECK(std::vector<std::int64_t>(c.begin(), c.end()) == expected[2]);
        CHECK(std::vector<std::int64_t>(d.begin(), d.end()) == expected[3]);

        std::vector<std::int64_t> field(2 * 33, 7);
        add_interleaved(re.data(), im.data(), 33, field.data());
        for (std::size_t k = 0; k < 33; ++k) {
            CHECK(field[2 * k] == re[k] + 7);
            CHECK(field[2 * k + 1] == im[k] + 7);
        }
        for (const std::int32_t extreme : {2147483647, -2147483647 - 1, 9}) {
            std::vector<std::int32_t> x(77, 3);
            x[76] = extreme;
            CHECK(largest(x.data(), 77) == (extreme < 0 ? -std::int64_t{extreme} : extreme));
        }
    });
}

TEST_CASE("the fast layered field is that of the plain twin, for any shape, window and team") {
    struct Case {
        int channels;
        ModeWindow window;
    };
    const Case cases[] = {
        {1, {0, 0, 1, 1, 1, 1}},               // smaller than one draw of exponents
        {100, {0, 0, 3, 40, 3, 40}},           // one line
        {5000, {2, 7, 20, 30, 60, 70}},        // 8192: 4 lines, channels in 3 of them
        {40, {0, 0, 150, 200, 150, 200}},      // 32768: channels in one line of 16
        {131072, {0, 0, 10, 10, 10, 10}},      // more channels than modes: one line is kept
        {70000, {300, 100, 9, 50, 400, 300}},  // the last rows only
        {3000, {100, 0, 200, 300, 400, 300}},  // the middle: nothing to fold away
    };
    for (const Case& c : cases) {
        CAPTURE(c.channels);
        const LayeredMedium medium(5, c.channels, c.window.grid_rows, c.window.grid_columns);
        const auto q12 = amplitudes(static_cast<std::size_t>(c.channels), 4);
        std::vector<std::int64_t> expected(2 * c.window.modes(), -3);
        medium.add_field_plain(q12, c.window, 6, expected);
        for (const int threads : {1, 2, 5}) {
            MediumScratch scratch;
            scratch.threads = threads;
            for (int again = 0; again < 2; ++again) {
                std::vector<std::int64_t> got(2 * c.window.modes(), -3);
                medium.add_field(q12, c.window, 6, got, scratch);
                CHECK(got == expected);
            }
        }
    }
    const Case& odd = cases[2];
    const LayeredMedium medium(5, odd.channels, odd.window.grid_rows, odd.window.grid_columns);
    const auto q12 = amplitudes(static_cast<std::size_t>(odd.channels), 4);
    std::vector<std::int64_t> expected(2 * odd.window.modes(), 0);
    medium.add_field_plain(q12, odd.window, 0, expected);
    opal::test::for_each_vector_target([&] {
        std::vector<std::int64_t> got(2 * odd.window.modes(), 0);
        MediumScratch scratch;
        medium.add_field(q12, odd.window, 0, got, scratch);
        CHECK(got == expected);
    });
}

TEST_CASE("amplitudes that conspire with the first diagonal do not overflow") {
    // Every amplitude is 4096 with the sign that makes all real parts positive: element 0 of the
    // first transform adds up half of 2^20 of them, 2^31, which int32 does not hold (for one seed
    // in two).
    const int channels = 1 << 20;
    const ModeWindow window = {0, 0, 1, 700, 1, 700};
    const auto conspiring = [&](const LayeredMedium& medium) {
        std::vector<std::int32_t> q12(channels, 0);
        for (std::uint32_t i = 0; i < q12.size(); ++i) {
            const int exponent = medium.exponent(i, 0, 0);
            q12[i] = exponent == 0 ? 4096 : exponent == 2 ? -4096 : 0;
        }
        return q12;
    };
    const LayeredMedium medium(9, channels, 1, 700);
    const auto q12 = conspiring(medium);
    std::int64_t element_0 = 0;
    for (const std::int32_t a : q12) element_0 += std::abs(a);
    REQUIRE(element_0 > 2147483647);
    std::vector<std::int64_t> expected(2 * window.modes(), 0);
    medium.add_field_plain(q12, window, 0, expected);
    std::vector<std::int64_t> got(2 * window.modes(), 0);
    MediumScratch scratch;
    medium.add_field(q12, window, 0, got, scratch);
    CHECK(got == expected);
}

TEST_CASE("shared work is done once per part, and a failing part is heard of") {
    for (const int threads : {0, 1, 2, 7}) {
        std::vector<std::atomic<int>> done(100);
        share_work(100, threads, [&](std::size_t part, int thread) {
            CHECK_UNARY(thread >= 0);
            CHECK_UNARY(thread < (threads < 1 ? 1 : threads));
            ++done[part];
        });
        for (const auto& d : done) CHECK(d == 1);
        CHECK_THROWS_AS(share_work(10, threads,
                                   [](std::size_t part, int) {
                                       if (part == 4) throw std::runtime_error("part 4");
                                   }),
                        std::runtime_error);
    }
    share_work(0, 3, [](std::size_t, int) { FAIL("there are no parts"); });
}
