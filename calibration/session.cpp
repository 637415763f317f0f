// Session: see session.h.
#include "calibration/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <numeric>
#include <stdexcept>

namespace opal::calibration {

hal::PixelFormat Session::deep_format() const {
    const auto& formats = bench.camera().info().formats;
    assert(!formats.empty());
    return *std::max_element(formats.begin(), formats.end(),
                             [](auto a, auto b) { return hal::bits_of(a) < hal::bits_of(b); });
}

hal::BitPattern Session::black() const {
    return hal::BitPattern(record.dmd_rows, record.dmd_columns);
}

hal::BitPattern Session::white() const {
    hal::BitPattern pattern = black();
    pattern.fill(0, 0, pattern.rows(), pattern.columns(), true);
    return pattern;
}

hal::BitPattern Session::speckle_pattern(std::uint64_t number, int block_px, double density) const {
    hal::BitPattern pattern = black();
    std::mt19937_64 bits = random(number);
    const auto threshold = static_cast<std::uint64_t>(density * 4294967296.0);
    for (int row = 0; row < pattern.rows(); row += block_px)
        for (int column = 0; column < pattern.columns(); column += block_px)
            if ((bits() >> 32) < threshold)
                pattern.fill(row, column, std::min(block_px, pattern.rows() - row),
                             std::min(block_px, pattern.columns() - column), true);
    return pattern;
}

std::mt19937_64 Session::random(std::uint64_t purpose) const {
    // Two seeds that differ in one bit give unrelated sequences: seed_seq mixes them.
    std::seed_seq mix{
        static_cast<std::uint32_t>(options.seed), static_cast<std::uint32_t>(options.seed >> 32),
        static_cast<std::uint32_t>(purpose), static_cast<std::uint32_t>(purpose >> 32)};
    return std::mt19937_64(mix);
}

Timing plan_timing(hal::Bench& bench, hal::Region region, hal::PixelFormat format,
                   hal::Duration exposure, hal::Duration trigger_delay) {
    hal::Camera& camera = bench.camera();
    camera.disarm();
    const hal::CameraSettings got =
        camera.configure({region, format, exposure, trigger_delay, hal::TriggerSource::line});
    const hal::DmdInfo& dmd = bench.dmd().info();
    const auto whole_microseconds = [](hal::Duration d) {
        return std::chrono::ceil<std::chrono::microseconds>(d);
    };
    // The mirrors stay 5 us longer than the camera looks: nobody's clock is perfect.
    const hal::Duration slack = std::chrono::microseconds(5);
    Timing timing;
    timing.exposure = got.exposure;
    timing.trigger_delay = got.trigger_delay;
    timing.pattern = std::max<hal::Duration>(
        dmd.min_exposure, whole_microseconds(got.trigger_delay + got.exposure + slack));
    const hal::Duration ready =
        got.trigger_delay + got.exposure + camera.status().dead_time + slack;
    timing.dark = std::max<hal::Duration>(dmd.min_dark, hal::Duration{0});
    if (timing.period() < ready) timing.dark = whole_microseconds(ready - timing.pattern);
    return timing;
}

hal::Region centred_region(const hal::CameraInfo& camera, int rows, int columns, int row_multiple,
                           int column_multiple) {
    if (rows < 1 || columns < 1 || rows > camera.sensor_rows || columns > camera.sensor_columns)
        throw std::invalid_argument(
            fmt::format("a region of {} x {} px was asked for; the sensor has {} x {} px", rows,
                        columns, camera.sensor_rows, camera.sensor_columns));
    const int step = std::max(camera.region_step_px, 1);
    if (rows % step != 0 || columns % step != 0)
        throw std::invalid_argument(fmt::format(
            "a region of {} x {} px was asked for; this camera takes multiples of {} px", rows,
            columns, step));
    const auto place = [step](int sensor, int size, int multiple) {
        const int grid = std::lcm(step, std::max(multiple, 1));
        const int most = (sensor - size) / grid;
        const int wanted = (sensor - size + grid) / (2 * grid);
        return std::min(wanted, most) * grid;
    };
    return {place(camera.sensor_rows, rows, row_multiple),
            place(camera.sensor_columns, columns, column_multiple), rows, columns};
}

FieldReader::FieldReader(Session& session)
    : session_(session),
      demodulator_(session.record.holography),
      acquisition_(session.acquisition(session.record.holography.region,
                                       session.record.holography.format, session.record.timing)) {}

void FieldReader::read(std::span<const hal::BitPattern> patterns,
                       std::vector<std::complex<float>>& fields) {
    fields.resize(patterns.size() * modes());
    acquisition_.acquire(patterns, [&](std::size_t index, const hal::Frame& frame) {
        if (on_frame) on_frame(index, frame);
        demodulator_.demodulate(frame, std::span(fields).subspan(index * modes(), modes()),
                                workspace_);
        session_.took_frame();
    });
}

void FieldReader::read(std::size_t patterns, const Draw& draw,
                       std::vector<std::complex<float>>& fields) {
    fields.resize(patterns * modes());
    read(patterns, draw, [&](std::size_t index, std::span<const std::complex<float>> field) {
        std::copy(field.begin(), field.end(),
                  fields.begin() + static_cast<std::ptrdiff_t>(index * modes()));
    });
}

void FieldReader::read(std::size_t patterns, const Draw& draw, const Keep& keep) {
    // A full-HD pattern takes 256 KiB: 128 of them stay in a laptop's memory without notice.
    constexpr std::size_t batch = 128;
    std::vector<std::complex<float>> field(modes());
    std::vector<hal::BitPattern> drawn;
    std::size_t first = 0;
    for (; first < patterns; first += drawn.size()) {
        drawn.resize(std::min(batch, patterns - first));
        for (std::size_t i = 0; i < drawn.size(); ++i) draw(first + i, drawn[i]);
        acquisition_.acquire(drawn, [&](std::size_t index, const hal::Frame& frame) {
            if (on_frame) on_frame(first + index, frame);
            demodulator_.demodulate(frame, field, workspace_);
            keep(first + index, field);
            session_.took_frame();
        });
    }
}

std::complex<double> inner(std::span<const std::complex<float>> a,
                           std::span<const std::complex<float>> b) {
    assert(a.size() == b.size());
    double real = 0;
    double imaginary = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const auto ar = static_cast<double>(a[i].real());
        const auto ai = static_cast<double>(a[i].imag());
        const auto br = static_cast<double>(b[i].real());
        const auto bi = static_cast<double>(b[i].imag());
        real += ar * br + ai * bi;
        imaginary += ar * bi - ai * br;
    }
    return {real, imaginary};
}

double power(std::span<const std::complex<float>> a) {
    return inner(a, a).real();
}

}  // namespace opal::calibration
