// Demodulator: frame -> complex field, by off-axis holography.
//
//   I(r) - |R(r)|^2 = |S|^2 + S R* + S* R,    R(r) = |R| exp(2 pi i k.r + i c |r - r0|^2)
//   field(k) = sum_r w(r - r_k) (I(r) - |R(r)|^2) exp(+2 pi i k.r + ...) / |R(r_k)|
//
// with w a separable low-pass over the pupil, so that field(k) estimates S at mode centre r_k, in
// sqrt(DN). Leith & Upatnieks 1962; Cuche et al. 2000. Two implementations: `plain` is the sum
// above in double precision, and the reference; Demodulator is separable, in float, and what runs.
#pragma once

#include "hal/frame.h"

#include <complex>
#include <memory>
#include <span>
#include <vector>

namespace opal::calibration {

// What calibration found out about the interferogram; everything a demodulator needs.
struct Holography {
    hal::Region region;  // frames have this shape
    hal::PixelFormat format = hal::PixelFormat::mono8;
    double black_level_dn = 0;
    double carrier_rows_cpp = 0;  // cycles per pixel
    double carrier_columns_cpp = 0;
    double curvature_rad_per_px2 = 0;  // about the region's centre
    int pitch_rows_px = 0;             // pixels from mode to mode
    int pitch_columns_px = 0;
    int mode_rows = 0;  // modes in the region
    int mode_columns = 0;
    std::vector<float> reference_dn;  // |R|^2 per pixel, (rows, columns), DN above black level

    std::size_t modes() const {
        return static_cast<std::size_t>(mode_rows) * static_cast<std::size_t>(mode_columns);
    }
};

class Demodulator {
public:
    explicit Demodulator(const Holography& holography);
    ~Demodulator();
    Demodulator(Demodulator&&) noexcept;
    Demodulator& operator=(Demodulator&&) noexcept;

    std::size_t modes() const;
    // frame: shape and format as in the holography, else std::invalid_argument. field: size
    // modes(). Allocates nothing; safe from several threads, each with its own Workspace.
    struct Workspace {
        std::vector<std::complex<float>> rows;
        std::vector<float> pixels;
    };
    void demodulate(const hal::Frame& frame, std::span<std::complex<float>> field,
                    Workspace& workspace) const;

private:
    struct Tables;
    std::unique_ptr<const Tables> tables_;
};

// The plain twin: direct sum in double precision, no separation, no tables. O(modes x filter area).
std::vector<std::complex<double>> demodulate_plain(const Holography& holography,
                                                   const hal::Frame& frame);

}  // namespace opal::calibration
