// ServedBench: a table, and who makes its time pass.
#include "cli/serve/served_bench.h"

#include "protocol/dlpc900_image.h"
#include "protocol/dlpc900_messages.h"
#include "protocol/lightcrafter.h"
#include "sim/scene_fields.h"
#include "sim/scene_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
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

// A board's mirrors instead of the scene's, lit alike, in about as many macro-pixels.
void adopt_mirrors(sim::DmdScene& dmd, int rows, int columns, double pitch_um) {
    if (dmd.rows != rows || dmd.columns != columns) {
        const double mirrors = static_cast<double>(rows) * columns;
        const double share = mirrors / (static_cast<double>(dmd.rows) * dmd.columns);
        const double blocks = static_cast<double>(dmd.rows) * dmd.columns /
                              (static_cast<double>(dmd.macro_pixel_px) * dmd.macro_pixel_px);
        // Squares that cover both edges without a rest, where there are such: both edges of a
        // DLP670S are multiples of 4 mirrors and of nothing larger.
        const int largest = std::gcd(rows, columns);
        const double wanted = std::sqrt(mirrors / blocks);
        dmd.macro_pixel_px = std::max(1, static_cast<int>(std::lround(wanted)));
        double nearest = std::log(4.0);
        for (int side = largest; side >= 1; --side) {
            if (largest % side != 0) continue;
            const double distance = std::abs(std::log(mirrors / (side * side) / blocks));
            if (distance >= nearest) continue;
            nearest = distance;
            dmd.macro_pixel_px = side;
        }
        const double scale = std::sqrt(share);
        dmd.illumination_waist_px *= scale;
        dmd.illumination_row_offset_px *= scale;
        dmd.illumination_column_offset_px *= scale;
        dmd.rows = rows;
        dmd.columns = columns;
        dmd.pitch_um = pitch_um;
    }
    dmd.min_dark_us = 0;
    dmd.settle_us = 20;  // what the drivers count on: times planned for either are the same
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
    // The pitch is that of the diagonal grid [TI DLP3000 data sheet].
    adopt_mirrors(scene.dmd, protocol::lcr_rows, protocol::lcr_columns, 7.6);
    const auto limits = *protocol::lcr_limits(1);
    scene.dmd.memory_patterns = limits.most_patterns;
    scene.dmd.min_exposure_us = limits.min_exposure_us;
    return scene;
}

sim::Scene with_dlpc900(sim::Scene scene, int number) {
    const protocol::Dlpc900Board& board = *protocol::find_dlpc900_board(number);
    adopt_mirrors(scene.dmd, board.rows, board.columns, board.pitch_um);
    scene.dmd.memory_patterns = protocol::dlpc900_images * protocol::dlpc900_planes;
    scene.dmd.min_exposure_us = board.min_exposure_us;
    return scene;
}

void wire_trigger(sim::Dlpc900Instrument& board, sim::DirectDmd& mirrors) {
    board.on_trigger_out = [&mirrors](const protocol::Dlpc900TriggerOut& out) {
        mirrors.delay_edges(std::chrono::microseconds(std::min(out.rising_us, out.falling_us)));
    };
}

}  // namespace opal::cli
