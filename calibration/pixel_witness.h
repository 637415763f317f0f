// PixelWitness: what validation's raw frames say about the pixels, before they are demodulated: how
// much their noise is at how much light, and how many saturate. Between validation and
// error_witness.h.
#pragma once

#include "calibration/error_witness.h"
#include "calibration/white_noise.h"
#include "hal/frame.h"

#include <cstdint>
#include <vector>

namespace opal::calibration {

struct Record;
struct Session;

class PixelWitness {
public:
    // Of `frames` frames; each second one shows what the one before it shows.
    PixelWitness(const Record& record, std::size_t frames);
    // Frames beyond are ignored.
    void take(std::size_t index, const hal::Frame& frame);
    void tell(WitnessInputs& in) const;

private:
    std::size_t frames_;
    double black_dn_;
    double limit_dn_;
    PairNoise noise_;
    std::vector<float> light_;
    hal::Frame first_;
    std::uint64_t clipped_ = 0;
    std::uint64_t pixels_ = 0;
};

// Exposures that take_stills() makes.
inline constexpr std::size_t still_pairs = 16;
inline constexpr std::size_t still_frames = 6 * still_pairs;

// Variance against light is a line: its slope is shot noise, its height at no light read noise and
// quantisation; a coarser format adds its own steps to the same light. DN of the working format.
struct PixelLaw {
    bool found = false;       // two amounts of light
    bool step_found = false;  // else 1/12
    Measured slope;           // DN^2 per DN
    Measured step;            // DN^2
    Measured floor;           // DN^2
};
PixelLaw pixel_law(const WitnessInputs& in);

// The reference alone: at little light, and at some light in the two formats farthest apart.
void take_stills(Session& session, WitnessInputs& in);

}  // namespace opal::calibration
