// The LightCrafter driver over TCP in memory, on a virtual LightCrafter around the bench's own
// mirrors: the Dmd contract, the bytes saved, and what goes wrong on the way.
#include "contract/bench_run.h"
#include "drivers/lightcrafter/lightcrafter_dmd.h"
#include "sim/doors/memory_tcp.h"
#include "sim/instruments/lightcrafter/lightcrafter_instrument.h"
#include "tests/contract/bench_suites.h"
#include "tests/contract/small_bench.h"
#include "tests/instruments/rewired_bench.h"

#include <array>
#include <memory>

using namespace opal;
using namespace opal::contract;
using test::fault_of;
using test::sequence_of_slots;
using namespace std::chrono_literals;

namespace {

// A bench whose DMD is behind the wire.
struct WiredBench {
    static sim::Scene scene() {
        sim::Scene scene = small_scene();
        scene.dmd.rows = protocol::lcr_rows;
        scene.dmd.columns = protocol::lcr_columns;
        scene.dmd.macro_pixel_px = 76;
        scene.dmd.memory_patterns = 96;
        scene.dmd.min_exposure_us = 250;
        scene.dmd.min_dark_us = 0;
        return scene;
    }
    explicit WiredBench(std::size_t piece_bytes = 1460)
        : inner(sim::make_simulated_bench(scene(), {2, nullptr})),
          instrument(inner->dmd()),
          bench(*inner) {
        sim::PipeWire wire;
        wire.piece_bytes = piece_bytes;
        wire.room_bytes = 1u << 20;
        auto [host, device] =
            sim::make_tcp_pair(test::virtual_clock(*inner), "memory:21845", "host", wire);
        far = std::move(device);
        instrument.connected();
        far->on_arrival([this] {
            std::array<std::byte, 4096> bytes;
            try {
                while (const std::size_t count = far->read(bytes, hal::Deadline{})) {
                    const auto reply = instrument.receive(std::span(bytes).first(count));
                    far->write(reply, hal::Deadline{});
                }
            } catch (const hal::DeviceError&) {  // the host has closed
            }
        });
        bench.wire(drivers::open_lightcrafter(std::move(host), inner->clock()));
    }
    hal::Dmd& dmd() { return bench.dmd(); }

    std::unique_ptr<sim::SimulatedBench> inner;
    sim::LightCrafterInstrument instrument;
    std::unique_ptr<sim::MemoryTcpStream> far;
    test::RewiredBench bench;
};

class LightCrafter {
public:
    static constexpr bool has_door_switch = false;
    static constexpr bool has_trigger_input = false;
    hal::Bench& bench() { return wired_.bench; }
    void set_interlock(bool) {}
    static hal::Duration time_tolerance() { return hal::Duration{0}; }

private:
    WiredBench wired_;
};

}  // namespace

TYPE_TO_STRING(LightCrafter);
OPAL_DMD_SUITE(LightCrafter);

TEST_CASE("only what changed travels") {
    WiredBench wired;
    hal::Dmd& dmd = wired.dmd();
    const auto patterns = striped_patterns(dmd.info(), 4);
    dmd.load(0, patterns);
    CHECK(wired.instrument.patterns_received() == 0);  // nothing to show yet
    dmd.program(sequence_of_slots({0, 1, 0, 2}));
    CHECK(wired.instrument.patterns_received() == 4);
    dmd.program(sequence_of_slots({0, 1, 0, 3}));
    CHECK(wired.instrument.patterns_received() == 5);
    dmd.load(1, std::span(patterns).subspan(1, 1));  // the same again
    CHECK(wired.instrument.patterns_received() == 5);
    dmd.load(0, std::span(patterns).subspan(2, 1));  // shown twice
    CHECK(wired.instrument.patterns_received() == 7);
    dmd.program(sequence_of_slots({0, 1}));  // another length: the memory is empty
    CHECK(wired.instrument.patterns_received() == 9);
}

TEST_CASE("frames are those of the direct DMD, bit for bit, however the stream is cut") {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1460}}) {
        WiredBench wired(piece);
        const auto direct = sim::make_simulated_bench(WiredBench::scene(), {2, nullptr});
        const RunTiming timing = comfortable_timing(wired.bench, 100us);
        std::vector<std::vector<hal::Frame>> taken;
        for (hal::Bench* const bench :
             {static_cast<hal::Bench*>(&wired.bench), static_cast<hal::Bench*>(direct.get())}) {
            bench->camera().configure(wired.bench.camera().settings());
            bench->dmd().load(0, striped_patterns(bench->dmd().info(), 5));
            hal::PatternSequence sequence = sequence_of(5, timing);
            bench->dmd().program(sequence);
            bench->clock().wait_until(hal::Time{60s});  // the upload has taken its time
            const auto light = full_light(*bench);
            bench->clock().wait_until(hal::Time{70s});
            bench->camera().arm(8);
            bench->dmd().start();
            auto frames = receive_all(*bench);
            bench->camera().disarm();
            REQUIRE(frames.size() == 5);
            taken.push_back(std::move(frames));
        }
        for (std::size_t i = 0; i < 5; ++i) {
            CHECK(taken[0][i].device_time.count() == taken[1][i].device_time.count());
            CHECK((taken[0][i].bytes == taken[1][i].bytes));
        }
    }
}

TEST_CASE("a busy device is asked again, a frozen one is named, a pulled cable too") {
    WiredBench wired;
    wired.instrument.scene.busy_replies = 3;
    wired.dmd().load(0, striped_patterns(wired.dmd().info(), 1));
    wired.dmd().program(sequence_of_slots({0}));
    wired.instrument.scene.busy_replies = 1'000'000;
    const auto busy = fault_of([&] { wired.dmd().start(); });
    CHECK(busy.kind == hal::ErrorKind::timeout);
    CHECK(busy.text.find("busy") != std::string::npos);

    WiredBench frozen;
    frozen.dmd().load(0, striped_patterns(frozen.dmd().info(), 1));
    frozen.instrument.scene.frozen = true;
    const auto silence = fault_of([&] { frozen.dmd().program(sequence_of_slots({0})); });
    CHECK(silence.kind == hal::ErrorKind::timeout);
    CHECK(silence.text.find("power it off") != std::string::npos);
    CHECK(fault_of([&] { frozen.dmd().program(sequence_of_slots({0})); }).kind ==
          hal::ErrorKind::disconnected);

    WiredBench pulled;
    pulled.dmd().load(0, striped_patterns(pulled.dmd().info(), 1));
    pulled.far->unplug();
    CHECK(fault_of([&] { pulled.dmd().program(sequence_of_slots({0})); }).kind ==
          hal::ErrorKind::disconnected);
}

TEST_CASE("times the device cannot count are refused") {
    WiredBench wired;
    wired.dmd().load(0, striped_patterns(wired.dmd().info(), 1));
    hal::PatternSequence sequence = sequence_of_slots({0});
    sequence.entries[0].dark += 500ns;
    const auto fault = fault_of([&] { wired.dmd().program(sequence); });
    CHECK(fault.kind == hal::ErrorKind::out_of_range);
    CHECK(fault.text.find("steps of 1 us") != std::string::npos);
}
