// Map: which parts of the DMD send light, how black its black is, and how late its mirrors are.
//
// Inputs: reference. Sets the final timing: trigger delay, pattern and dark time.
#pragma once

#include "calibration/acquisition.h"
#include "calibration/verdict.h"

#include <vector>

namespace opal::calibration {

struct Session;

struct Map {
    Verdict verdict;
    int rows = 0;  // coarse blocks
    int columns = 0;
    std::vector<double> light_dn;  // (rows, columns) mean |field|^2 of one block alone
    Measured contrast;             // intensity of a white over a black DMD
    Measured latency_us;           // from the trigger edge to mirrors at rest, seen by the camera
    std::vector<double> delay_us;  // the sweep: camera trigger delay and relative response
    std::vector<double> response;
    Timing timing;
};

Map measure_map(Session& session);

}  // namespace opal::calibration
