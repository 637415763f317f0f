// Gaussian: random bytes -> normal numbers, by table and without libm.
//
// gaussian_table[j] = round(44 * quantile((j + 1/2) / 256)) of the standard normal; it is exactly
// antisymmetric, so mean and skewness are exactly 0. Made by
//   python3 -c "from statistics import NormalDist as N; print([round(44*N().inv_cdf((j+.5)/256))
//   for j in range(256)])"
//
// Exact statistics over a uniform byte:
//   variance 493964 / 256 = 1929.546875, kurtosis 2.92046 (a normal has 3), largest |value| 127.
//   Sum of 2 entries: kurtosis 2.96023, tails end at 4.09 sigma.
//   Sum of 4 entries: kurtosis 2.98011, tails end at 5.78 sigma.
#pragma once

#include <array>
#include <cstdint>

namespace opal::sim {

// clang-format off
inline constexpr std::array<std::int8_t, 256> gaussian_table = {
    -127, -111, -103, -97, -93, -89, -86, -83, -81, -79, -77, -75, -73, -71, -70, -68,
    -67, -65, -64, -63, -62, -61, -60, -59, -57, -56, -56, -55, -54, -53, -52, -51,
    -50, -49, -49, -48, -47, -46, -46, -45, -44, -43, -43, -42, -41, -41, -40, -39,
    -39, -38, -37, -37, -36, -36, -35, -34, -34, -33, -33, -32, -32, -31, -30, -30,
    -29, -29, -28, -28, -27, -27, -26, -26, -25, -25, -24, -24, -23, -23, -22, -22,
    -21, -21, -20, -20, -19, -19, -18, -18, -17, -17, -17, -16, -16, -15, -15, -14,
    -14, -13, -13, -12, -12, -12, -11, -11, -10, -10, -9, -9, -8, -8, -8, -7,
    -7, -6, -6, -5, -5, -5, -4, -4, -3, -3, -2, -2, -2, -1, -1, 0,
    0, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 5, 5, 6, 6, 7,
    7, 8, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 12, 13, 13, 14,
    14, 15, 15, 16, 16, 17, 17, 17, 18, 18, 19, 19, 20, 20, 21, 21,
    22, 22, 23, 23, 24, 24, 25, 25, 26, 26, 27, 27, 28, 28, 29, 29,
    30, 30, 31, 32, 32, 33, 33, 34, 34, 35, 36, 36, 37, 37, 38, 39,
    39, 40, 41, 41, 42, 43, 43, 44, 45, 46, 46, 47, 48, 49, 49, 50,
    51, 52, 53, 54, 55, 56, 56, 57, 59, 60, 61, 62, 63, 64, 65, 67,
    68, 70, 71, 73, 75, 77, 79, 81, 83, 86, 89, 93, 97, 103, 111, 127,
};
// clang-format on

inline constexpr double gaussian_variance = 1929.546875;

// 1 / sqrt(n * gaussian_variance), correctly rounded: what makes a sum of n entries a unit normal.
inline constexpr double unit_of_two = 0x1.07bda34c9cf56p-6;
inline constexpr double unit_of_four = 0x1.74fc5bf48cc39p-7;

// Kurtosis of the sum of two entries; the variance of its square is this minus 1.
inline constexpr double kurtosis_of_two = 2.960227859381596;

constexpr int gaussian_sum_of_two(std::uint32_t bytes) {
    return gaussian_table[bytes & 255u] + gaussian_table[bytes >> 8 & 255u];
}

// Unit normal from 32 random bits, for everything drawn once.
constexpr double unit_normal(std::uint32_t bits) {
    const int sum = gaussian_sum_of_two(bits) + gaussian_sum_of_two(bits >> 16);
    return static_cast<double>(sum) * unit_of_four;
}

}  // namespace opal::sim
