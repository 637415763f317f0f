// ScaleRow: drives a simulated bench by hand, with a stop watch. See scale_row.h.
#include "cli/bench/scale_row.h"

#include "calibration/acquisition.h"
#include "calibration/demodulator.h"
#include "hal/laser.h"
#include "sim/physics/medium.h"
#include "sim/physics/optics.h"
#include "sim/physics/speckle.h"
#include "sim/simulated_bench.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <complex>
#include <ctime>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace opal::cli {

namespace {

using namespace std::chrono_literals;
using Field = std::vector<std::complex<float>>;

constexpr hal::Duration camera_exposure = 100us;
constexpr hal::Duration mirror_time = 150us;  // the edge's delays and the exposure fit in
constexpr int most_repeats = 50;

class StopWatch {
public:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Of all threads of this process, so far.
double cpu_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

// The kernel's own count of the most memory this process ever had resident.
double peak_mib() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.rfind("VmHWM:", 0) == 0) return std::stod(line.substr(6)) / 1024;
    }
    throw std::runtime_error("/proc/self/status has no VmHWM: peak memory cannot be measured");
}

// Half of the mirrors on, at random.
hal::BitPattern random_pattern(const sim::DmdScene& dmd, std::uint32_t seed) {
    hal::BitPattern pattern(dmd.rows, dmd.columns);
    for (int r = 0; r < dmd.rows; ++r) {
        for (int c = 0; c < dmd.columns; ++c) {
            seed = seed * 1664525u + 1013904223u;
            if ((seed >> 24 & 1u) != 0) pattern.set(r, c, true);
        }
    }
    return pattern;
}

hal::Region whole_sensor(const sim::Scene& scene) {
    return {0, 0, scene.sensor.rows, scene.sensor.columns};
}

calibration::Holography holography_of(const sim::Scene& scene) {
    calibration::Holography h;
    h.region = whole_sensor(scene);
    h.format = hal::PixelFormat::mono8;
    h.black_level_dn = scene.sensor.black_level_dn8;
    h.carrier_rows_cpp = scene.reference.carrier_rows_cpp;
    h.carrier_columns_cpp = scene.reference.carrier_columns_cpp;
    h.pitch_rows_px = scene.speckle.pixels_per_mode_rows;
    h.pitch_columns_px = scene.speckle.pixels_per_mode_columns;
    h.mode_rows = scene.sensor.rows / h.pitch_rows_px;
    h.mode_columns = scene.sensor.columns / h.pitch_columns_px;
    const double exposure_us = std::chrono::duration<double, std::micro>(camera_exposure).count();
    const double reference_dn = scene.sensor.reference_photons_per_px_us *
                                scene.sensor.quantum_efficiency * exposure_us /
                                scene.sensor.gain_e_per_dn8;
    h.reference_dn.assign(h.region.pixels(), static_cast<float>(reference_dn));
    return h;
}

// One bench with the light on, from pattern to field.
class Projection {
public:
    explicit Projection(const sim::Scene& scene)
        : bench_(sim::make_simulated_bench(scene)),
          demodulator_(holography_of(scene)),
          field_(demodulator_.modes()) {
        hal::CameraSettings settings;
        settings.region = whole_sensor(scene);
        settings.exposure = camera_exposure;
        settings.trigger_delay = 20us;
        bench_->camera().configure(settings);
        light_.emplace(bench_->laser(), bench_->clock(), bench_->laser_limit_mw(),
                       bench_->laser_limit_mw(), hal::Deadline::after(bench_->clock(), 60s));
    }

    void run(const hal::BitPattern& pattern) {
        hal::Dmd& dmd = bench_->dmd();
        hal::Camera& camera = bench_->camera();
        dmd.load(0, {&pattern, 1});
        hal::SequenceEntry entry;
        entry.exposure = mirror_time;
        dmd.program({{entry}, false});
        camera.arm(1);
        dmd.start();
        if (!camera.receive(frame_, hal::Deadline::after(bench_->clock(), 10s))) {
            throw std::runtime_error("the simulated camera delivered no frame within 10 s");
        }
        camera.disarm();
        dmd.stop();
        demodulator_.demodulate(frame_, field_, workspace_);
    }

    double demodulate_again() {
        const StopWatch watch;
        demodulator_.demodulate(frame_, field_, workspace_);
        return watch.seconds();
    }

    const Field& field() const { return field_; }

private:
    std::unique_ptr<sim::SimulatedBench> bench_;
    calibration::Demodulator demodulator_;
    Field field_;
    calibration::Demodulator::Workspace workspace_;
    hal::Frame frame_;
    std::optional<hal::EmissionGuard> light_;
};

template <class Measure>
double fastest(int repeats, const Measure& measure) {
    double best = measure();
    for (int k = 1; k < repeats; ++k) best = std::min(best, measure());
    return best;
}

double measure_medium(const sim::Scene& scene, int repeats) {
    const sim::Speckle speckle(scene.speckle, scene.sensor.rows, scene.sensor.columns);
    const int channels = scene.dmd.rows * scene.dmd.columns;
    const auto medium = sim::make_medium(scene.medium, scene.seed, channels, speckle.grid_rows(),
                                         speckle.grid_columns());
    const sim::ModeWindow window = speckle.window(whole_sensor(scene));
    std::vector<std::int32_t> q12(static_cast<std::size_t>(channels));
    for (std::size_t i = 0; i < q12.size(); ++i) q12[i] = (i * 2654435761u >> 13 & 1u) * 4096;
    std::vector<std::int64_t> field(2 * window.modes(), 0);
    sim::MediumScratch scratch;
    scratch.threads = static_cast<int>(std::thread::hardware_concurrency());
    medium->prepare(window, 0);
    return fastest(repeats, [&] {
        const StopWatch watch;
        medium->add_field(q12, window, 0, field, scratch);
        return watch.seconds();
    });
}

double measure_frame(const sim::Scene& scene, int repeats) {
    const sim::Optics optics(scene);
    sim::ChannelAmplitudes lights[2];
    optics.reduce(random_pattern(scene.dmd, 3), lights[0]);
    optics.reduce(random_pattern(scene.dmd, 4), lights[1]);
    const auto scratch = optics.make_scratch(static_cast<int>(std::thread::hardware_concurrency()));
    hal::Frame frame;
    std::uint64_t key = 0;
    const auto measure = [&] {
        const sim::LightSegment segment = {&lights[key % 2], 1ms, camera_exposure, 65536};
        const StopWatch watch;
        optics.expose(
            {whole_sensor(scene), hal::PixelFormat::mono8, camera_exposure, key++, {&segment, 1}},
            *scratch, frame);
        return watch.seconds();
    };
    measure();  // plans, maps and the field of the dark DMD
    return fastest(repeats, measure);
}

// Modes in the middle of the sensor against the definition of the medium in double precision. The
// dense twin costs inputs x modes, so only as many rows of modes are looked at as that allows.
void check_field(const sim::Scene& scene, const hal::BitPattern& pattern, const Field& field,
                 ScaleRow& row) {
    const sim::SpeckleScene& pitch = scene.speckle;
    const std::int64_t mode_columns = scene.sensor.columns / pitch.pixels_per_mode_columns;
    const std::int64_t mode_rows = scene.sensor.rows / pitch.pixels_per_mode_rows;
    constexpr std::int64_t most_products = std::int64_t{1} << 24;
    constexpr std::int64_t side = 32;
    const std::int64_t columns = std::min(mode_columns, side);
    const std::int64_t rows = std::clamp<std::int64_t>(most_products / (row.size.inputs * columns),
                                                       1, std::min(mode_rows, side));
    const std::int64_t first_row = (mode_rows - rows) / 2;
    const std::int64_t first_column = (mode_columns - columns) / 2;
    const hal::Region region = {static_cast<int>(first_row) * pitch.pixels_per_mode_rows,
                                static_cast<int>(first_column) * pitch.pixels_per_mode_columns,
                                static_cast<int>(rows) * pitch.pixels_per_mode_rows,
                                static_cast<int>(columns) * pitch.pixels_per_mode_columns};
    const sim::Optics optics(scene);
    const auto truth = optics.true_field(pattern, region);
    std::complex<double> inner = 0;
    double ours = 0;
    double theirs = 0;
    for (std::size_t k = 0; k < truth.size(); ++k) {
        const auto at = static_cast<std::int64_t>(k);
        const std::int64_t mode =
            (first_row + at / columns) * mode_columns + first_column + at % columns;
        const std::complex<double> y(field[static_cast<std::size_t>(mode)]);
        inner += std::conj(truth[k]) * y;
        ours += std::norm(y);
        theirs += std::norm(truth[k]);
    }
    row.checked_modes = static_cast<std::int64_t>(truth.size());
    row.correlation = std::abs(inner) / std::sqrt(ours * theirs);
}

}  // namespace

ScaleRow planned_scale_row(sim::MediumKind kind, const ScaleSize& size) {
    const sim::Scene scene = scale_scene(kind, size);
    const sim::Speckle speckle(scene.speckle, scene.sensor.rows, scene.sensor.columns);
    ScaleRow row;
    row.medium = kind;
    row.size = size;
    row.grid_modes = static_cast<std::int64_t>(speckle.window(whole_sensor(scene)).modes());
    row.pixels = std::int64_t{scene.sensor.rows} * scene.sensor.columns;
    // Two bytes an entry, sim/physics/dense_medium.h.
    row.stored = kind == sim::MediumKind::dense &&
                 2.0 * static_cast<double>(row.grid_modes) * static_cast<double>(size.inputs) <=
                     scene.medium.storage_limit_mib * 1048576;
    return row;
}

ScaleRow measure_scale_row(sim::MediumKind kind, const ScaleSize& size, double budget_s,
                           std::stop_token stop) {
    constexpr double too_long_to_repeat_s = 60;
    constexpr int least_repeats = 3;
    const sim::Scene scene = scale_scene(kind, size);
    ScaleRow row = planned_scale_row(kind, size);
    const auto go_on = [&] {
        if (stop.stop_requested()) throw calibration::Interrupted();
    };
    const hal::BitPattern checked = random_pattern(scene.dmd, 0);
    Field field;
    {
        const StopWatch setting_up;
        Projection projection(scene);
        row.setup_s = setting_up.seconds();
        const double cpu_before = cpu_seconds();
        const StopWatch first;
        projection.run(checked);
        row.first_s = first.seconds();
        row.cpu_s = cpu_seconds() - cpu_before;
        row.repeats = 1;
        go_on();
        // Always another pattern: threads that render remember the last one they saw.
        const StopWatch repeating;
        const auto wanted = [&] {
            if (row.first_s > too_long_to_repeat_s) return false;
            return row.repeats < least_repeats ||
                   (row.repeats < most_repeats &&
                    repeating.seconds() + row.projection_s < budget_s);
        };
        while (wanted()) {
            const auto seed = static_cast<std::uint32_t>(row.repeats) + 1;
            const hal::BitPattern pattern = random_pattern(scene.dmd, seed);
            const double cpu = cpu_seconds();
            const StopWatch watch;
            projection.run(pattern);
            const double t = watch.seconds();
            row.cpu_s = std::min(row.cpu_s, cpu_seconds() - cpu);
            row.projection_s = row.projection_s > 0 ? std::min(row.projection_s, t) : t;
            ++row.repeats;
            go_on();
        }
        row.peak_mib = peak_mib();
        row.demodulate_s = fastest(3, [&] { return projection.demodulate_again(); });
        if (row.repeats > 1) projection.run(checked);
        field = projection.field();
    }
    go_on();
    check_field(scene, checked, field, row);
    go_on();
    if (row.projection_s > 0) {
        const int repeats = std::clamp(static_cast<int>(budget_s / row.projection_s), 1, 5);
        row.medium_s = measure_medium(scene, repeats);
        go_on();
        row.frame_s = measure_frame(scene, repeats);
    }
    return row;
}

nlohmann::json to_json(const ScaleRow& row) {
    return {{"medium", medium_name(row.medium)},
            {"inputs", row.size.inputs},
            {"modes", row.size.modes},
            {"grid_modes", row.grid_modes},
            {"pixels", row.pixels},
            {"stored", row.stored},
            {"repeats", row.repeats},
            {"setup_s", row.setup_s},
            {"first_s", row.first_s},
            {"projection_s", row.projection_s},
            {"cpu_s", row.cpu_s},
            {"medium_s", row.medium_s},
            {"frame_s", row.frame_s},
            {"demodulate_s", row.demodulate_s},
            {"peak_mib", row.peak_mib},
            {"correlation", row.correlation},
            {"checked_modes", row.checked_modes}};
}

ScaleRow scale_row_from(const nlohmann::json& json) {
    ScaleRow row;
    row.medium = json.at("medium") == "layered" ? sim::MediumKind::layered : sim::MediumKind::dense;
    json.at("inputs").get_to(row.size.inputs);
    json.at("modes").get_to(row.size.modes);
    json.at("grid_modes").get_to(row.grid_modes);
    json.at("pixels").get_to(row.pixels);
    json.at("stored").get_to(row.stored);
    json.at("repeats").get_to(row.repeats);
    json.at("setup_s").get_to(row.setup_s);
    json.at("first_s").get_to(row.first_s);
    json.at("projection_s").get_to(row.projection_s);
    json.at("cpu_s").get_to(row.cpu_s);
    json.at("medium_s").get_to(row.medium_s);
    json.at("frame_s").get_to(row.frame_s);
    json.at("demodulate_s").get_to(row.demodulate_s);
    json.at("peak_mib").get_to(row.peak_mib);
    json.at("correlation").get_to(row.correlation);
    json.at("checked_modes").get_to(row.checked_modes);
    return row;
}

}  // namespace opal::cli
