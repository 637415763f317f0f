// ReferenceBeam: see reference_beam.h.
#include "sim/physics/reference_beam.h"

#include "sim/physics/portable_math.h"

#include <cmath>

namespace opal::sim {

ReferenceBeam::ReferenceBeam(const ReferenceScene& scene, int sensor_rows, int sensor_columns)
    : scene_(scene),
      centre_row_(0.5 * (sensor_rows - 1)),
      centre_column_(0.5 * (sensor_columns - 1)) {}

std::complex<double> ReferenceBeam::at(int row, int column) const {
    const double y = row - centre_row_;
    const double x = column - centre_column_;
    const double turns = scene_.carrier_rows_cpp * row + scene_.carrier_columns_cpp * column +
                         scene_.curvature_rad_per_px2 / (2 * pi) * (x * x + y * y);
    double amplitude = 1;
    if (scene_.waist_px > 0) {
        const double v = (y - scene_.row_offset_px) / scene_.waist_px;
        const double u = (x - scene_.column_offset_px) / scene_.waist_px;
        amplitude = exp_of_negative(-(u * u + v * v));
    }
    const CosSin phase = cos_sin_of_turns(turns);
    return {amplitude * phase.cosine, amplitude * phase.sine};
}

std::complex<double> ReferenceBeam::plain_at(int row, int column) const {
    const double d2 = std::pow(row - centre_row_, 2) + std::pow(column - centre_column_, 2);
    const double phase =
        2 * pi * (scene_.carrier_rows_cpp * row + scene_.carrier_columns_cpp * column) +
        scene_.curvature_rad_per_px2 * d2;
    double intensity = 1;
    if (scene_.waist_px > 0) {
        const double s2 = std::pow(row - centre_row_ - scene_.row_offset_px, 2) +
                          std::pow(column - centre_column_ - scene_.column_offset_px, 2);
        intensity = std::exp(-2 * s2 / (scene_.waist_px * scene_.waist_px));
    }
    return std::polar(std::sqrt(intensity), phase);
}

}  // namespace opal::sim
