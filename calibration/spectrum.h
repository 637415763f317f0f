// Spectrum: the power of interferograms over spatial frequency, averaged over frames, and what the
// side band in it says about the carrier. Between frames and nodes/carrier.
//
// A tile is a square of `size` x `size` pixels, its mean removed, tapered by a cosine over an
// eighth of its length at each end (Tukey window, [Harris 1978]) and transformed; |.|^2 is
// averaged [Welch 1967]. Bin (i, j) is frequency (i, j) / size cycles per pixel, negative ones
// wrapped. Power is per pixel: white noise of variance v gives v in every bin.
//
// Rule: interferograms are real, so their spectrum cannot tell a carrier from its negative. The one
// with positive rows (positive columns if rows are 0) is reported; the other choice would conjugate
// every field, and the transmission matrix with it.
#pragma once

#include <complex>
#include <memory>
#include <span>
#include <vector>

namespace opal::calibration {

class Spectrum {
public:
    explicit Spectrum(int size);
    ~Spectrum();
    Spectrum(Spectrum&&) noexcept;
    Spectrum& operator=(Spectrum&&) noexcept;

    int size() const;
    // `first` and `second`: top left pixels of two tiles (one complex transform serves both), lines
    // `stride` floats apart; `second` may be null.
    void add(const float* first, const float* second, std::size_t stride);
    std::size_t tiles() const;
    std::vector<double> average() const;  // (size, size)

private:
    struct State;
    std::unique_ptr<State> state_;
};

struct SideBand {
    double carrier_rows_cpp = 0;
    double carrier_columns_cpp = 0;
    double width_rows_cpp = 0;  // full width at half of the plateau's amplitude
    double width_columns_cpp = 0;
    double peak_to_floor = 0;  // plateau over noise floor
};

// Finds the side band and its centre of symmetry. Throws std::runtime_error with one clear line if
// there is none.
SideBand find_side_band(std::span<const double> power, int size);

}  // namespace opal::calibration
