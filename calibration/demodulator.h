// Demodulator: frame -> complex field, by off-axis holography.
//
//   I(r) - |R(r)|^2 = |S|^2 + S R* + S* R,    R(r) = |R| exp(i phi(r)),
//   phi(r) = 2 pi k.r + c |r - r0|^2
//   field(m) = sum_r w_m(r) exp(+i phi(r)) (I(r) - |R(r)|^2) / |R(r)|
//
// with w_m a separable low-pass over the pupil (low_pass.h), so that field(m) estimates S at mode
// centre r_m, in sqrt(DN) [Leith & Upatnieks 1962; Cuche et al. 2000]. r counts pixels from the
// region's first one; r0 is the region's centre; mode (i, j) is centred on pixel
// (i pitch_rows_px, j pitch_columns_px) of the region.
//
// Two implementations: `demodulate_plain` is the sum above in double precision, and the reference;
// Demodulator is separable, in float, and what runs. Rule: every sum has a fixed order that does
// not depend on vector width, so the same frame gives the same field.
#pragma once

#include "hal/frame.h"

#include <complex>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace opal::calibration {

class KramersKronig;

// How a frame becomes a field: by the linear filter above, or by kramers_kronig.h, which needs half
// as many pixels per mode and a hundred times the arithmetic.
enum class Demodulation { filter, kramers_kronig };

// "filter", "kramers-kronig".
std::string_view name_of(Demodulation demodulation);
std::optional<Demodulation> demodulation_named(std::string_view name);

// What calibration found out about the interferogram; everything a demodulator needs.
struct Holography {
    hal::Region region;  // frames have this shape
    hal::PixelFormat format = hal::PixelFormat::mono8;
    double black_level_dn = 0;
    double carrier_rows_cpp = 0;  // cycles per pixel, at the region's centre
    double carrier_columns_cpp = 0;
    double curvature_rad_per_px2 = 0;  // about the region's centre
    int pitch_rows_px = 0;             // pixels from mode to mode
    int pitch_columns_px = 0;
    int mode_rows = 0;  // modes in the region
    int mode_columns = 0;
    Demodulation demodulation = Demodulation::filter;
    std::vector<float> reference_dn;  // |R|^2 per pixel, (rows, columns), DN above black level

    std::size_t modes() const {
        return static_cast<std::size_t>(mode_rows) * static_cast<std::size_t>(mode_columns);
    }
};

class Demodulator {
public:
    // Throws std::invalid_argument if the holography contradicts itself (shape, pitch, reference).
    explicit Demodulator(const Holography& holography);
    ~Demodulator();
    Demodulator(Demodulator&&) noexcept;
    Demodulator& operator=(Demodulator&&) noexcept;

    std::size_t modes() const;

    // frame: shape and format as in the holography, else std::invalid_argument. field: size
    // modes(). The filter allocates nothing once the workspace has grown; safe from several
    // threads, each with its own Workspace.
    struct Workspace {
        std::vector<float> counts;           // a frame's, for Kramers-Kronig
        std::vector<float> pixels;           // (pixel rows of a band, columns of a stripe)
        std::vector<float> real, imaginary;  // (mode rows of a band, columns)
        std::vector<float> real_columns, imaginary_columns;  // the same, transposed
        void reshape(std::size_t rows, std::size_t columns);
    };
    void demodulate(const hal::Frame& frame, std::span<std::complex<float>> field,
                    Workspace& workspace) const;
    // The same for counts that are no frame: averages, or light computed elsewhere. DN, black level
    // included, shape (rows, columns).
    void demodulate(std::span<const float> counts, std::span<std::complex<float>> field,
                    Workspace& workspace) const;

    // By the filter, whatever the holography says: linear in the counts.
    void demodulate_linear(std::span<const float> counts, std::span<std::complex<float>> field,
                           Workspace& workspace) const;
    bool is_linear() const { return kramers_kronig_ == nullptr; }

    // Variance of |field| per mode for independent noise of variance `variance_dn2(r)` in every
    // pixel: sum_r |w_m(r)|^2 variance(r) / |R(r)|^2. DN. Shape (modes). For Kramers-Kronig to
    // first order in the noise.
    std::vector<float> noise_power(std::span<const float> variance_dn2) const;

private:
    struct Tables;
    template <class Weigh>
    void filter(const Weigh& weigh, std::span<std::complex<float>> field,
                Workspace& workspace) const;
    template <class Weigh>
    void filter_stripe(const Weigh& weigh, std::size_t first, std::span<std::complex<float>> field,
                       Workspace& workspace) const;
    std::unique_ptr<const Tables> tables_;
    std::unique_ptr<const KramersKronig> kramers_kronig_;  // null: the filter
};

// The plain twin of the filter: direct sum in double precision, no separation, no tables. O(modes x
// filter area).
std::vector<std::complex<double>> demodulate_plain(const Holography& holography,
                                                   const hal::Frame& frame);

}  // namespace opal::calibration
