// SceneMemory: the sums of scene_memory.h.
#include "sim/scene_memory.h"

#include "sim/physics/field_memory.h"
#include "sim/physics/speckle.h"
#include "sim/table/frame_renderer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <thread>

namespace opal::sim {
namespace {

// What the sums are made of; doubles, because impossible scenes overflow integers.
struct Sizes {
    double pixels = 0;
    double modes = 0;
    double channels = 0;
    double epochs = 1;
    double renderers = 2;  // the one that waits for a frame included
    double frames = 0;     // in all, planned, under way and there
};

Sizes sizes_of(const Scene& scene, int threads) {
    const SensorScene& sensor = scene.sensor;
    const Speckle speckle(scene.speckle, sensor.rows, sensor.columns);
    const auto blocks = [&](int mirrors) {
        return (mirrors + scene.dmd.macro_pixel_px - 1) / scene.dmd.macro_pixel_px;
    };
    Sizes n;
    n.pixels = static_cast<double>(sensor.rows) * sensor.columns;
    n.modes = static_cast<double>(speckle.window({0, 0, sensor.rows, sensor.columns}).modes());
    n.channels = static_cast<double>(blocks(scene.dmd.rows)) * blocks(scene.dmd.columns);
    n.epochs = scene.medium.decorrelation_s > 0 ? 2 : 1;
    const int host = static_cast<int>(std::thread::hardware_concurrency());
    n.renderers = std::max(threads > 0 ? threads : host, 2);
    const auto jobs = FrameRenderer::most_jobs(static_cast<std::size_t>(n.pixels), threads);
    n.frames = static_cast<double>(jobs) + 2;  // and those with the camera and with the caller
    return n;
}

constexpr std::string_view of_modes =
    "sensor.rows, sensor.columns, speckle.pixels_per_mode_rows, speckle.pixels_per_mode_columns";
constexpr std::string_view of_matrix =
    "medium.storage (automatic or never), dmd.macro_pixel_px, speckle.pixels_per_mode_rows, "
    "speckle.pixels_per_mode_columns";

SceneMemory::Part medium_of(const MediumScene& medium, const Sizes& n) {
    if (medium.kind == MediumKind::layered) {
        const double size = std::exp2(std::ceil(std::log2(std::max(n.channels, n.modes))));
        return {"layered medium", of_modes, n.renderers * 32 * size};
    }
    const double matrix = 2 * n.channels * n.modes;
    const double kept = n.epochs > 1 ? 4 : 1;
    const double limit = medium.storage_limit_mib * 1048576;
    if (medium.storage == Storage::always) return {"stored medium", of_matrix, kept * matrix};
    if (medium.storage == Storage::automatic && n.epochs * matrix <= limit)
        return {"stored medium", "medium.storage_limit_mib", std::min(kept * matrix, limit)};
    return {"entries drawn for each frame", of_modes, n.renderers * 16 * n.modes};
}

}  // namespace

double SceneMemory::bytes() const {
    double sum = 0;
    for (const Part& part : parts) sum += part.bytes;
    return sum;
}

SceneMemory estimate_memory(const Scene& scene, int threads) {
    const Sizes n = sizes_of(scene, threads);
    constexpr auto pieces = static_cast<double>(FieldMemory::most_bytes);
    SceneMemory memory;
    memory.parts = {
        {"sensor maps", "sensor.rows, sensor.columns", 20 * n.pixels},
        {"frames", "sensor.rows, sensor.columns", 2 * n.pixels * n.frames},
        {"work space", of_modes,
         n.renderers *
             (4 * n.pixels + 24 * n.modes + n.epochs * (48 * n.modes + 20 * n.channels + pieces))},
        medium_of(scene.medium, n),
        {"DMD", "dmd.macro_pixel_px, dmd.rows, dmd.columns", 25 * n.channels},
    };
    std::stable_sort(memory.parts.begin(), memory.parts.end(),
                     [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
    memory.pattern_bytes = 4 * n.channels;
    memory.most_patterns = memory.pattern_bytes * scene.dmd.memory_patterns;
    return memory;
}

std::optional<SceneProblem> find_memory_problem(const Scene& scene, int threads,
                                                double host_bytes) {
    const SceneMemory memory = estimate_memory(scene, threads);
    if (memory.bytes() <= host_bytes) return std::nullopt;
    const SceneMemory::Part& largest = memory.parts.front();
    const std::string_view first = largest.fields.substr(0, largest.fields.find_first_of(" ,"));
    return SceneProblem{
        std::string(first),
        fmt::format("the bench would take about {} of memory, {} of it for: {}; this machine has "
                    "{}. What changes it: {}",
                    memory_text(memory.bytes()), memory_text(largest.bytes), largest.what,
                    memory_text(host_bytes), largest.fields)};
}

double host_memory_bytes() {
    return static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
           static_cast<double>(sysconf(_SC_PAGESIZE));
}

std::string memory_text(double bytes) {
    constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    std::size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < units.size()) {
        bytes /= 1024;
        ++unit;
    }
    return fmt::format("{:.{}f} {}", bytes, bytes < 10 && unit > 0 ? 1 : 0, units[unit]);
}

}  // namespace opal::sim
