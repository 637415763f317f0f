// ReferenceBeam: the tilted beam that interferes with the speckle on the sensor.
//
//   R(r, c) = A(r, c) exp(i (2 pi (k_r r + k_c c) + curvature * d^2)),
//   |A|^2 = peak * exp(-2 s^2 / waist^2)
// with (r, c) the absolute pixel of the sensor, d the distance from the sensor's centre and s that
// from the beam's centre. The sensor sees I = |S exp(i phi) + R|^2, so multiplying I by
// exp(+i arg R) brings the speckle S to the base band: the convention of calibration/demodulator.h.
#pragma once

#include "sim/scene.h"

#include <complex>

namespace opal::sim {

class ReferenceBeam {
public:
    ReferenceBeam(const ReferenceScene& scene, int sensor_rows, int sensor_columns);

    // R in units of the peak amplitude; bit-accurate.
    std::complex<double> at(int row, int column) const;
    // The twin, with libm.
    std::complex<double> plain_at(int row, int column) const;

private:
    ReferenceScene scene_;
    double centre_row_;
    double centre_column_;
};

}  // namespace opal::sim
