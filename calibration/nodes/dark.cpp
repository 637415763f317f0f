// Dark: see dark.h. Temporal noise per pixel from a short stack, dark current from a long exposure
// against the shortest [EMVA 2021, sections 6.4 and 7].
#include "calibration/nodes/dark.h"

#include "calibration/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace opal::calibration {

namespace {

constexpr std::size_t short_frames = 16;
constexpr std::size_t long_frames = 4;
constexpr std::size_t working_frames = 4;
constexpr hal::Duration long_exposure = std::chrono::milliseconds(200);
constexpr double quantisation_dn2 = 1.0 / 12;  // of a uniform rounding error [EMVA 2021, section 6]

struct Stack {
    std::vector<double> sum, square;
    std::size_t frames = 0;
    std::size_t clipped = 0;  // counts of 0

    void add(const hal::Frame& frame) {
        const auto take = [&](const auto counts) {
            sum.resize(counts.size(), 0);
            square.resize(counts.size(), 0);
            for (std::size_t r = 0; r < counts.size(); ++r) {
                const auto c = static_cast<double>(counts[r]);
                sum[r] += c;
                square[r] += c * c;
                clipped += counts[r] == 0;
            }
        };
        if (frame.format == hal::PixelFormat::mono8)
            take(frame.as_u8());
        else
            take(frame.as_u16());
        ++frames;
    }
    double mean_at(std::size_t r) const { return sum[r] / static_cast<double>(frames); }
    double variance_at(std::size_t r) const {
        const double m = mean_at(r);
        return (square[r] - static_cast<double>(frames) * m * m) / static_cast<double>(frames - 1);
    }
};

Stack take(Session& session, hal::PixelFormat format, hal::Duration exposure, std::size_t frames) {
    Stack stack;
    Timing timing;
    timing.exposure = exposure;
    Acquisition acquisition = session.acquisition(session.record.survey, format, timing);
    acquisition.acquire_still(session.black(), frames, [&](std::size_t, const hal::Frame& frame) {
        stack.add(frame);
        session.took_frame();
    });
    return stack;
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

Dark measure_dark(Session& session) {
    session.expect(short_frames + long_frames + working_frames);
    const hal::CameraInfo& info = session.bench.camera().info();
    const hal::Duration longest = std::min(long_exposure, info.max_exposure);
    const Stack brief = take(session, session.deep_format(), info.min_exposure, short_frames);
    const Stack lengthy = take(session, session.deep_format(), longest, long_frames);
    const Stack working =
        take(session, session.working_format(), info.min_exposure, working_frames);

    Dark dark;
    dark.deep_bits = hal::bits_of(session.deep_format());
    dark.temperature_c = session.bench.camera().status().temperature_c;

    // Hot: dark signal beyond what shot noise of the typical dark signal and read noise explain.
    const std::size_t pixels = brief.sum.size();
    std::vector<double> rise(pixels);
    for (std::size_t r = 0; r < pixels; ++r) rise[r] = lengthy.mean_at(r) - brief.mean_at(r);
    const double typical = median(rise);
    std::vector<double> deviation(pixels);
    for (std::size_t r = 0; r < pixels; ++r) deviation[r] = std::abs(rise[r] - typical);
    // 1.4826 times the median deviation is sigma of a normal spread; a floor of one count.
    const double sigma = std::max(1.4826 * median(deviation), 1.0);
    std::vector<double> means;
    std::vector<double> variances;
    double rises = 0;
    means.reserve(pixels);
    variances.reserve(pixels);
    for (std::size_t r = 0; r < pixels; ++r) {
        if (rise[r] > typical + 8 * sigma) {
            dark.hot_pixels.push_back(static_cast<std::uint32_t>(r));
            continue;
        }
        means.push_back(brief.mean_at(r));
        variances.push_back(brief.variance_at(r));
        rises += rise[r];
    }
    if (means.empty()) {
        dark.verdict.text = "every pixel of the dark frames is hot; is the camera covered?";
        return dark;
    }
    const auto good = static_cast<double>(means.size());
    dark.black_level_deep_dn = mean_of(means);
    const double span_s = seconds(longest - info.min_exposure);
    dark.dark_current_deep_dn_per_s = {rises / good / span_s, sigma / std::sqrt(good) / span_s};
    const Measured variance = mean_of(variances);
    const double noise2 = std::max(variance.value - quantisation_dn2, 0.0);
    const double noise = std::sqrt(noise2);
    dark.read_noise_deep_dn = {noise, noise > 0 ? 0.5 * variance.sigma / noise : 0};
    double spread = 0;
    for (const double m : means)
        spread += (m - dark.black_level_deep_dn.value) * (m - dark.black_level_deep_dn.value);
    dark.offset_spread_deep_dn = std::sqrt(
        std::max(spread / good - variance.value / static_cast<double>(short_frames), 0.0));
    std::vector<double> working_means;
    for (std::size_t r = 0; r < pixels; ++r)
        if (!std::binary_search(dark.hot_pixels.begin(), dark.hot_pixels.end(), r))
            working_means.push_back(working.mean_at(r));
    dark.black_level_dn = mean_of(working_means);
    session.record.holography.black_level_dn = dark.black_level_dn.value;

    const double clipped =
        static_cast<double>(brief.clipped) / static_cast<double>(pixels * short_frames);
    const double hot = static_cast<double>(dark.hot_pixels.size()) / static_cast<double>(pixels);
    const double full = static_cast<double>((1 << dark.deep_bits) - 1);
    dark.verdict.checks = {{.name = "counts cut off at 0", .value = clipped, .high = 1e-3},
                           {.name = "black level",
                            .unit = "DN",
                            .value = dark.black_level_deep_dn.value,
                            .sigma = dark.black_level_deep_dn.sigma,
                            .high = 0.2 * full},
                           {.name = "hot pixels", .value = hot, .high = 0.02}};
    if (clipped > 1e-3) {
        dark.verdict.text = fmt::format(
            "{:.1f} % of dark counts are cut off at 0, want less than 0.1 %; raise the camera's "
            "black level",
            100 * clipped);
    } else if (dark.black_level_deep_dn.value > 0.2 * full) {
        dark.verdict.text = fmt::format(
            "dark frames read {:.0f} DN of {:.0f}, want less than a fifth; stray light reaches the "
            "camera with the laser off, or its black level is set too high",
            dark.black_level_deep_dn.value, full);
    } else if (hot > 0.02) {
        dark.verdict.text = fmt::format(
            "{:.1f} % of the pixels are hot, want less than 2 %; cool the camera or choose another "
            "region",
            100 * hot);
    } else {
        dark.verdict.passed = true;
        dark.verdict.text = fmt::format(
            "black level {:.2f} DN, read noise {:.2f} DN at {} bits, dark current {:.1f} DN/s at "
            "{:.0f} C, {} hot pixels of {}",
            dark.black_level_dn.value, noise, dark.deep_bits, dark.dark_current_deep_dn_per_s.value,
            dark.temperature_c, dark.hot_pixels.size(), pixels);
    }
    return dark;
}

}  // namespace opal::calibration
