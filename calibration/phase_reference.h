// PhaseReference: the complex gain of a frame from its guard strip, whatever its data show.
//
//   field = g (P_w + sum_i d_i T_i) + noise,    P_w = background + sum_j bit_j(w) column_j
//   g = <Q_w, field> / <Q_w, P_w>,    Q_w = P_w minus its projection on the span of the T_i
//
// Q_w sees none of the data's light (zero forcing [Verdu 1998, section 5.1]), so g is exact up to
// noise and needs no knowledge of d. With more than half as many inputs as modes too little of P_w
// would be left: then Q_w = P_w and the data's light is noise.
#pragma once

#include "calibration/nodes/identity.h"
#include "calibration/nodes/matrix.h"

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

namespace opal::calibration {

class PhaseReference {
public:
    // matrix may be null. Sizes must match (asserts).
    PhaseReference(const Identity& identity, const TransmissionMatrix* matrix, std::size_t modes);

    std::complex<double> gain(std::span<const std::complex<float>> field, std::uint32_t word) const;
    // (modes) Q_w / <Q_w, P_w>*: gain() is its inner product with a frame's field.
    std::span<const std::complex<float>> probe(std::uint32_t word) const;
    // P_w.
    std::span<const std::complex<float>> field(std::uint32_t word) const;
    double field_power(std::uint32_t word) const { return strip_power_[word]; }  // sum |P_w|^2
    // sum |Q_w|^2 / (sum of |P_w|^2): what zero forcing left of the strip's light.
    double kept(std::uint32_t word) const;
    // Variance of g for field noise of this power per mode.
    double gain_variance(std::uint32_t word, double noise_power) const;

private:
    std::size_t modes_;
    std::vector<std::complex<float>> strips_;  // (words, modes) P_w
    std::vector<std::complex<float>> probes_;  // (words, modes)
    std::vector<double> strip_power_;
    std::vector<double> kept_;
    std::vector<double> probe_power_;
};

}  // namespace opal::calibration
