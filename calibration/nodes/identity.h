// Identity: the field of each block of the guard strip and of the black DMD. The phase reference
// and the proof of pairing of everything after.
//
// Inputs: map (timing), reference. Used by: drift, transmission matrix, validation, projection/.
#pragma once

#include "calibration/verdict.h"

#include <complex>
#include <vector>

namespace opal::calibration {

struct Session;

// columns: (code_blocks, modes) field of block j alone; background: (modes) field of the black DMD.
// Unit sqrt(DN), phases relative to one moment.
struct Identity {
    Verdict verdict;
    std::vector<std::complex<float>> columns;
    std::vector<std::complex<float>> background;
    double strip_variance = 0;   // of a word's field made from these, per mode, DN
    double signal_to_noise = 0;  // strip power over noise power, per mode, one frame
    double phase_error_rad = 0;  // of a single frame's phase from the strip alone
    double word_margin = 0;      // weakest correct word score over the strongest wrong one
};

Identity measure_identity(Session& session);

}  // namespace opal::calibration
