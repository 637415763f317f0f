// The bench is a matrix: what OpticalProjector returns on a noisy, drifting bench is a product with
// one fixed matrix, and that matrix is the medium's.
#include "calibration/low_pass.h"
#include "projection/optical_projector.h"
#include "tests/projection/quiet_twin.h"

#include <doctest/doctest.h>

#include <Eigen/Dense>

#include <cmath>
#include <complex>
#include <numbers>
#include <random>

using namespace opal;
using dfa::Matrix;
using projection::OpticalOptions;
using projection::OpticalProjector;

namespace {

using Complex = std::complex<double>;
using Dense = Eigen::MatrixXcd;  // (inputs, modes)

Matrix random_errors(Eigen::Index samples, unsigned seed) {
    std::mt19937 bits(seed);
    Matrix m(samples, tests::twin_inputs);
    for (Eigen::Index i = 0; i < m.size(); ++i) {
        m.data()[i] = static_cast<float>(static_cast<double>(bits()) / 2147483648.0 - 1.0);
    }
    return m;
}

// The vectors the mirrors really show, in double.
Eigen::MatrixXd shown(const Matrix& errors, const projection::QuantiserOptions& options) {
    projection::QuantisedBatch q;
    projection::Quantiser(options).quantise(errors, 0, q);
    Matrix m;
    projection::dequantise(q, m);
    return m.cast<double>();
}

Dense complex_parts(const Matrix& feedback) {
    Dense z(feedback.rows(), feedback.cols() / 2);
    for (Eigen::Index b = 0; b < z.rows(); ++b) {
        for (Eigen::Index k = 0; k < z.cols(); ++k) {
            z(b, k) = Complex(feedback(b, 2 * k), feedback(b, 2 * k + 1));
        }
    }
    return z;
}

// Error power over signal power, once the best common complex factor is taken out.
double relative_error(const Dense& measured, const Dense& predicted) {
    Complex cross = 0;
    for (Eigen::Index i = 0; i < measured.size(); ++i) {
        cross += std::conj(predicted.data()[i]) * measured.data()[i];
    }
    const Complex factor = cross / predicted.squaredNorm();
    return (measured - factor * predicted).squaredNorm() / measured.squaredNorm();
}

// Fields of each input alone as the demodulator defines them, from the medium's own entries:
// S conj(R) / |R|, carrier removed, light of the black DMD subtracted. Double, no image, no filter.
Dense medium_of(const sim::SimulatedBench& bench, const calibration::Record& record) {
    const auto& h = record.holography;
    const calibration::Layout layout(record.dmd_rows, record.dmd_columns, tests::twin_inputs);
    std::vector<std::uint8_t> bits(tests::twin_inputs, 0);
    hal::BitPattern pattern;
    layout.draw_without_code(bits, pattern);
    const auto black = bench.true_field(pattern, h.region);
    const auto reference = bench.true_reference(h.region);
    REQUIRE(black.size() == h.modes());
    Dense t(tests::twin_inputs, static_cast<Eigen::Index>(h.modes()));
    for (int i = 0; i < tests::twin_inputs; ++i) {
        std::fill(bits.begin(), bits.end(), std::uint8_t{0});
        bits[static_cast<std::size_t>(i)] = 1;
        layout.draw_without_code(bits, pattern);
        const auto field = bench.true_field(pattern, h.region);
        for (std::size_t k = 0; k < field.size(); ++k) {
            const auto columns = static_cast<std::size_t>(h.mode_columns);
            const double cycles =
                h.carrier_rows_cpp * static_cast<double>(k / columns) * h.pitch_rows_px +
                h.carrier_columns_cpp * static_cast<double>(k % columns) * h.pitch_columns_px;
            t(i, static_cast<Eigen::Index>(k)) = (field[k] - black[k]) * std::conj(reference[k]) /
                                                 std::abs(reference[k]) *
                                                 std::polar(1.0, 2 * std::numbers::pi * cycles);
        }
    }
    return t;
}

// Error power of the low-pass alone on a field that fills its band evenly, |f| <= 1 / (2 pitch) on
// both axes: the mean of |W_r(f) W_c(f') - 1|^2 over the band and over all modes.
double blur_power(const calibration::Holography& h) {
    struct Moments {
        std::vector<Complex> mean;
        std::vector<double> power;
    };
    const auto moments = [](int pixels, int pitch, double carrier) {
        Moments m;
        for (int centre = 0; centre < pixels; centre += pitch) {
            const auto low_pass = calibration::design_low_pass(centre, pixels, pitch, carrier);
            Complex mean = 0;
            double power = 0;
            constexpr int steps = 64;
            for (int k = 0; k < steps; ++k) {
                const double f = ((k + 0.5) / steps - 0.5) / pitch;
                Complex w = 0;
                for (std::size_t t = 0; t < low_pass.taps.size(); ++t) {
                    const int from_centre = low_pass.first_px + static_cast<int>(t) - centre;
                    w += low_pass.taps[t] * std::polar(1.0, 2 * std::numbers::pi * f * from_centre);
                }
                mean += w / double{steps};
                power += std::norm(w) / steps;
            }
            m.mean.push_back(mean);
            m.power.push_back(power);
        }
        return m;
    };
    const Moments rows = moments(h.region.rows, h.pitch_rows_px, h.carrier_rows_cpp);
    const Moments columns = moments(h.region.columns, h.pitch_columns_px, h.carrier_columns_cpp);
    double sum = 0;
    for (std::size_t r = 0; r < rows.mean.size(); ++r) {
        for (std::size_t c = 0; c < columns.mean.size(); ++c) {
            sum +=
                rows.power[r] * columns.power[c] - 2 * (rows.mean[r] * columns.mean[c]).real() + 1;
        }
    }
    return sum / static_cast<double>(rows.mean.size() * columns.mean.size());
}

Dense matrix_of(const calibration::Record& record) {
    const auto modes = static_cast<Eigen::Index>(record.holography.modes());
    return Eigen::Map<const Eigen::MatrixXcf>(record.matrix->entries.data(), modes,
                                              tests::twin_inputs)
        .transpose()
        .cast<Complex>();
}

const projection::QuantiserOptions ternary{};
const projection::QuantiserOptions eight_bits{.kind = projection::Quantisation::bit_planes,
                                              .bits = 8};

}  // namespace

TEST_CASE("on a noisy, drifting bench the result is the quiet twin's matrix times the vector") {
    const auto& record = tests::small_lab_record();
    const auto bench = sim::make_simulated_bench(tests::small_lab());
    const Matrix errors = random_errors(100, 1);
    OpticalProjector projector(*bench, record, {.quantiser = ternary});
    Matrix first, second;
    projector.project(errors, first);
    projector.project(errors, second);
    // Two exposures of everything: half of the squared difference is the noise of one.
    const double noise =
        static_cast<double>((first - second).squaredNorm()) / 2 / first.squaredNorm();
    CHECK(noise > 1e-5);  // this bench is noisy; else the test shows nothing
    CHECK(noise < 1e-2);
    const Dense predicted = shown(errors, ternary).cast<Complex>() * matrix_of(record);
    const double error = relative_error(complex_parts(first), predicted);
    MESSAGE("error power " << error << ", noise of repeated exposures " << noise);
    // What repeats does not show: |S|^2 reaching into the side band. Its power over the signal's is
    // below (side band transmission of the stop band, -30 dB) / (reference : signal, 16) = 6e-5 per
    // frame, two frames per vector; and the pilot's own phase error, in the noise already.
    CHECK(error < 1.2 * noise + 2e-4);
}

TEST_CASE("and that matrix is the medium's own, read behind the curtain in double") {
    const auto& record = tests::small_lab_record();
    const auto bench = sim::make_simulated_bench(tests::small_lab());
    const Matrix errors = random_errors(60, 2);
    for (const auto& options : {ternary, eight_bits}) {
        OpticalProjector projector(*bench, record, {.quantiser = options});
        Matrix feedback;
        projector.project(errors, feedback);
        const Dense predicted = shown(errors, options).cast<Complex>() * medium_of(*bench, record);
        const double error = relative_error(complex_parts(feedback), predicted);
        MESSAGE("error power " << error << ", blur " << blur_power(record.holography));
        // Noise of repeated exposures, 9e-4 for two exposures per plane of a pair as above, and the
        // demodulator's own blur. A fifth more for the estimate's scatter and the light's band.
        CHECK(error < 1.2 * (1e-3 + blur_power(record.holography)));
        // And whatever the demodulator calls its blur: a correlation of 0.9965. The field's band
        // has a roll-off (half at 0.5 cycles per mode, nothing from 0.65), so a filter that keeps
        // the side band to about 0.56 cycles loses 2e-3 of the samples' power; the modes of the
        // two outermost rows and columns, 23 % of this region, see half a filter and lose up to
        // 1 % each.
        CHECK(error < 7e-3);
    }
}

TEST_CASE("linear: the projections of a and b add up to that of a + b") {
    const auto& record = tests::small_lab_record();
    const auto bench = sim::make_simulated_bench(tests::small_lab());
    OpticalProjector projector(*bench, record, {.quantiser = ternary});
    Matrix parts(3, tests::twin_inputs);
    parts << 1, 0, -1, 0, 0, 1, 0, 0, 0, -1,  //
        0, 1, 0, 0, -1, 0, 0, 1, 1, 0,        //
        1, 1, -1, 0, -1, 1, 0, 1, 1, -1;
    Matrix out;
    projector.project(parts, out);
    const auto difference = (out.row(0) + out.row(1) - out.row(2)).squaredNorm();
    // Three vectors of 4, 4 and 8 units, each with noise below 0.5 % of its power.
    CHECK(difference < 0.02 * out.row(2).squaredNorm());
}

TEST_CASE("the contract's variance: a unit error gives components of variance 1 / inputs") {
    const auto& record = tests::small_lab_record();
    const auto bench = sim::make_simulated_bench(tests::small_lab());
    for (const int inputs : {tests::twin_inputs, 4}) {
        OpticalProjector projector(*bench, record, {.inputs = inputs, .quantiser = eight_bits});
        CHECK(projector.inputs() == inputs);
        Matrix errors = random_errors(200, 3).leftCols(inputs);
        errors.rowwise().normalize();
        Matrix out;
        projector.project(errors, out);
        const double variance = out.squaredNorm() / static_cast<double>(out.size());
        // The 16 vectors that measure the scale and these 200 see the same inputs with other
        // weights; input powers differ by 20 % under the beam: 0.2 / sqrt(16) from the former.
        CHECK(variance * inputs == doctest::Approx(1).epsilon(0.08));
    }
}

TEST_CASE("the same bytes for any number of threads") {
    const auto& record = tests::small_lab_record();
    const Matrix errors = random_errors(50, 4);
    Matrix expected;
    for (const int threads : {0, 1, 3}) {
        const auto bench = sim::make_simulated_bench(tests::small_lab(), {.threads = 2});
        OpticalProjector projector(*bench, record,
                                   {.outputs = 301, .quantiser = ternary, .threads = threads});
        Matrix out;
        projector.project(errors, out);
        CHECK(out.cols() == 301);
        if (threads == 0) expected = out;
        CHECK(out == expected);
    }
}
