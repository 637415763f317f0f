// The arithmetic between frames and results, on data whose answer is known in closed form:
// Hadamard transforms, fits through unknown gains, phase references.
#include "calibration/drifting_fit.h"
#include "calibration/hadamard.h"
#include "calibration/layout.h"
#include "calibration/matrix_fit.h"
#include "calibration/phase_reference.h"

#include "tests/sim/vector_targets.h"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <random>

using namespace opal;
using calibration::code_blocks;
using calibration::code_words;

namespace {

using Field = std::complex<float>;
using Fields = std::vector<Field>;

// Box-Muller on raw bits: the same numbers with every standard library.
class Gaussian {
public:
    explicit Gaussian(std::uint32_t seed) : bits_(seed) {}
    Field operator()(double rms) {
        const double u = (static_cast<double>(bits_()) + 1) / 4294967297.0;
        const double v = static_cast<double>(bits_()) / 4294967296.0;
        return Field(std::polar(rms * std::sqrt(-std::log(u)), 6.283185307179586 * v));
    }
    Fields fields(std::size_t n, double rms) {
        Fields f(n);
        for (auto& x : f) x = (*this)(rms);
        return f;
    }

private:
    std::mt19937 bits_;
};

double relative_error(const Fields& found, const Fields& expected) {
    double error = 0;
    double power = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        error += static_cast<double>(std::norm(found[i] - expected[i]));
        power += static_cast<double>(std::norm(expected[i]));
    }
    return std::sqrt(error / power);
}

// <expected, found> / <expected, expected>: 1 if nothing was scaled or turned.
std::complex<double> scale_of(const Fields& found, const Fields& expected) {
    std::complex<double> cross = 0;
    double power = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        cross += std::conj(std::complex<double>(expected[i])) * std::complex<double>(found[i]);
        power += static_cast<double>(std::norm(expected[i]));
    }
    return cross / power;
}

// Arms that drift by a radian over the series, shake, and a laser that flickers.
std::vector<std::complex<double>> drifting_gains(std::size_t frames) {
    std::vector<std::complex<double>> gains;
    for (std::size_t f = 0; f < frames; ++f) {
        const auto t = static_cast<double>(f);
        gains.push_back(
            std::polar(1 + 0.01 * std::sin(0.9 * t),
                       std::sin(2 * t / static_cast<double>(frames)) + 0.1 * std::sin(0.7 * t)));
    }
    return gains;
}

calibration::Identity make_identity(Gaussian& draw, std::size_t modes, double block_rms) {
    calibration::Identity identity;
    identity.columns = draw.fields(code_blocks * modes, block_rms);
    identity.background = draw.fields(modes, 0.3 * block_rms);
    return identity;
}

Field strip_at(const calibration::Identity& identity, std::uint32_t word, std::size_t mode,
               std::size_t modes) {
    Field sum = identity.background[mode];
    for (int j = 0; j < code_blocks; ++j)
        if (calibration::Layout::code_bit(word, j))
            sum += identity.columns[static_cast<std::size_t>(j) * modes + mode];
    return sum;
}

}  // namespace

TEST_CASE("Hadamard: order 4 by hand, order 32 against a double loop") {
    CHECK(calibration::hadamard_order(1) == 1);
    CHECK(calibration::hadamard_order(10) == 16);
    CHECK(calibration::hadamard_order(64) == 64);
    const int by_hand[4][4] = {{1, 1, 1, 1}, {1, -1, 1, -1}, {1, 1, -1, -1}, {1, -1, -1, 1}};
    for (int row = 0; row < 4; ++row)
        for (int column = 0; column < 4; ++column)
            CHECK(calibration::hadamard_entry(row, column) == by_hand[row][column]);
    Gaussian draw(1);
    const Fields data = draw.fields(32 * 3, 1);
    Fields transformed = data;
    calibration::hadamard_transform(transformed, 32, 3);
    for (int row = 0; row < 32; ++row)
        for (std::size_t c = 0; c < 3; ++c) {
            std::complex<double> sum = 0;
            for (int k = 0; k < 32; ++k)
                sum += static_cast<double>(calibration::hadamard_entry(row, k)) *
                       std::complex<double>(data[static_cast<std::size_t>(k) * 3 + c]);
            // Five float additions in a row of numbers of size 10: 5 * 10 * 2^-24 = 3e-6.
            CHECK(std::abs(sum - std::complex<double>(
                                     transformed[static_cast<std::size_t>(row) * 3 + c])) < 1e-5);
        }
}

TEST_CASE("Hadamard: every vector form gives the bits of the plain one") {
    Gaussian draw(7);
    for (const int order : {1, 2, 4, 8, 64, 128})
        for (const std::size_t columns : {1, 7, 8, 33}) {
            CAPTURE(order);
            CAPTURE(columns);
            const Fields data = draw.fields(static_cast<std::size_t>(order) * columns, 1);
            Fields plain = data;
            calibration::hadamard_transform_plain(plain, order, columns);
            test::for_each_vector_target([&] {
                Fields fast = data;
                calibration::hadamard_transform(fast, order, columns);
                CHECK(std::memcmp(fast.data(), plain.data(), plain.size() * sizeof(Field)) == 0);
            });
        }
}

TEST_CASE("fit_drifting: parts and gains come back through drift, vibration and flicker") {
    constexpr std::size_t frames = 192, parts = 12, modes = 512;
    Gaussian draw(2);
    Fields truth = draw.fields(parts * modes, 0.1);
    for (std::size_t m = 0; m < modes; ++m) truth[(parts - 2) * modes + m] *= 15;  // the anchor
    std::vector<float> design;
    std::mt19937 bits(3);
    for (std::size_t f = 0; f < frames; ++f) {
        for (std::size_t k = 0; k + 2 < parts; ++k) design.push_back(bits() >> 31 ? 1.0F : 0.0F);
        design.push_back(f % 4 == 3 ? 0.0F : 1.0F);
        design.push_back(1.0F);
    }
    const auto gains = drifting_gains(frames);
    constexpr double noise = 0.05;
    Fields fields(frames * modes);
    for (std::size_t f = 0; f < frames; ++f)
        for (std::size_t m = 0; m < modes; ++m) {
            std::complex<double> sum = 0;
            for (std::size_t k = 0; k < parts; ++k)
                sum += static_cast<double>(design[f * parts + k]) *
                       std::complex<double>(truth[k * modes + m]);
            fields[f * modes + m] = Field(gains[f] * sum) + draw(noise);
        }
    const auto fit = calibration::fit_drifting(fields, design, frames, parts, modes);
    // |noise|^2 = 0.0025 from 192 x 512 samples: known to 0.3 %.
    CHECK(fit.noise_power == doctest::Approx(noise * noise).epsilon(0.02));
    // Only a common factor is free: everything else must agree once it is taken out.
    const auto common = scale_of(fit.parts, truth);
    Fields aligned = fit.parts;
    for (auto& x : aligned) x /= Field(common);
    // A part's variance is about 4 noise^2 / frames = 5e-5 against its power of 0.01: 7 % rms; the
    // anchor's 2.25 outweighs them all in the sum.
    CHECK(relative_error(aligned, truth) < 0.02);
    double worst = 0;
    for (std::size_t f = 0; f < frames; ++f)
        worst = std::max(worst, std::abs(std::complex<double>(fit.gains[f]) * common - gains[f]));
    // noise / sqrt(modes * field power): frames without anchor light two blocks or more, power
    // 0.03: 0.05 / sqrt(512 * 0.03) = 0.013; the worst of 48 is off by 3 sigma.
    CHECK(worst < 0.045);
}

TEST_CASE("fit_matrix: T comes back with its scale, though the strip is weak and looks like data") {
    constexpr std::size_t modes = 512;
    constexpr int inputs = 10;
    Gaussian draw(4);
    std::mt19937 bits(5);
    const int repeats = 16;
    std::vector<std::int8_t> signs;
    for (int i = 0; i < inputs * repeats; ++i)
        signs.push_back(bits() >> 31 ? std::int8_t{1} : std::int8_t{-1});
    const calibration::HadamardPlan plan(inputs, repeats, signs);
    // Strip power 16 x 0.01 against data 5 x 0.36: twelve times weaker, as on a Gaussian beam.
    const auto identity = make_identity(draw, modes, 0.1);
    const Fields truth = draw.fields(inputs * modes, 0.6);
    const auto gains = drifting_gains(plan.frames());
    constexpr double noise = 0.2;
    Fields fields(plan.frames() * modes);
    for (std::size_t f = 0; f < plan.frames(); ++f)
        for (std::size_t m = 0; m < modes; ++m) {
            Field sum = strip_at(identity, plan.word(f), m, modes);
            for (int i = 0; i < inputs; ++i)
                if (plan.on(f, i)) sum += truth[static_cast<std::size_t>(i) * modes + m];
            fields[f * modes + m] = Field(gains[f] * std::complex<double>(sum)) + draw(noise);
        }
    const auto fit_of = [&](std::size_t limit_bytes) {
        const auto scratch =
            std::filesystem::temp_directory_path() / fmt::format("opal-hadamard-{}.h5", ::getpid());
        calibration::FieldStore store(plan.frames(), modes, limit_bytes, scratch);
        for (std::size_t f = 0; f < plan.frames(); ++f)
            store.write(f, std::span(fields).subspan(f * modes, modes));
        CHECK(store.on_disk() == (limit_bytes == 0));
        auto found = calibration::fit_matrix(plan, identity, store);
        CHECK(calibration::unread_frames(plan, identity, found, store).empty());
        // A frame that shows another's pattern, as if two buffers had been swapped.
        store.write(40, std::span(fields).subspan(100 * modes, modes));
        CHECK(calibration::unread_frames(plan, identity, found, store) ==
              std::vector<std::size_t>{40});
        return found;
    };
    const auto fit = fit_of(std::size_t{1} << 30);
    // On disk, the same bytes.
    const auto from_disk = fit_of(0);
    CHECK(from_disk.entries == fit.entries);
    CHECK(from_disk.gains == fit.gains);
    CHECK(from_disk.noise_power == fit.noise_power);
    CHECK(fit.noise_power == doctest::Approx(noise * noise).epsilon(0.02));
    // Entry variance 2 noise^2 / 256 = 3.1e-4 of 0.36: 3 % rms.
    CHECK(relative_error(fit.entries, truth) < 0.04);
    // The common factor rests on the strip: noise / sqrt(strip power * modes * frames) = 0.1 %.
    CHECK(std::abs(scale_of(fit.entries, truth) - 1.0) < 0.005);
    double worst = 0;
    for (std::size_t f = 0; f < plan.frames(); ++f)
        worst = std::max(worst, std::abs(fit.gains[f] - gains[f]));
    CHECK(worst < 0.04);  // 0.2 / sqrt(512 * 0.2) = 0.02 for the darkest frames
}

TEST_CASE("Hadamard plan: complements, balance, every word") {
    const calibration::HadamardPlan plan(5, 3, std::vector<std::int8_t>(15, 1));
    CHECK(plan.order() == 8);
    CHECK(plan.frames() == 48);
    std::vector<int> seen(code_words, 0);
    for (std::size_t f = 0; f < plan.frames(); f += 2) {
        for (int i = 0; i < 5; ++i) CHECK(plan.on(f, i) != plan.on(f + 1, i));
        ++seen[plan.word(f)];
        ++seen[plan.word(f + 1)];
    }
    for (const int n : seen) CHECK(n <= 1);  // 48 frames, 62 words, none twice
}

TEST_CASE("phase reference: data do not move the gain once the matrix is known") {
    constexpr std::size_t modes = 256;
    Gaussian draw(6);
    const auto identity = make_identity(draw, modes, 0.1);
    calibration::TransmissionMatrix matrix;
    matrix.inputs = 20;
    matrix.entries = draw.fields(20 * modes, 0.5);
    const std::complex<double> gain = std::polar(0.93, -2.0);
    Fields field(modes);
    for (std::size_t m = 0; m < modes; ++m) {
        Field sum = strip_at(identity, 17, m, modes);
        for (std::size_t i = 0; i < 20; i += 2) sum += matrix.entries[i * modes + m];
        field[m] = Field(gain * std::complex<double>(sum));
    }
    const calibration::PhaseReference with(identity, &matrix, modes);
    // Float rounding of 256 terms of size 2 against a strip of power 0.16 * 256: 1e-5.
    CHECK(std::abs(with.gain(field, 17) - gain) < 1e-4);
    CHECK(with.kept(17) == doctest::Approx(1 - 20.0 / 256).epsilon(0.1));
    // Without the matrix the data's light is noise: |T d| / (|P| sqrt(modes)) = 25 %.
    const calibration::PhaseReference without(identity, nullptr, modes);
    CHECK(std::abs(without.gain(field, 17) - gain) > 0.02);
    for (std::size_t m = 0; m < modes; ++m)
        CHECK(std::abs(with.field(17)[m] - strip_at(identity, 17, m, modes)) < 1e-5F);
}
