// WhiteNoise: temporal noise of the pixels in pairs of frames of the same light, and the pixels'
// own fixed differences; both are white over spatial frequency and seen where neither fringes nor
// shading are. For the error budget, between frames and shares.
#pragma once

#include "calibration/spectrum.h"
#include "calibration/verdict.h"
#include "hal/frame.h"

#include <vector>

namespace opal::calibration {

struct Record;
struct Session;
class Demodulator;

struct NoiseLevel {
    double mean_dn = 0;     // light above black
    Measured variance_dn2;  // of one frame, one pixel
};

// Pairs of frames of one pattern, one right after the other. The laser's power is divided out.
class PairNoise {
public:
    PairNoise(const Record& record, double black_dn);
    void add(const hal::Frame& first, const hal::Frame& second);
    NoiseLevel level() const;

private:
    std::vector<float> light(const hal::Frame& frame, double& mean) const;
    const Record& record_;
    double black_dn_;
    int size_;
    Spectrum spectrum_;
    std::vector<float> waiting_;  // a difference; one transform serves two
    double mean_ = 0;
    double mean2_ = 0;
    std::size_t frames_ = 0;
};

// The noise of the black DMD's light (reference alone) at this exposure, in this format, from
// software-triggered frames. DN of that format.
NoiseLevel still_noise(Session& session, hal::Duration exposure, hal::PixelFormat format,
                       std::size_t pairs);

// Power per mode that the pixels' own differences (PRNU, DSNU) leave in the band, DN. They are
// white, so what of them lies in the band is seen outside of it: in the measured |R|^2, less the
// noise that the mean of its frames still has. Needs the reference and photon transfer nodes.
double fixed_pattern_power(const Record& record, const Demodulator& demodulator);

}  // namespace opal::calibration
