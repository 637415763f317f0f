// Virtual instruments behind real pseudo-terminals and sockets, on a bench that keeps pace with the
// host: what `opal serve` offers, and the unmodified drivers in front of it.
#include "contract/bench_run.h"
#include "drivers/asio_serial_line.h"
#include "drivers/asio_tcp_stream.h"
#include "drivers/lasers/cobolt_laser.h"
#include "drivers/lasers/dlcpro_laser.h"
#include "drivers/lightcrafter/lightcrafter_dmd.h"
#include "drivers/terminal/pseudo_terminal.h"
#include "hal/error.h"
#include "sim/instruments/instrument_doors.h"
#include "sim/instruments/lasers/cobolt_instrument.h"
#include "sim/instruments/lasers/dlcpro_instrument.h"
#include "sim/instruments/lightcrafter/lightcrafter_instrument.h"
#include "sim/instruments/stream_doors.h"
#include "tests/contract/small_bench.h"
#include "tests/instruments/laser_bench.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <mutex>
#include <string>

using namespace opal;
using namespace std::chrono_literals;
using hal::LaserState;

namespace {

constexpr double label_mw = 50;  // contract::small_scene()

struct PacedBench {
    explicit PacedBench(sim::Scene scene = contract::small_scene())
        : bench(make(std::move(scene))), time(test::virtual_clock(*bench)) {}
    static std::unique_ptr<sim::SimulatedBench> make(sim::Scene scene) {
        scene.pace = sim::Pace::real_time;
        scene.laser.warm_up_s = 0.05;
        return sim::make_simulated_bench(scene, {2, nullptr});
    }
    std::unique_ptr<sim::SimulatedBench> bench;
    sim::TimeThread time;
};

std::vector<std::byte> bytes_of(const std::string& text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

// Arms, emits, waits for the power and turns off, twice: the second time shows that nothing of the
// first was left.
void shine(hal::Laser& laser, hal::Laser& inner) {
    hal::SteadyClock clock;
    for (int round = 0; round < 2; ++round) {
        {
            const hal::EmissionGuard light(laser, clock, 20, label_mw,
                                           hal::Deadline::after(clock, 20s));
            CHECK(laser.status().state == LaserState::emitting);
            // The bench's time may lag behind the host's, in which the driver waited for warmth.
            const auto patience = hal::Deadline::after(clock, 20s);
            while (inner.status().measured_power_mw < 19 && patience.left(clock) > 0s)
                clock.wait_until(clock.now() + 5ms);
            CHECK(inner.status().measured_power_mw == doctest::Approx(20).epsilon(0.05));
        }
        CHECK(laser.status().state == LaserState::off);
        CHECK(inner.status().state == LaserState::off);
    }
}

}  // namespace

TEST_CASE("a Cobolt on a pseudo-terminal, opened twice as any serial port") {
    drivers::PseudoTerminal terminal;
    try {
        terminal = drivers::open_pseudo_terminal();
    } catch (const hal::DeviceError& error) {
        std::printf("skipped: %s\n", error.what());
        return;
    }
    PacedBench paced;
    sim::CoboltScene scene;
    scene.label_power_mw = label_mw;
    sim::CoboltInstrument instrument(paced.bench->laser(), paced.bench->clock(), scene);
    hal::SteadyClock clock;
    sim::StreamSession session;
    session.receive = [&](auto bytes) { return bytes_of(instrument.receive(bytes)); };
    const sim::SerialThread door(*terminal.line, clock, session);
    for (int opened = 0; opened < 2; ++opened) {
        drivers::CoboltOptions options;
        options.label_power_mw = options.limit_mw = label_mw;
        options.warm_up = 50ms;
        const auto laser =
            drivers::open_cobolt(drivers::open_serial_line(terminal.path), clock, options);
        shine(*laser, paced.bench->laser());
    }
}

TEST_CASE("a DLC pro on two TCP ports") {
    PacedBench paced;
    sim::DlcProInstrument instrument(paced.bench->laser(), paced.bench->clock(), {});
    hal::SteadyClock clock;
    std::mutex mutex;
    const auto alone = [&](auto call) {
        return [&mutex, call](auto... arguments) {
            const std::lock_guard lock(mutex);
            return bytes_of(call(arguments...));
        };
    };
    sim::StreamSession command;
    command.connected = alone([&] { return instrument.greeting(); });
    command.receive =
        alone([&](std::span<const std::byte> bytes) { return instrument.command(bytes); });
    sim::StreamSession monitor;
    monitor.receive =
        alone([&](std::span<const std::byte> bytes) { return instrument.monitor(bytes); });
    monitor.idle = alone([&] { return instrument.events(); });
    const auto command_port = drivers::listen_tcp("127.0.0.1", 0);
    const auto monitor_port = drivers::listen_tcp("127.0.0.1", 0);
    const sim::ListenerThread command_door(*command_port, clock, command);
    const sim::ListenerThread monitor_door(*monitor_port, clock, monitor);
    const auto connect = [&](const hal::TcpListener& listener) {
        return drivers::connect_tcp("127.0.0.1", listener.port(), hal::Deadline::after(clock, 5s));
    };
    drivers::DlcProOptions options;
    options.threshold_ma = instrument.scene.threshold_ma;
    options.slope_mw_per_ma = instrument.scene.slope_mw_per_ma;
    options.limit_mw = label_mw;
    options.warm_up = 50ms;
    const auto laser =
        drivers::open_dlcpro(connect(*command_port), connect(*monitor_port), clock, options);
    shine(*laser, paced.bench->laser());
}

TEST_CASE("a LightCrafter on a TCP port triggers the bench's camera, once a pattern") {
    sim::Scene scene = contract::small_scene();
    scene.dmd.rows = protocol::lcr_rows;
    scene.dmd.columns = protocol::lcr_columns;
    scene.dmd.macro_pixel_px = 76;
    scene.dmd.memory_patterns = 96;
    scene.dmd.min_exposure_us = 250;
    scene.dmd.min_dark_us = 0;
    PacedBench paced(scene);
    sim::LightCrafterInstrument instrument(paced.bench->dmd());
    hal::SteadyClock clock;
    sim::StreamSession session;
    session.connected = [&] {
        instrument.connected();
        return std::vector<std::byte>();
    };
    session.receive = [&](auto bytes) { return instrument.receive(bytes); };
    const auto port = drivers::listen_tcp("127.0.0.1", 0);
    const sim::ListenerThread door(*port, clock, session);
    const auto dmd = drivers::open_lightcrafter(
        drivers::connect_tcp("127.0.0.1", port->port(), hal::Deadline::after(clock, 5s)), clock);
    CHECK(dmd->info().model == "TI DLP LightCrafter 4.0.1");

    contract::RunTiming timing = contract::comfortable_timing(*paced.bench, 100us);
    timing.pattern = 1ms;
    timing.dark = 1ms;
    dmd->load(0, contract::striped_patterns(dmd->info(), 8));
    dmd->program(contract::sequence_of(8, timing));
    paced.bench->camera().arm(10);
    dmd->start();
    hal::Frame frame;
    std::vector<hal::Duration> times;
    while (paced.bench->camera().receive(frame, hal::Deadline::after(paced.bench->clock(), 300ms)))
        times.push_back(frame.device_time);
    REQUIRE(times.size() == 8);
    for (std::size_t i = 1; i < times.size(); ++i) CHECK(times[i] - times[i - 1] == 2ms);
}
