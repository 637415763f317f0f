// DmdLight: population counts of rows, shared by runs of equal rows. See dmd_light.h.
#include "sim/physics/dmd_light.h"

#include "sim/physics/portable_math.h"
#include "sim/physics/random_streams.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>

namespace opal::sim {

DmdLight::DmdLight(const DmdScene& scene, std::uint64_t seed)
    : scene_(scene),
      channel_rows_((scene.rows + scene.macro_pixel_px - 1) / scene.macro_pixel_px),
      channel_columns_((scene.columns + scene.macro_pixel_px - 1) / scene.macro_pixel_px),
      leak_(1 / std::sqrt(scene.contrast)) {
    assert(scene.rows > 0 && scene.columns > 0 && scene.macro_pixel_px > 0);
    const int macro = scene_.macro_pixel_px;
    const double full = static_cast<double>(macro) * macro;
    for (int i = 0; i < channel_rows_; ++i) {
        for (int j = 0; j < channel_columns_; ++j) {
            const double mirrors = static_cast<double>(std::min(macro, scene_.rows - i * macro)) *
                                   std::min(macro, scene_.columns - j * macro);
            const double per_mirror = illumination(i, j) * 4096 / full;
            all_off_.push_back(per_mirror * leak_ * mirrors);
            per_mirror_.push_back(per_mirror * (1 - leak_));
            const double all_on = illumination(i, j) * mirrors / full;
            full_power_ += all_on * all_on;
        }
    }
    draw_stuck_mirrors(seed);
    reduce(hal::BitPattern(scene_.rows, scene_.columns), dark_);
}

double DmdLight::illumination(int channel_row, int channel_column) const {
    if (scene_.illumination_waist_px <= 0) return 1;
    const int macro = scene_.macro_pixel_px;
    const int last_row = std::min((channel_row + 1) * macro, scene_.rows) - 1;
    const int last_column = std::min((channel_column + 1) * macro, scene_.columns) - 1;
    const double row = 0.5 * (channel_row * macro + last_row);
    const double column = 0.5 * (channel_column * macro + last_column);
    const double y = row - 0.5 * (scene_.rows - 1) - scene_.illumination_row_offset_px;
    const double x = column - 0.5 * (scene_.columns - 1) - scene_.illumination_column_offset_px;
    const double w = scene_.illumination_waist_px;
    // Intensity exp(-2 r^2 / w^2) [Siegman 1986, eq. 17.1.5]; this is its square root.
    return exp_of_negative(-((x * x + y * y) / (w * w)));
}

void DmdLight::draw_stuck_mirrors(std::uint64_t seed) {
    const auto mirrors = static_cast<std::uint64_t>(scene_.rows) * scene_.columns;
    const auto wanted = static_cast<std::size_t>(scene_.stuck_on) + scene_.stuck_off;
    assert(wanted <= mirrors);
    std::vector<bool> taken(wanted > 0 ? mirrors : 0);
    for (std::uint32_t n = 0; stuck_.size() < wanted; ++n) {
        const PhiloxWords words = draw(seed, RandomStream::mirrors, n);
        const std::uint64_t place = std::uint64_t{words[0]} * mirrors >> 32;
        if (taken[place]) continue;
        taken[place] = true;
        const auto columns = static_cast<std::uint64_t>(scene_.columns);
        stuck_.push_back({static_cast<int>(place / columns), static_cast<int>(place % columns),
                          stuck_.size() < static_cast<std::size_t>(scene_.stuck_on)});
    }
}

void DmdLight::count_row(const hal::BitPattern& pattern, int row, std::int32_t* counts) const {
    const std::span<const std::uint64_t> words = pattern.row_words(row);
    int begin = 0;
    for (int j = 0; j < channel_columns_; ++j) {
        const int end = std::min(begin + scene_.macro_pixel_px, scene_.columns);
        const int first = begin / 64;
        const int last = (end - 1) / 64;
        const std::uint64_t head = ~std::uint64_t{0} << (begin % 64);
        const std::uint64_t tail = ~std::uint64_t{0} >> (63 - (end - 1) % 64);
        int on = 0;
        if (first == last) {
            on = std::popcount(words[first] & head & tail);
        } else {
            on = std::popcount(words[first] & head);
            for (int w = first + 1; w < last; ++w) on += std::popcount(words[w]);
            on += std::popcount(words[last] & tail);
        }
        counts[j] = on;
        begin = end;
    }
}

void DmdLight::reduce(const hal::BitPattern& pattern, ChannelAmplitudes& into) const {
    assert(pattern.rows() == scene_.rows && pattern.columns() == scene_.columns);
    into.q12.assign(static_cast<std::size_t>(channels()), 0);
    std::vector<std::int32_t> row_counts(static_cast<std::size_t>(channel_columns_));
    const std::size_t row_bytes = pattern.row_words(0).size_bytes();
    const auto equal = [&](int row, int other) {
        const auto* const words = pattern.row_words(row).data();
        const auto* const others = pattern.row_words(other).data();
        return words == others || std::memcmp(words, others, row_bytes) == 0;
    };
    for (int i = 0; i < channel_rows_; ++i) {
        std::int32_t* counts = into.q12.data() + static_cast<std::ptrdiff_t>(i) * channel_columns_;
        const int end = std::min((i + 1) * scene_.macro_pixel_px, scene_.rows);
        for (int row = i * scene_.macro_pixel_px; row < end;) {
            if (row == 0 || !equal(row, row - 1)) count_row(pattern, row, row_counts.data());
            int next = pattern.end_of_run(row);
            while (next < end && equal(next, row)) next = pattern.end_of_run(next);
            next = std::min(next, end);
            for (int j = 0; j < channel_columns_; ++j) counts[j] += (next - row) * row_counts[j];
            row = next;
        }
    }
    for (const StuckMirror& mirror : stuck_) {
        const int shown = pattern.at(mirror.row, mirror.column) ? 1 : 0;
        into.q12[channel_of(mirror.row, mirror.column)] += (mirror.on ? 1 : 0) - shown;
    }
    for (std::size_t c = 0; c < into.q12.size(); ++c) {
        const double amplitude = all_off_[c] + per_mirror_[c] * into.q12[c];
        into.q12[c] = std::min(static_cast<std::int32_t>(amplitude + 0.5), 4096);
    }
}

std::vector<double> DmdLight::reduce_plain(const hal::BitPattern& pattern) const {
    std::vector<std::vector<char>> on(scene_.rows, std::vector<char>(scene_.columns));
    for (int r = 0; r < scene_.rows; ++r) {
        for (int c = 0; c < scene_.columns; ++c) on[r][c] = pattern.at(r, c);
    }
    for (const StuckMirror& mirror : stuck_) on[mirror.row][mirror.column] = mirror.on;
    std::vector<double> amplitudes(static_cast<std::size_t>(channels()), 0.0);
    const int macro = scene_.macro_pixel_px;
    for (int r = 0; r < scene_.rows; ++r) {
        for (int c = 0; c < scene_.columns; ++c) {
            amplitudes[channel_of(r, c)] += on[r][c] ? 1 : leak_;
        }
    }
    for (int i = 0; i < channel_rows_; ++i) {
        for (int j = 0; j < channel_columns_; ++j) {
            amplitudes[static_cast<std::size_t>(i) * channel_columns_ + j] *=
                illumination(i, j) / (static_cast<double>(macro) * macro);
        }
    }
    return amplitudes;
}

}  // namespace opal::sim
