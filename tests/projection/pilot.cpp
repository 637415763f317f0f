// The pilot on fields made here: the word is found, the phase and the power come back, wrong words
// are refused.
#include "projection/pilot.h"

#include <doctest/doctest.h>

#include <cmath>
#include <complex>
#include <random>
#include <vector>

using namespace opal;
using calibration::code_blocks;
using calibration::code_words;
using projection::Pilot;

namespace {

constexpr int inputs = 10;
constexpr int modes = 1024;
using Complex = std::complex<double>;

// A bench: static light, 32 guard blocks under a Gaussian beam, `inputs` inputs.
struct Bench {
    explicit Bench(bool with_matrix, double input_amplitude = 2) {
        std::mt19937_64 bits(12);
        std::normal_distribution<double> normal;
        const auto draw = [&](double amplitude) {
            return amplitude * Complex(normal(bits), normal(bits));
        };
        for (int k = 0; k < modes; ++k) background.push_back(draw(0.3));
        for (int j = 0; j < code_blocks; ++j) {
            const double x = (j - 15.5) / 16 * 0.87;  // edge of the DMD over the beam's waist
            for (int k = 0; k < modes; ++k) columns.push_back(draw(std::exp(-x * x)));
        }
        for (int i = 0; i < inputs * modes; ++i) matrix.push_back(draw(input_amplitude));
        record.holography.mode_rows = 32;
        record.holography.mode_columns = modes / 32;
        for (const auto z : columns) record.identity.columns.emplace_back(z);
        for (const auto z : background) record.identity.background.emplace_back(z);
        if (!with_matrix) return;
        auto& t = record.matrix.emplace();
        t.inputs = inputs;
        for (const auto z : matrix) t.entries.emplace_back(z);
    }

    // The field of a frame, with the light of the data alone beside it.
    std::vector<std::complex<float>> frame(std::uint32_t word, std::span<const std::uint8_t> d,
                                           Complex gain, std::vector<Complex>* data = nullptr) {
        std::vector<std::complex<float>> f;
        for (int k = 0; k < modes; ++k) {
            Complex sum = background[std::size_t(k)];
            for (int j = 0; j < code_blocks; ++j) {
                if (calibration::Layout::code_bit(word, j))
                    sum += columns[std::size_t(j * modes + k)];
            }
            Complex light = 0;
            for (int i = 0; i < inputs; ++i) {
                if (d[std::size_t(i)] != 0) light += matrix[std::size_t(i * modes + k)];
            }
            if (data != nullptr) data->push_back(light);
            f.emplace_back(gain * (sum + light));
        }
        return f;
    }

    std::vector<Complex> background, columns, matrix;
    calibration::Record record;
};

const std::vector<std::uint8_t> some_bits{1, 0, 1, 1, 0, 0, 1, 0, 1, 1};

}  // namespace

TEST_CASE("every word is recognised, whatever the phase; phase and power come back exactly") {
    Bench bench(true);
    const Pilot pilot(bench.record, inputs);
    Pilot::Reading reading;
    for (std::uint32_t word = 0; word < code_words; ++word) {
        const Complex gain = std::polar(1.03, 0.2 * word - 3);
        std::vector<Complex> data;
        const auto f = bench.frame(word, some_bits, gain, &data);
        pilot.read(f, word, some_bits, reading);
        CHECK(reading.proven);
        CHECK(reading.word == word);
        // Sums of 1024 float products: relative errors of about sqrt(1024) * 2^-24.
        CHECK(std::abs(Complex(reading.gain) / gain - 1.0) < 1e-5);
        const auto inverse = 1.0F / reading.gain;
        double error = 0, power = 0;
        for (std::size_t k = 0; k < modes; ++k) {
            error += std::norm(Complex(pilot.data_field(f[k], k, word, inverse)) - data[k]);
            power += std::norm(data[k]);
        }
        CHECK(std::sqrt(error / power) < 1e-5);
    }
}

TEST_CASE("a frame of another pattern is refused") {
    Bench bench(true);
    const Pilot pilot(bench.record, inputs);
    Pilot::Reading reading;
    const std::vector<std::uint8_t> other{0, 1, 1, 0, 1, 0, 0, 1, 0, 1};
    for (std::uint32_t word = 0; word < code_words; ++word) {
        const auto f = bench.frame(word, other, std::polar(1.0, 1.0));
        for (const std::uint32_t step : {1U, 2U, 7U, 31U}) {
            pilot.read(f, (word + step) % code_words, some_bits, reading);
            CHECK_FALSE(reading.proven);
        }
    }
}

TEST_CASE("darkness, noise and broken numbers prove nothing") {
    Bench bench(true);
    const Pilot pilot(bench.record, inputs);
    Pilot::Reading reading;
    std::vector<std::complex<float>> f(modes);
    pilot.read(f, 3, some_bits, reading);
    CHECK_FALSE(reading.proven);
    std::mt19937 bits(9);
    std::normal_distribution<float> normal;
    for (auto& z : f) z = {normal(bits), normal(bits)};
    for (std::uint32_t word = 0; word < code_words; ++word) {
        pilot.read(f, word, some_bits, reading);
        CHECK_FALSE(reading.proven);
    }
    f[5] = std::nanf("");
    pilot.read(f, 3, some_bits, reading);
    CHECK_FALSE(reading.proven);
}

TEST_CASE("without a matrix the phase is as good as the data's light allows") {
    Bench bench(false);
    const Pilot pilot(bench.record, inputs);
    Pilot::Reading reading;
    double squares = 0;
    for (std::uint32_t word = 0; word < code_words; ++word) {
        const auto f = bench.frame(word, some_bits, std::polar(1.0, 0.7));
        pilot.read(f, word, some_bits, reading);
        CHECK(reading.proven);
        CHECK(std::abs(reading.gain) == doctest::Approx(1));
        squares += std::pow(std::arg(reading.gain) - 0.7, 2);
    }
    // The part of the data's light along the pilot is random: its standard deviation in phase is
    // |data| / (|pilot| sqrt(2 * modes)); data: 6 inputs of power 2 * 2^2 each, pilot: 16 blocks of
    // at most 2 and the background of 2 * 0.09. All words see the same data light: the mean square
    // over them is within a factor 3 of that, not an average over 62 independent draws.
    const double predicted = std::sqrt(6 * 8 / (16 * 1.2 + 0.18) / (2 * modes));
    CHECK(std::sqrt(squares / code_words) < 3 * predicted);
    CHECK(std::sqrt(squares / code_words) > predicted / 3);
}

TEST_CASE("a record that does not fit is refused in words") {
    Bench bench(true);
    bench.record.identity.columns.pop_back();
    CHECK_THROWS_WITH_AS(Pilot(bench.record, inputs), doctest::Contains("calibrate again"),
                         std::invalid_argument);
    Bench other(true);
    other.record.matrix->entries.pop_back();
    CHECK_THROWS_AS(Pilot(other.record, inputs), std::invalid_argument);
    Bench dark(true);
    std::fill(dark.record.identity.columns.begin(), dark.record.identity.columns.end(), 0.0F);
    std::fill(dark.record.identity.background.begin(), dark.record.identity.background.end(), 0.0F);
    CHECK_THROWS_AS(Pilot(dark.record, inputs), std::invalid_argument);
}
