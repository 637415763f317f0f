// DmdLight: mirrors -> light. The first arrow of the simulated optics: BitPattern in, one
// fixed-point amplitude per macro-pixel out.
//
// A macro-pixel is a square of mirrors whose light the medium cannot tell apart; it is one column
// of the transmission matrix (a "channel"). Its amplitude is
//   illumination(centre) * (on + leak * (mirrors - on)) / macro_pixel_px^2
//   leak = 1 / sqrt(contrast)
// The beam is Gaussian and taken as constant within a macro-pixel. Macro-pixels at the lower and
// right edge may be cut and are then darker. Stuck mirrors ignore the pattern.
#pragma once

#include "hal/bit_pattern.h"
#include "sim/physics/optics.h"
#include "sim/scene.h"

#include <cstdint>
#include <vector>

namespace opal::sim {

struct StuckMirror {
    int row = 0;
    int column = 0;
    bool on = false;
};

class DmdLight {
public:
    DmdLight(const DmdScene& scene, std::uint64_t seed);

    int channels() const { return channel_rows_ * channel_columns_; }
    int channel_columns() const { return channel_columns_; }
    void reduce(const hal::BitPattern& pattern, ChannelAmplitudes& into) const;
    // What a DMD with all mirrors off sends.
    const ChannelAmplitudes& dark() const { return dark_; }
    // Sum over channels of (amplitude with all mirrors on)^2, in units of full macro-pixels at the
    // beam's centre; stuck mirrors and leak do not count.
    double full_power() const { return full_power_; }
    const std::vector<StuckMirror>& stuck() const { return stuck_; }

    // The twin: mirror by mirror in double precision. Amplitude per channel, 1 = full macro-pixel
    // at the beam's centre.
    std::vector<double> reduce_plain(const hal::BitPattern& pattern) const;

private:
    double illumination(int channel_row, int channel_column) const;
    int channel_of(int row, int column) const {
        return row / scene_.macro_pixel_px * channel_columns_ + column / scene_.macro_pixel_px;
    }
    void draw_stuck_mirrors(std::uint64_t seed);
    void count_row(const hal::BitPattern& pattern, int row, std::int32_t* counts) const;

    DmdScene scene_;
    int channel_rows_;
    int channel_columns_;
    double leak_;
    // amplitude in q12 = all_off_[channel] + per_mirror_[channel] * mirrors on
    std::vector<double> all_off_;
    std::vector<double> per_mirror_;
    std::vector<StuckMirror> stuck_;
    ChannelAmplitudes dark_;
    double full_power_ = 0;
};

}  // namespace opal::sim
