// The error budget: each source's share, as predicted and as measured, follows the scene. One
// source of noise is switched off at a time; its share has to vanish, and the rest to stay.
#include "tests/calibration/small_bench.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

using namespace opal;
using calibration::ErrorSource;
using calibration::Record;
using calibration::Validation;

namespace {

class Last final : public calibration::Observer {
public:
    void node_finished(std::string_view title, const calibration::Verdict& verdict) override {
        text = std::string(title) + ": " + verdict.text;
    }
    std::string text;
};

// A noisy small bench at 8 bits: every source of noise has a share that can be seen.
Validation budget_of(std::vector<std::string> changes,
                     hal::PixelFormat format = hal::PixelFormat::mono8) {
    std::vector<std::string> overrides{"sensor.read_noise_e=40", "sensor.prnu=0.03",
                                       "reference.ratio=10"};
    overrides.insert(overrides.end(), changes.begin(), changes.end());
    const auto bench = tests::small_bench(overrides);
    auto options = tests::small_options();
    options.format = format;
    options.inputs = 16;  // with fewer, patterns with nearly all of them on would saturate
    Last last;
    const Record record = calibration::calibrate(*bench, options, last);
    INFO(last.text);
    REQUIRE(record.validation);
    return *record.validation;
}

const ErrorSource& source(const Validation& v, const std::string& name) {
    for (const auto& s : v.budget)
        if (s.name == name) return s;
    FAIL("no such source: " << name);
    return v.budget.front();
}

// Measured; must be separable.
double share(const Validation& v, const std::string& name) {
    const ErrorSource& s = source(v, name);
    INFO(name << ": " << s.how);
    CHECK(s.separable);
    return s.measured.value;
}

// Equal within a part of the second, and four times what is stated as the first one's uncertainty.
void check_near(const Validation& v, const std::string& name, double wanted, double part) {
    const ErrorSource& s = source(v, name);
    INFO(name << " measured " << s.measured.value << " +- " << s.measured.sigma << ", wanted "
              << wanted << "; " << s.how);
    CHECK(s.separable);
    CHECK(std::abs(s.measured.value - wanted) < part * wanted + 4 * s.measured.sigma);
}

void check_gone(const Validation& v, const std::string& name, double before) {
    const ErrorSource& s = source(v, name);
    INFO(name << " measured " << s.measured.value << " +- " << s.measured.sigma << ", before "
              << before << "; " << s.how);
    CHECK(std::abs(s.measured.value) < 0.1 * before);
}

void tell(const char* what, const Validation& v) {
    std::string text;
    for (const auto& s : v.budget)
        text += "\n  " + s.name + ": predicted " + std::to_string(1e6 * s.share) + ", measured " +
                std::to_string(1e6 * s.measured.value) + " +- " +
                std::to_string(1e6 * s.measured.sigma) + " ppm; " + s.how;
    MESSAGE(std::string(what) << ": predicted " << 1e6 * v.predicted_error << ", measured "
                              << 1e6 * v.measured_error << " ppm, phase step " << v.phase_step_rad
                              << text);
}

}  // namespace

TEST_CASE("a source that is switched off vanishes from the measured budget, the rest stays") {
    const Validation all = budget_of({});
    tell("all", all);
    const double shot = share(all, "shot noise");
    const double read = share(all, "read noise");
    const double steps = share(all, "quantisation");

    // Prediction and measurement come from different frames and different arithmetic.
    for (const char* name : {"shot noise", "read noise", "quantisation"})
        check_near(all, name, source(all, name).share, 0.1);
    const double sum = all.temporal_error.value + all.reproducible_error.value;
    CHECK(sum / all.measured_error == doctest::Approx(1).epsilon(0.05));
    CHECK(all.shot_limited_bits > all.noise_limited_bits);
    CHECK(all.noise_limited_bits > all.effective_bits);

    const Validation quiet = budget_of({"sensor.read_noise_e=0"});
    tell("no read noise", quiet);
    check_gone(quiet, "read noise", read);
    check_near(quiet, "shot noise", shot, 0.1);
    check_near(quiet, "quantisation", steps, 0.2);

    const Validation classical = budget_of({"sensor.shot_noise=false"});
    tell("no shot noise", classical);
    check_gone(classical, "shot noise", shot);
    check_near(classical, "read noise", read, 0.1);

    // Four bits more: steps of a sixteenth, their square of a 256th.
    const Validation fine = budget_of({}, hal::PixelFormat::mono12);
    tell("12 bits", fine);
    check_gone(fine, "quantisation", steps);
    check_near(fine, "shot noise", shot, 0.1);
    check_near(fine, "read noise", read, 0.1);

    const Validation even = budget_of({"sensor.prnu=0"});
    tell("no PRNU", even);
    check_near(even, "shot noise", shot, 0.1);

    for (const Validation* v : {&all, &quiet, &classical, &fine, &even}) {
        CHECK(v->predicted_error / v->measured_error == doctest::Approx(1).epsilon(0.05));
        // Nothing on this bench is in need of a better encoding.
        CHECK(std::abs(share(*v, "encoding")) < 0.02 * v->measured_error);
        // Matrix noise is measured with what else is linear in the pattern.
        const double expected = source(*v, "matrix noise").share + source(*v, "strip noise").share;
        check_near(*v, "matrix noise", expected, 0.25);
    }
}

TEST_CASE("a phase that moves makes the twin image and the pixels' differences count") {
    const std::vector<std::string> moving{"stability.vibration_rad=0.15", "stability.drift_rad=0.8",
                                          "stability.drift_time_s=8", "sensor.read_noise_e=4"};
    auto changes = moving;
    const Validation all = budget_of(changes, hal::PixelFormat::mono12);
    tell("moving", all);
    changes.emplace_back("sensor.prnu=0");
    const Validation even = budget_of(changes, hal::PixelFormat::mono12);
    tell("moving, no PRNU", even);
    for (const Validation* v : {&all, &even}) {
        CHECK(v->predicted_error / v->measured_error == doctest::Approx(1).epsilon(0.1));
        CHECK(share(*v, "twin image") > 0.05 * v->measured_error);
    }
}
