// Drift: the watch's line against one drawn by hand, the refresh against matrices made up here, and
// both against a bench whose medium really turns into another.
#include "projection/drift_watch.h"
#include "projection/matrix_refresh.h"
#include "projection/optical_projector.h"
#include "tests/projection/quiet_twin.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

using namespace opal;
using dfa::Matrix;
using projection::DriftWatch;
using projection::OpticalProjector;

namespace {

Matrix ternary(Eigen::Index samples) {
    std::mt19937 bits(11);
    Matrix m(samples, tests::twin_inputs);
    for (Eigen::Index i = 0; i < m.size(); ++i)
        m.data()[i] = static_cast<float>(static_cast<int>(bits() >> 8) % 3 - 1);
    return m;
}

// Complex correlation of a projection with what a record's matrix says.
double agreement(const calibration::Record& record, const Matrix& vectors, const Matrix& out) {
    const std::size_t modes = record.holography.modes();
    std::complex<double> cross = 0;
    double power = 0;
    double predicted_power = 0;
    for (Eigen::Index b = 0; b < vectors.rows(); ++b) {
        for (std::size_t k = 0; k < modes; ++k) {
            std::complex<double> predicted = 0;
            for (int i = 0; i < tests::twin_inputs; ++i)
                predicted += double{vectors(b, i)} *
                             std::complex<double>(
                                 record.matrix->entries[static_cast<std::size_t>(i) * modes + k]);
            const auto at = static_cast<Eigen::Index>(2 * k);
            const std::complex<double> seen(out(b, at), out(b, at + 1));
            cross += std::conj(predicted) * seen;
            power += std::norm(seen);
            predicted_power += std::norm(predicted);
        }
    }
    return cross.real() / std::sqrt(power * predicted_power);
}

}  // namespace

TEST_CASE("loss of correlation from what is left: closed form") {
    // A field with an independent rest of 21 % of its power correlates by 1 / 1.1 with it.
    CHECK(DriftWatch::loss_of(0.21) == doctest::Approx(1 - 1 / 1.1).epsilon(1e-12));
    CHECK(DriftWatch::loss_of(0) == 0);
    CHECK(DriftWatch::loss_of(-0.1) == 0);
}

TEST_CASE("the watch sees the budget run out before it has, and says when") {
    // rest = 0.001 + 1e-7 t^2: the loss is 0.005 above its own at rest = 0.0111, t = 318 s.
    DriftWatch watch(0.005, {0.001, 0});
    double t = 0;
    for (; t < 1000; t += 10) {
        watch.add(t, {0.001 + 1e-7 * t * t, 1e-5}, {}, 1);
        if (watch.spent(t)) break;
    }
    CHECK(t == doctest::Approx(320).epsilon(0.04));
    CHECK(watch.predicted_loss(600).value ==
          doctest::Approx(DriftWatch::loss_of(0.001 + 0.036)).epsilon(1e-3).scale(0));
    watch.restart(t, {0.001, 0});
    CHECK(watch.state().refreshes == 1);
    CHECK_FALSE(watch.spent(t));
    CHECK(watch.state().history.back().refreshed);
}

TEST_CASE("a record an hour old: the prediction does not think the matrix is new") {
    // rest = 0.001 + 5e-10 (t + 3600)^2, t since the first batch: most of the growth is linear.
    const auto rest = [](double t) { return 0.001 + 5e-10 * (t + 3600) * (t + 3600); };
    DriftWatch watch(0.005, {0.001, 0});
    for (double t = 0; t <= 600; t += 10) {
        watch.add(t, {rest(t), 1e-5}, {}, 1);
        REQUIRE_FALSE(watch.spent(t));  // 0.0111 is reached after 894 s
    }
    const auto exact = watch.predicted_loss(2000);
    CHECK(exact.value == doctest::Approx(DriftWatch::loss_of(rest(2000))).epsilon(1e-6));

    // With noise the prediction scatters as it says: 60 watches of 61 batches each.
    std::mt19937 bits(29);
    std::normal_distribution<double> noise(0, 2e-4);
    double square = 0;
    double stated = 0;
    constexpr int watches = 60;
    for (int n = 0; n < watches; ++n) {
        DriftWatch noisy(0.005, {0.001, 0});
        for (double t = 0; t <= 600; t += 10) noisy.add(t, {rest(t) + noise(bits), 2e-4}, {}, 1);
        const auto predicted = noisy.predicted_loss(700);
        square += std::pow(predicted.value - DriftWatch::loss_of(rest(700)), 2) / watches;
        stated += predicted.sigma / watches;
    }
    // A root mean square of 60 is known to 9 %; the floor under sigma adds a tenth.
    CHECK(std::sqrt(square) == doctest::Approx(stated).epsilon(0.35).scale(0));
}

TEST_CASE("noise alone spends nothing; no budget is never spent") {
    std::mt19937 bits(3);
    std::normal_distribution<double> noise(0, 5e-4);
    DriftWatch watch(0.005, {});
    DriftWatch never(0, {});
    for (int n = 0; n < 5000; ++n) {
        watch.add(n, {noise(bits), 5e-4}, {}, 1);
        never.add(n, {1, 1e-3}, {}, 1);
        REQUIRE_FALSE(watch.spent(n));
        REQUIRE_FALSE(never.spent(n));
    }
    CHECK(watch.state().history.size() <= 1000);
}

TEST_CASE("a refresh finds a matrix that has turned, from noisy frames of unknown gain") {
    constexpr int inputs = 6;
    constexpr std::size_t modes = 40;
    constexpr std::size_t unknowns = 33 + inputs;
    std::mt19937 bits(5);
    std::normal_distribution<float> normal;
    const auto draw = [&](std::size_t n) {
        std::vector<std::complex<float>> list(n);
        for (auto& z : list) z = {normal(bits), normal(bits)};
        return list;
    };
    calibration::Record record;
    record.holography.mode_rows = 5;
    record.holography.mode_columns = 8;
    record.identity.background = draw(modes);
    record.identity.columns = draw(32 * modes);
    record.matrix.emplace().inputs = inputs;
    record.matrix->entries = draw(inputs * modes);
    constexpr float noise = 0.05F;  // rms of each part
    record.matrix->noise_power = 2 * noise * noise;

    // The truth: everything turned by 0.4 rad towards something unrelated.
    const auto turned = [&](const std::vector<std::complex<float>>& from) {
        auto to = draw(from.size());
        for (std::size_t i = 0; i < to.size(); ++i)
            to[i] = std::cos(0.4F) * from[i] + std::sin(0.4F) * to[i];
        return to;
    };
    const auto background = turned(record.identity.background);
    const auto columns = turned(record.identity.columns);
    const auto entries = turned(record.matrix->entries);

    projection::RefreshFrames frames;
    const std::size_t count = projection::refresh_frames(inputs);
    CHECK(count == 4 * unknowns);
    for (std::size_t n = 0; n < count; ++n) {
        const auto word = static_cast<std::uint32_t>(n % calibration::code_words);
        frames.words.push_back(word);
        const std::complex<float> gain =
            std::polar(0.8F + 0.004F * static_cast<float>(n % 100), 0.7F * static_cast<float>(n));
        for (int i = 0; i < inputs; ++i)
            frames.bits.push_back(static_cast<std::uint8_t>(bits() >> 31));
        for (std::size_t k = 0; k < modes; ++k) {
            std::complex<float> f = background[k];
            for (int j = 0; j < 32; ++j)
                if (calibration::Layout::code_bit(word, j))
                    f += columns[static_cast<std::size_t>(j) * modes + k];
            for (std::size_t i = 0; i < inputs; ++i)
                if (frames.bits[n * inputs + i] != 0) f += entries[i * modes + k];
            frames.fields.push_back(
                gain * f + std::complex<float>(noise * normal(bits), noise * normal(bits)));
        }
    }
    const auto result = projection::refresh_matrix(record, frames, 0.16);

    // Up to the one factor nobody can know.
    std::complex<double> cross = 0;
    double power = 0;
    double found_power = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const std::complex<double> found(record.matrix->entries[i]);
        cross += std::conj(std::complex<double>(entries[i])) * found;
        power += std::norm(entries[i]);
        found_power += std::norm(found);
    }
    const double correlation = std::abs(cross) / std::sqrt(power * found_power);
    // An input is on in half of the frames: its entry's variance is that of a frame over a quarter
    // of their number, 0.005 / (156 / 4) = 1.3e-4 of a power of 2; gains and the other unknowns
    // cost as much again at most.
    CHECK(1 - correlation * correlation < 2 * 1.3e-4);
    CHECK(result.entry_sigma == doctest::Approx(std::sqrt(1.3e-4 / 2)).epsilon(0.5).scale(0));
    // What it says of itself: a frame's noise, scatter 1.5 %; what it leaves of an entry; and what
    // that leaves of half-lit frames' data, 3 entries of a power of 2 and 3/2 more for their mean
    // [binomial], 9: some 3 entries' variance of it.
    CHECK(record.matrix->noise_power == doctest::Approx(2 * noise * noise).epsilon(0.06).scale(0));
    REQUIRE(record.matrix->input_variance.size() == inputs);
    const double scale2 = found_power / power;
    const double entry_error =
        (found_power - std::norm(cross) / power) / static_cast<double>(entries.size());
    CHECK(record.matrix->entry_variance() ==
          doctest::Approx(entry_error).epsilon(0.3).scale(0));  // 240 entries: 6 %, and the ridge
    CHECK(result.own_rest > entry_error / scale2 / 3);
    CHECK(result.own_rest < entry_error / scale2);
    CHECK(record.identity.strip_variance > 0);
    CHECK(record.identity.strip_variance < record.matrix->noise_power);
}

TEST_CASE("a batch that cannot be brought back within the budget is returned, counted and told") {
    // A quarter turn in two seconds, without noise: between a refresh and the batch after it the
    // medium has gone on by some hundredths of a radian, and 1e-5 is what is allowed.
    const std::vector<std::string> still{"sensor.shot_noise=false", "sensor.read_noise_e=0",
                                         "laser.power_noise=0"};
    std::vector<std::string> turning = still;
    turning.push_back("medium.decorrelation_s=2");
    const auto bench = sim::make_simulated_bench(tests::small_lab(turning));
    calibration::Record record = tests::quiet_record(tests::small_lab(still));
    record.bench_identity = bench->identity();
    projection::OpticalOptions options;
    options.drift_budget = 1e-5;
    int told = 0;
    options.on_notice = [&](projection::Notice kind, const std::string& what) {
        if (kind != projection::Notice::beyond_budget) return;
        ++told;
        CHECK(what.find("budget is") != std::string::npos);
    };
    OpticalProjector projector(*bench, record, options);
    told = 0;  // health begins after the scale was measured
    Matrix out;
    projector.project(ternary(16), out);
    CHECK(told == 1);
    CHECK(projector.health().beyond_budget == 1);
    CHECK(projector.health().correlation_loss > 1e-5);
}

TEST_CASE("the phase scatters by its stated uncertainty") {
    const sim::Scene scene = tests::small_lab(
        {"stability.drift_rad=0", "stability.vibration_rad=0", "laser.power_noise=0"});
    const auto bench = sim::make_simulated_bench(scene);
    OpticalProjector projector(*bench, tests::quiet_record(scene), {});
    projector.refresh();  // which finds the noise of a frame
    Matrix out;
    constexpr int batches = 60;
    for (int n = 0; n < batches; ++n) projector.project(ternary(2), out);
    const auto& history = projector.drift().history;
    double sum = 0;
    double square = 0;
    double stated = 0;
    for (std::size_t i = history.size() - batches; i < history.size(); ++i) {
        sum += history[i].phase_rad / batches;
        square += history[i].phase_rad * history[i].phase_rad / batches;
        stated += history[i].phase_sigma_rad / batches;
    }
    // A scatter of 60 is known to 9 %; edges of the demodulator's filter make noise uneven.
    CHECK(std::sqrt(square - sum * sum) == doctest::Approx(stated).epsilon(0.35).scale(0));
    CHECK(projector.health().largest_phase_sigma_rad >= stated);
}

TEST_CASE(
    "a bench whose medium turns: with a budget the matrix in use stays right, without it "
    "does not") {
    // A quarter turn takes 2000 s; after 400 s the field correlates by cos 18 degrees = 0.951.
    const sim::Scene scene = tests::small_lab({"medium.decorrelation_s=2000"});
    calibration::Record record = tests::quiet_record(scene);
    // As calibrated at low light: frames of the held-out patterns correlate by 0.97, all of it
    // their own noise. The matrix owes the budget nothing for that.
    record.validation.emplace().correlation = {0.97, 1e-4};
    record.validation->temporal_error = {1 - 0.97 * 0.97, 1e-4};
    const Matrix vectors = ternary(32);
    for (const double budget : {0.005, 0.0}) {
        CAPTURE(budget);
        const auto bench = sim::make_simulated_bench(scene);
        projection::OpticalOptions options;
        options.drift_budget = budget;
        OpticalProjector projector(*bench, record, options);
        double worst = 1;
        Matrix out;
        const int batches = budget > 0 ? 20 : 12;
        for (int n = 0; n < batches; ++n) {
            bench->clock().wait_for(std::chrono::seconds(20));
            projector.project(vectors, out);
            worst = std::min(worst, agreement(projector.record(), vectors, out));
        }
        const double frozen = agreement(record, vectors, out);
        if (budget > 0) {
            // Budget, noise (0.25 % of loss) and the matrix's own error.
            CHECK(worst > 1 - budget - 0.004);
            CHECK(projector.drift().refreshes >= 2);
            CHECK(projector.drift().refreshes <= 10);
            CHECK(frozen < 0.97);
        } else {
            // 240 s: cos 10.8 degrees, and the noise.
            CHECK(worst == doctest::Approx(0.982).epsilon(0.004));
            CHECK(projector.drift().refreshes == 0);
            // It knows, all the same.
            CHECK(projector.health().correlation_loss ==
                  doctest::Approx(1 - worst).epsilon(0.25).scale(0));
        }
    }
}
