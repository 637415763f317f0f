// ServedBench: a table, and who makes its time pass.
#include "cli/serve/served_bench.h"

#include "protocol/lightcrafter.h"
#include "sim/scene_fields.h"
#include "sim/scene_memory.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace opal::cli {

namespace {

sim::Scene on_host_time(sim::Scene scene) {
    scene.pace = sim::Pace::real_time;
    auto problem = sim::find_problem(scene);
    if (!problem) problem = sim::find_memory_problem(scene, 0, sim::host_memory_bytes());
    if (problem)
        throw std::invalid_argument(
            fmt::format("scene '{}': {}: {}", scene.name, problem->path, problem->text));
    return scene;
}

}  // namespace

ServedBench::ServedBench(const sim::Scene& scene, std::ostream* events,
                         const sim::FaultSchedule* faults)
    : scene_(on_host_time(scene)),
      table_(scene_, events, {}, faults),
      mirrors_(table_, scene_),
      light_(table_, scene_) {
    if (sim::FaultInjector* const injector = table_.faults()) {
        injector->open_door = [this](hal::Duration at, hal::Duration closed_again_at) {
            table_.clock_at(at, [this] { light_.set_interlock(false); });
            table_.clock_at(closed_again_at, [this] { light_.set_interlock(true); });
        };
    }
    time_ = std::make_unique<sim::TimeThread>(table_.clock());
}

ServedBench::~ServedBench() {
    time_.reset();
    light_.off();
    mirrors_.stop();
}

sim::Scene with_lightcrafter(sim::Scene scene) {
    sim::DmdScene& dmd = scene.dmd;
    const auto limits = *protocol::lcr_limits(1);
    if (dmd.rows != protocol::lcr_rows || dmd.columns != protocol::lcr_columns) {
        const double mirrors = protocol::lcr_rows * protocol::lcr_columns;
        const double share = mirrors / (static_cast<double>(dmd.rows) * dmd.columns);
        const double blocks = static_cast<double>(dmd.rows) * dmd.columns /
                              (static_cast<double>(dmd.macro_pixel_px) * dmd.macro_pixel_px);
        // Squares that cover both edges without a rest: divisors of 76.
        double nearest = 0;
        for (const int side : {76, 38, 19, 4, 2, 1}) {
            const double distance = std::abs(std::log(mirrors / (side * side) / blocks));
            if (side != 76 && distance >= nearest) continue;
            nearest = distance;
            dmd.macro_pixel_px = side;
        }
        const double scale = std::sqrt(share);
        dmd.illumination_waist_px *= scale;
        dmd.illumination_row_offset_px *= scale;
        dmd.illumination_column_offset_px *= scale;
        dmd.rows = protocol::lcr_rows;
        dmd.columns = protocol::lcr_columns;
        dmd.pitch_um = 7.6;  // of the diagonal grid [TI DLP3000 data sheet]
    }
    dmd.memory_patterns = limits.most_patterns;
    dmd.min_exposure_us = limits.min_exposure_us;
    dmd.min_dark_us = 0;
    dmd.settle_us = 20;  // what its driver counts on: times planned for either are the same
    return scene;
}

}  // namespace opal::cli
