// Carrier: the reference beam's tilt, from the side band in the averaged power spectrum of random
// speckle, and the size of a speckle grain, from the band's width.
//
// Inputs: exposure. Fixes the working region, the carrier and the pitch of modes.
#pragma once

#include "calibration/acquisition.h"
#include "calibration/verdict.h"

#include <vector>

namespace opal::calibration {

struct Record;
struct Session;

struct Carrier {
    Verdict verdict;
    Measured rows_cpp;     // cycles per pixel at the sensor region's centre
    Measured columns_cpp;  // rows > 0 by convention: see spectrum.h
    Measured curvature_rad_per_px2;
    double width_rows_cpp = 0;  // side band, full width at half amplitude
    double width_columns_cpp = 0;
    int pitch_rows_px = 0;  // 1 / width, rounded: one mode per independent speckle sample
    int pitch_columns_px = 0;
    Timing timing;  // of the region that the pitch allows; what follows is measured with it
    double peak_to_floor = 0;
    int frames = 0;
    // log10 of power per pixel, DN^2, (spectrum_size, spectrum_size), zero frequency first.
    int spectrum_size = 0;
    std::vector<float> spectrum;
};

Carrier measure_carrier(Session& session);

// Mean of a spectrum (spectrum.h) over the frequencies that neither fringes nor slow shading use:
// what white noise of the pixels has in every bin.
double power_outside_bands(const std::vector<double>& power, int size, const Record& record);

}  // namespace opal::calibration
