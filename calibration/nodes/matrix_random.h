// MatrixRandom: the transmission matrix from random patterns, one of the two methods of
// nodes/matrix.
#pragma once

#include "calibration/nodes/matrix.h"
#include "calibration/random_matrix.h"

namespace opal::calibration {

struct Session;

// Which patterns this session's frames show; always the same ones.
RandomPatterns random_patterns(const Session& session);

// All but the singular values and the verdict. Fields beyond Options::memory_limit_mib go to
// Options::scratch while they are needed.
TransmissionMatrix measure_random(Session& session);

}  // namespace opal::calibration
