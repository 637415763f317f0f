// Triggered acquisition against its slow twin on the simulated bench: a sequence at full speed and
// one standing pattern at a time are the same physics, so they give the same light. What differs is
// what has to: the noise of each exposure, drawn by its number, and drift, drawn by the time.
#include "calibration/acquisition.h"
#include "calibration/demodulator.h"
#include "calibration/session.h"
#include "tests/contract/bench_run.h"
#include "tests/projection/quiet_twin.h"

#include <doctest/doctest.h>

#include <complex>
#include <memory>
#include <vector>

using namespace opal;
using namespace opal::calibration;
using namespace std::chrono_literals;

namespace {

constexpr hal::Region region = {32, 32, tests::twin_side_px, tests::twin_side_px};
constexpr hal::PixelFormat format = hal::PixelFormat::mono12;
constexpr hal::Duration exposure = 100us;
constexpr std::size_t count = 8;

std::vector<hal::BitPattern> patterns_for(hal::Bench& bench) {
    return contract::striped_patterns(bench.dmd().info(), static_cast<int>(count));
}

enum class Way { triggered, stepped };

std::vector<hal::Frame> acquire(hal::Bench& bench, Way way) {
    const auto light = contract::full_light(bench);
    Acquisition acquisition(bench, region, format,
                            plan_timing(bench, region, format, exposure, 30us));
    std::vector<hal::Frame> frames(count);
    const auto keep = [&](std::size_t k, const hal::Frame& frame) {
        CHECK(frame.pattern == static_cast<std::uint32_t>(k));
        frames[k] = frame;
    };
    const auto patterns = patterns_for(bench);
    if (way == Way::triggered)
        acquisition.acquire(patterns, keep);
    else
        acquisition.acquire_stepped(patterns, keep);
    CHECK(acquisition.stats().repeated_runs == 0);
    return frames;
}

// Shot, read and dark noise, uneven pixels; nothing that depends on the time.
sim::Scene steady_scene() {
    sim::Scene scene = tests::small_lab({"sensor.prnu=0.01", "sensor.temperature_c=50"});
    scene.stability = {.drift_rad = 0, .vibration_rad = 0};
    scene.laser.power_noise = 0;
    scene.laser.power_drift = 0;
    return scene;
}

// Temporal noise of every pixel in DN^2 [EMVA 1288 R4.0, eq. 7]: shot and read noise over the gain,
// and quantisation.
std::vector<float> variance_dn2(const sim::SensorScene& sensor, const hal::Frame& frame) {
    const double gain = sensor.gain_e_per_dn8 / 16;  // electrons per DN at 12 bits
    const double black = sensor.black_level_dn8 * 16;
    std::vector<float> variance;
    for (const std::uint16_t dn : frame.as_u16()) {
        const double electrons = std::max(0.0, (dn - black) * gain);
        const double noise_e2 = electrons + sensor.read_noise_e * sensor.read_noise_e;
        variance.push_back(static_cast<float>(noise_e2 / (gain * gain) + 1.0 / 12));
    }
    return variance;
}

}  // namespace

TEST_CASE("on an exact bench triggered and stepped frames are equal to the last bit") {
    const sim::Scene scene = tests::quiet(tests::small_lab());
    const auto one = sim::make_simulated_bench(scene, {2, nullptr});
    const auto triggered = acquire(*one, Way::triggered);
    const auto later = acquire(*one, Way::stepped);
    const auto other = sim::make_simulated_bench(scene, {1, nullptr});
    const auto stepped = acquire(*other, Way::stepped);
    for (std::size_t k = 0; k < count; ++k) {
        CAPTURE(k);
        CHECK(triggered[k].bytes == stepped[k].bytes);
        CHECK(triggered[k].bytes == later[k].bytes);
        // And not because all frames are alike.
        if (k > 0) CHECK(triggered[k].bytes != triggered[k - 1].bytes);
    }
}

TEST_CASE("noise goes by the number of the exposure and by nothing else") {
    const sim::Scene scene = steady_scene();
    const auto triggered = acquire(*sim::make_simulated_bench(scene), Way::triggered);
    // The triggered run looked six times at its sentinels, and black, white, black came before the
    // data: a bench that is nine exposures old steps through the same noise.
    sim::BenchOptions aged;
    aged.begin.exposures = 9;
    const auto same = acquire(*sim::make_simulated_bench(scene, aged), Way::stepped);
    const auto different = acquire(*sim::make_simulated_bench(scene), Way::stepped);
    for (std::size_t k = 0; k < count; ++k) {
        CAPTURE(k);
        CHECK(triggered[k].bytes == same[k].bytes);
        CHECK(triggered[k].bytes != different[k].bytes);
    }
}

TEST_CASE("on a bench that drifts, fields agree within the predicted noise") {
    const sim::Scene scene = tests::small_lab();
    const auto bench = sim::make_simulated_bench(scene);
    const auto triggered = acquire(*bench, Way::triggered);
    const auto stepped = acquire(*bench, Way::stepped);
    const Holography holography = tests::true_holography(*bench, exposure);
    const Demodulator demodulator(holography);
    Demodulator::Workspace workspace;
    const auto field_of = [&](const hal::Frame& frame) {
        std::vector<std::complex<float>> field(demodulator.modes());
        demodulator.demodulate(frame, field, workspace);
        return field;
    };
    double residual = 0;
    double noise = 0;
    double signal = 0;
    for (std::size_t k = 0; k < count; ++k) {
        const auto a = field_of(triggered[k]);
        const auto b = field_of(stepped[k]);
        // Drift turns the phase between the arms, laser noise scales: one complex number a frame.
        std::complex<double> overlap = 0;
        double power = 0;
        for (std::size_t m = 0; m < a.size(); ++m) {
            overlap += std::complex<double>(a[m]) * std::conj(std::complex<double>(b[m]));
            power += std::norm(std::complex<double>(b[m]));
        }
        const std::complex<double> turn = overlap / power;
        const auto noise_a = demodulator.noise_power(variance_dn2(scene.sensor, triggered[k]));
        const auto noise_b = demodulator.noise_power(variance_dn2(scene.sensor, stepped[k]));
        for (std::size_t m = 0; m < a.size(); ++m) {
            residual += std::norm(std::complex<double>(a[m]) - turn * std::complex<double>(b[m]));
            noise += noise_a[m] + std::norm(turn) * noise_b[m];
            signal += std::norm(std::complex<double>(a[m]));
        }
    }
    CAPTURE(residual / noise);
    CAPTURE(signal / noise);
    CHECK(signal / noise > 50);  // the fields are there
    // The mean of 8 x 1024 squares with the spread of their mean, neighbours being correlated a
    // little: 1.1 % to 2 %. Five times that.
    CHECK(residual / noise == doctest::Approx(1).epsilon(0.1));
}
