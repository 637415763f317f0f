// KramersKronig: frame -> field of every pixel, without the band of |S|^2. What the demodulator's
// low-pass is fed with when modes are so dense that |S|^2 overlaps the side band.
//
//   I / |R|^2 = |1 + s|^2,   s = S / R,   ln(1 + s) = chi + i H(chi),   chi = 1/2 ln(I / |R|^2)
//
// If |s| < 1 everywhere, ln(1 + s) is a power series of s; if the spectrum of s lies on one side of
// a line through zero frequency, so do all powers of s, and a function with such a spectrum is
// known from its real part: the other side is removed and the rest doubled
// [Baek 2019]. Here the line is k.f = 0 with k the carrier, as far from the side band as a line can
// be. Powers of s need twice the bandwidth: chi is computed on a grid of half pixels.
//   Beyond the region there is taken to be no signal, which costs the outermost modes some
// accuracy. `refine` rounds get it back, and what the closed form loses at the band's corner:
//
//   S <- S + A[ I - |R + S|^2 ],   A: the same low-pass, linear
//
// From the closed form these rounds converge; from a plain demodulation at this density they do not
// always.
// Rule: valid where the reference is stronger than the signal. Pixels where it is not are bounded,
// not noticed: the calibration's node `reference` asks for 4:1 on average.
#pragma once

#include "calibration/demodulator.h"

#include <complex>
#include <memory>
#include <span>
#include <vector>

namespace opal::calibration {

class KramersKronig {
public:
    // Throws std::invalid_argument as Demodulator does.
    explicit KramersKronig(const Holography& holography, int refine_rounds = 3);
    ~KramersKronig();

    std::size_t modes() const;
    // s = S / R at every pixel, (rows, columns): the closed form alone.
    std::vector<std::complex<double>> ratio(std::span<const float> counts) const;
    // counts: (rows, columns) of the region, DN, black level included. field: (modes), sqrt(DN), as
    // Demodulator::demodulate gives it.
    void demodulate(std::span<const float> counts, std::span<std::complex<float>> field) const;
    // As Demodulator::noise_power, to first order in the noise: the low-pass and what the rounds
    // make of it, no edges.
    std::vector<float> noise_power(std::span<const float> variance_dn2) const;

private:
    struct Tables;
    std::unique_ptr<const Tables> tables_;
};

// The plain twin of ratio(): every transform a direct sum. For regions of a few dozen pixels.
std::vector<std::complex<double>> kramers_kronig_plain(const Holography& holography,
                                                       std::span<const float> counts);

}  // namespace opal::calibration
