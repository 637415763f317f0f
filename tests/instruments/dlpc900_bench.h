// Dlpc900Bench: a simulated bench whose DMD is a virtual DLPC900 behind USB in memory.
#pragma once

#include "contract/bench_run.h"
#include "drivers/dlpc900/dlpc900_dmd.h"
#include "sim/direct/direct_dmd.h"
#include "sim/doors/memory_usb.h"
#include "sim/instruments/dlpc900/dlpc900_instrument.h"
#include "tests/contract/small_bench.h"
#include "tests/instruments/rewired_bench.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace opal::test {

struct Dlpc900Bench {
    static sim::Scene scene(int board) {
        const protocol::Dlpc900Board& type = *protocol::find_dlpc900_board(board);
        sim::Scene scene = contract::small_scene();
        scene.dmd.rows = type.rows;
        scene.dmd.columns = type.columns;
        scene.dmd.macro_pixel_px = 160;
        scene.dmd.memory_patterns = 432;
        scene.dmd.min_exposure_us = type.min_exposure_us;
        scene.dmd.min_dark_us = 0;
        return scene;
    }
    // The same light at any time: what frames hold does not depend on when they are taken.
    static sim::Scene steady(sim::Scene scene) {
        scene.laser.power_noise = 0;
        scene.stability.drift_rad = 0;
        return scene;
    }
    explicit Dlpc900Bench(sim::Dlpc900Scene settings = {}, drivers::Dlpc900Options options = {})
        : Dlpc900Bench(scene(settings.board), settings, std::move(options)) {}
    Dlpc900Bench(const sim::Scene& scene, sim::Dlpc900Scene settings,
                 drivers::Dlpc900Options options)
        : inner(sim::make_simulated_bench(scene, {2, nullptr})),
          usb(sim::make_memory_usb(virtual_clock(*inner), sim::Dlpc900Instrument::usb_info())),
          instrument(*usb.gadget, inner->dmd(), virtual_clock(*inner), settings),
          bench(*inner) {
        instrument.on_trigger_out = [this](const protocol::Dlpc900TriggerOut& out) {
            dynamic_cast<sim::DirectDmd&>(inner->dmd())
                .delay_edges(std::chrono::microseconds(std::min(out.rising_us, out.falling_us)));
        };
        bench.wire(drivers::open_dlpc900(std::move(usb.host), inner->clock(), std::move(options)));
    }
    hal::Dmd& dmd() { return bench.dmd(); }

    std::unique_ptr<sim::SimulatedBench> inner;
    sim::MemoryUsb usb;
    sim::Dlpc900Instrument instrument;
    RewiredBench bench;
};

// The frames of a sequence, with the laser on; the bench's camera is configured.
inline std::vector<hal::Frame> frames_shown(hal::Bench& bench,
                                            const std::vector<hal::BitPattern>& patterns,
                                            const hal::PatternSequence& sequence,
                                            hal::Duration start_at) {
    bench.dmd().load(0, patterns);
    bench.dmd().program(sequence);
    bench.clock().wait_until(hal::Time{start_at - std::chrono::seconds(10)});  // after the upload
    const auto light = contract::full_light(bench);
    bench.clock().wait_until(hal::Time{start_at});
    bench.camera().arm(sequence.entries.size() + 2);
    bench.dmd().start();
    auto frames = contract::receive_all(bench);
    bench.camera().disarm();
    return frames;
}

}  // namespace opal::test
