// ArrayChange: see array_change.h.
#include "calibration/array_change.h"

#include "calibration/error_witness.h"
#include "calibration/white_noise.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace opal::calibration {

namespace {

constexpr double block_tolerance = 0.05;  // of the brightest
constexpr double reference_tolerance = 0.02;
constexpr int bins = 8;  // of the reference, on each side

// Places with their uncertainty, over the sum of all.
struct Shape {
    std::vector<Measured> places;
    int columns = 1;
};

void divide_by_sum(Shape& shape) {
    double sum = 0;
    for (const Measured& p : shape.places) sum += p.value;
    for (Measured& p : shape.places) {
        p.value /= std::max(sum, 1e-300);
        p.sigma /= std::max(sum, 1e-300);
    }
}

// Each block is the product of two frames: noise of the camera, of the laser's power, and the
// pixels' fixed pattern, whose phase against the light is another one each time (nodes/map.cpp).
Shape blocks_of(const Record& r) {
    Shape shape;
    if (!r.map) return shape;
    shape.columns = std::max(r.map->columns, 1);
    const auto modes = static_cast<double>(std::max<std::size_t>(r.holography.modes(), 1));
    const double noise = r.matrix ? r.matrix->noise_power : 0;
    const double power_rms = r.drift ? r.drift->power_rms : 0;
    const bool known = r.holography.reference_dn.size() == r.holography.region.pixels();
    const double still = known && modes > 1 ? fixed_pattern_power(r, Demodulator(r.holography)) : 0;
    for (const double light : r.map->light_dn)
        shape.places.push_back(
            {light, std::hypot(product_sigma(noise, std::abs(light) * modes, modes) / modes,
                               std::sqrt(2 * std::abs(light) * still / modes),
                               std::sqrt(2.0) * power_rms * light)});
    divide_by_sum(shape);
    return shape;
}

// Sums over coarse bins; shot noise of reference_frames frames. The laser's power is common to all.
Shape reference_of(const Record& r) {
    Shape shape;
    const Holography& h = r.holography;
    if (!r.reference || h.reference_dn.size() != h.region.pixels() || h.region.rows < bins ||
        h.region.columns < bins)
        return shape;
    shape.columns = bins;
    shape.places.resize(bins * bins);
    for (int row = 0; row < h.region.rows; ++row)
        for (int column = 0; column < h.region.columns; ++column) {
            const int bin = row * bins / h.region.rows * bins + column * bins / h.region.columns;
            shape.places[static_cast<std::size_t>(bin)].value += static_cast<double>(
                h.reference_dn[static_cast<std::size_t>(row * h.region.columns + column)]);
        }
    const double gain = r.photon_transfer ? r.photon_transfer->gain_e_per_dn.value : 0;
    if (gain > 0)
        for (Measured& p : shape.places)
            p.sigma = std::sqrt(std::abs(p.value) / gain / static_cast<double>(reference_frames));
    divide_by_sum(shape);
    return shape;
}

std::vector<Change> worst(const Shape& before, const Shape& after, const char* what,
                          double tolerance, const char* cause) {
    if (before.places.empty() || before.places.size() != after.places.size()) return {};
    double brightest = 0;
    for (const Measured& p : before.places) brightest = std::max(brightest, p.value);
    Change most;
    double most_over = -1;  // change over what it may be
    for (std::size_t i = 0; i < before.places.size(); ++i) {
        Change c{
            .what = fmt::format("{} {}, {}", what, i / static_cast<std::size_t>(before.columns),
                                i % static_cast<std::size_t>(before.columns)),
            .unit = "of all",
            .before = before.places[i],
            .after = after.places[i]};
        const double sigma = std::hypot(c.before.sigma, c.after.sigma);
        const double moved = std::abs(c.difference());
        if (sigma > 0) c.sigmas = moved / sigma;
        const double may_be = std::max(enough_sigmas * sigma, tolerance * brightest);
        c.tolerance = tolerance * brightest / std::max(std::abs(c.before.value), 1e-300);
        c.significant = moved > may_be;
        if (c.significant) c.cause = cause;
        if (moved <= most_over * may_be) continue;
        most_over = moved / std::max(may_be, 1e-300);
        most = std::move(c);
    }
    return {most};
}

}  // namespace

std::vector<Change> array_changes(const Record& before, const Record& after, Node node) {
    if (node == Node::map)
        return worst(blocks_of(before), blocks_of(after), "light of the DMD's block",
                     block_tolerance,
                     "the beam on the DMD has moved, or something stands in its way");
    if (node == Node::reference)
        return worst(reference_of(before), reference_of(after), "reference beam's light at bin",
                     reference_tolerance, "the reference beam has moved, or dust has settled");
    return {};
}

}  // namespace opal::calibration
