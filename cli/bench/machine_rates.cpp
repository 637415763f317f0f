// MachineRates: two loops that do nothing but move bytes or multiply. See machine_rates.h.
#include "cli/bench/machine_rates.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <thread>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cli/bench/machine_rates.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opal::cli::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// 32 x 32 -> 64 bit products, eight independent chains of them so that only the rate counts.
// Returns how many; `sink` keeps the compiler honest.
std::uint64_t multiply(std::uint64_t rounds, std::uint64_t& sink) {
#if HWY_TARGET == HWY_SCALAR
    std::uint64_t v[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (std::uint64_t r = 0; r < rounds; ++r) {
        for (auto& x : v) x = (x & 0xFFFFFFFFu) * 0xD2511F53u;
    }
    for (const auto x : v) sink ^= x;
    return 8 * rounds;
#else
    const hn::ScalableTag<std::uint32_t> d32;
    const hn::Repartition<std::uint64_t, decltype(d32)> d64;
    const auto m = hn::Set(d32, 0xD2511F53u);
    const auto times = [&](auto v) { return hn::MulEven(hn::BitCast(d32, v), m); };
    auto a = hn::Iota(d64, 1), b = hn::Iota(d64, 2), c = hn::Iota(d64, 3), d = hn::Iota(d64, 4);
    auto e = hn::Iota(d64, 5), f = hn::Iota(d64, 6), g = hn::Iota(d64, 7), h = hn::Iota(d64, 8);
    for (std::uint64_t r = 0; r < rounds; ++r) {
        a = times(a), b = times(b), c = times(c), d = times(d);
        e = times(e), f = times(f), g = times(g), h = times(h);
    }
    const auto all =
        hn::Xor(hn::Xor(hn::Xor(a, b), hn::Xor(c, d)), hn::Xor(hn::Xor(e, f), hn::Xor(g, h)));
    sink ^= hn::GetLane(all);
    return 8 * rounds * hn::Lanes(d64);
#endif
}

}  // namespace opal::cli::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opal::cli {

HWY_EXPORT(multiply);

namespace {

constexpr int attempts = 5;

// Runs `work(thread)` on all cores at once; the fastest of a few attempts in seconds.
double fastest_team(unsigned threads, const std::function<void(unsigned)>& work) {
    double best = 1e300;
    for (int k = 0; k < attempts; ++k) {
        const auto start = std::chrono::steady_clock::now();
        std::vector<std::thread> team;
        for (unsigned t = 0; t < threads; ++t) team.emplace_back(work, t);
        for (auto& t : team) t.join();
        best = std::min(
            best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
}

// a[i] = b[i] + c[i], `rounds` times over arrays of `bytes` together.
double measure_bytes(unsigned threads, std::size_t bytes, int rounds) {
    const std::size_t n = bytes / 3 / sizeof(float) / threads;
    std::vector<std::vector<float>> arrays(3 * threads, std::vector<float>(n, 1.0f));
    const double seconds = fastest_team(threads, [&](unsigned t) {
        float* const a = arrays[3 * t].data();
        const float* const b = arrays[3 * t + 1].data();
        const float* const c = arrays[3 * t + 2].data();
        for (int k = 0; k < rounds; ++k) {
            for (std::size_t i = 0; i < n; ++i) a[i] = b[i] + c[i];
        }
    });
    return 3.0 * static_cast<double>(n * sizeof(float)) * threads * rounds / seconds;
}

std::string processor_name() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        const std::size_t colon = line.find(": ");
        if (line.rfind("model name", 0) == 0 && colon != std::string::npos) {
            return line.substr(colon + 2);
        }
    }
    return "unknown processor";
}

}  // namespace

MachineRates measure_machine() {
    MachineRates rates;
    rates.cores = std::max(1u, std::thread::hardware_concurrency());
    rates.processor = processor_name();
    rates.memory_bytes_per_s = measure_bytes(rates.cores, std::size_t{256} << 20, 1);
    rates.cache_bytes_per_s = measure_bytes(rates.cores, std::size_t{1} << 20, 256);
    constexpr std::uint64_t rounds = 1 << 22;
    std::vector<std::uint64_t> sinks(rates.cores, 0);
    std::uint64_t products = 0;
    const double seconds = fastest_team(rates.cores, [&](unsigned t) {
        const std::uint64_t count = HWY_DYNAMIC_DISPATCH(multiply)(rounds, sinks[t]);
        if (t == 0) products = count;
    });
    rates.products_per_s = static_cast<double>(products) * rates.cores / seconds;
    return rates;
}

ScaleBound bound_of(const ScaleRow& row, const MachineRates& rates) {
    const auto inputs = static_cast<double>(row.size.inputs);
    const auto modes = static_cast<double>(row.size.modes);
    const auto grid = static_cast<double>(row.grid_modes);
    const auto pixels = static_cast<double>(row.pixels);
    ScaleBound bound;
    // Reference (8) and pixel maps (12) in, counts out (1); counts, offset and weight in (9).
    bound.bytes = 30 * pixels + 8 * modes;
    // The field of 16-byte numbers is read and written once.
    bound.bytes += 32 * grid;
    if (row.medium == sim::MediumKind::layered) {
        const auto n = static_cast<double>(
            std::bit_ceil(static_cast<std::uint64_t>(std::max(row.grid_modes, row.size.inputs))));
        // Twelve passes would be three transforms of two, read and written; each pass here does
        // the end of one transform and the beginning of the next (sim/physics/layered_medium.cpp).
        bound.bytes += 4 * inputs + 32 * n + 32 * grid;
        bound.additions = 2 * 3 * n * std::log2(n);
    } else {
        bound.multiply_adds = 2 * inputs * grid;
        if (row.stored) {
            bound.bytes += 2 * inputs * grid;
        } else {
            // 8 entries a draw. Of Philox's 20 products a draw, 5 are shared by draws of the same
            // mode or the same channels (sim/physics/entry_sums.h).
            bound.products = 15 * inputs / 8 * grid;
        }
    }
    constexpr double cache_bytes = 2 << 20;  // what the cache rate was measured on, and more
    const bool in_cache = bound.bytes < cache_bytes;
    const double moving_s =
        bound.bytes / (in_cache ? rates.cache_bytes_per_s : rates.memory_bytes_per_s);
    const double drawing_s = bound.products / rates.products_per_s;
    bound.seconds = std::max(moving_s, drawing_s);
    bound.limited_by = drawing_s > moving_s ? "drawing" : in_cache ? "cache" : "memory";
    return bound;
}

}  // namespace opal::cli
#endif
