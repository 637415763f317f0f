// TwinImage: what the demodulator's filter lets in of S* R, the side band's mirror image. Between
// fields and the error budget.
//
//   field of a frame = g S + g* t(S),   t antilinear: t(a S) = a* t(S)
//
// Divided by the gain it is S + (g* / g) t(S): with the phase between the arms at rest the twin is
// part of what was calibrated, and when the phase has turned by x, the twin has by -2 x.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace opal::calibration {

struct Record;
class Demodulator;

// t of the light that has these mode fields; (modes).
std::vector<std::complex<float>> twin_field(const Record& record, const Demodulator& demodulator,
                                            std::span<const std::complex<float>> field);

// g* / g.
inline std::complex<double> twin_turn(std::complex<double> gain) {
    return std::conj(gain) / gain;
}

// t of what was calibrated: light adds, so any pattern's twin is a sum of these.
struct KnownTwins {
    std::vector<std::complex<float>> inputs;      // (inputs, modes)
    std::vector<std::complex<float>> columns;     // (code_blocks, modes)
    std::vector<std::complex<float>> background;  // (modes)
};

// Of the record's matrix and guard strip. The demodulator must be linear.
KnownTwins known_twins(const Record& record, const Demodulator& demodulator);

}  // namespace opal::calibration
