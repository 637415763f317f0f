// Doors of lasers: what each protocol calls the light of the scene.
#include "cli/serve/laser_doors.h"

#include "drivers/asio_tcp_stream.h"
#include "drivers/terminal/pseudo_terminal.h"
#include "sim/instruments/lasers/cobolt_instrument.h"
#include "sim/instruments/lasers/dlcpro_instrument.h"
#include "sim/instruments/lasers/obis_instrument.h"
#include "sim/instruments/stream_doors.h"

#include <fmt/format.h>

#include <mutex>

namespace opal::cli {

namespace {

std::vector<std::byte> bytes_of(const std::string& text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

// What every laser says about the light behind it.
void describe_light(const sim::LaserScene& scene, drivers::LaserFacts& facts) {
    facts.limit_mw = scene.max_power_mw;
    facts.warm_up =
        std::chrono::duration_cast<hal::Duration>(std::chrono::duration<double>(scene.warm_up_s));
}

std::string about_light(std::string_view model, const sim::LaserScene& scene) {
    return fmt::format("{}  {} nm, {} mW", model, scene.wavelength_nm, scene.max_power_mw);
}

class DlcProDoor final : public ServedDoor {
public:
    DlcProDoor(ServedBench& bench, const std::string& address)
        : bench_(bench),
          uri_(drivers::parse_device_uri("dlcpro://" + address)),
          instrument_(bench.light(), bench.table().clock(), scene_of(bench)),
          command_port_(drivers::listen_tcp(uri_.place, uri_.port)),
          monitor_port_(drivers::listen_tcp(uri_.place, static_cast<std::uint16_t>(uri_.port + 1))),
          command_thread_(*command_port_, bench.host_clock(), command()),
          monitor_thread_(*monitor_port_, bench.host_clock(), monitor()) {}

    std::string uri() const override { return drivers::to_string(uri_); }
    std::string about() const override { return about_light("DLC pro", bench_.scene().laser); }
    void describe(drivers::WireBenchPlan& plan) const override {
        plan.laser = uri_;
        describe_light(bench_.scene().laser, plan.laser_facts);
        plan.laser_facts.wavelength_nm = bench_.scene().laser.wavelength_nm;
        plan.laser_facts.threshold_ma = instrument_.scene.threshold_ma;
        plan.laser_facts.slope_mw_per_ma = instrument_.scene.slope_mw_per_ma;
    }

private:
    // Full power at the largest current.
    static sim::DlcProScene scene_of(const ServedBench& bench) {
        sim::DlcProScene scene;
        scene.slope_mw_per_ma =
            bench.scene().laser.max_power_mw / (scene.clip_ma - scene.threshold_ma);
        return scene;
    }
    template <class Act>
    std::vector<std::byte> alone(Act&& act) {
        bench_.catch_up();
        const std::lock_guard lock(mutex_);
        return bytes_of(act());
    }
    sim::StreamSession command() {
        sim::StreamSession session;
        session.connected = [this] { return alone([this] { return instrument_.greeting(); }); };
        session.receive = [this](std::span<const std::byte> bytes) {
            return alone([&] { return instrument_.command(bytes); });
        };
        return session;
    }
    sim::StreamSession monitor() {
        sim::StreamSession session;
        session.connected = [this] {
            return alone([this] {
                instrument_.monitor_connected();
                return std::string();
            });
        };
        session.receive = [this](std::span<const std::byte> bytes) {
            return alone([&] { return instrument_.monitor(bytes); });
        };
        session.idle = [this] { return alone([this] { return instrument_.events(); }); };
        return session;
    }

    ServedBench& bench_;
    const drivers::DeviceUri uri_;
    std::mutex mutex_;  // two threads use the instrument
    sim::DlcProInstrument instrument_;
    std::unique_ptr<hal::TcpListener> command_port_;
    std::unique_ptr<hal::TcpListener> monitor_port_;
    sim::ListenerThread command_thread_;
    sim::ListenerThread monitor_thread_;
};

// A laser that speaks in lines, on a pseudo-terminal.
template <class Instrument, class Scene>
class TerminalDoor final : public ServedDoor {
public:
    TerminalDoor(ServedBench& bench, drivers::DeviceKind kind, std::string model,
                 const Scene& scene)
        : bench_(bench),
          model_(std::move(model)),
          instrument_(bench.light(), bench.table().clock(), scene),
          terminal_(drivers::open_pseudo_terminal()),
          uri_{kind, terminal_.path, 0},
          thread_(*terminal_.line, bench.host_clock(), session()) {}

    std::string uri() const override { return drivers::to_string(uri_); }
    std::string about() const override { return about_light(model_, bench_.scene().laser); }
    void describe(drivers::WireBenchPlan& plan) const override {
        plan.laser = uri_;
        describe_light(bench_.scene().laser, plan.laser_facts);
        if (uri_.kind != drivers::DeviceKind::cobolt) return;
        plan.laser_facts.label_power_mw = instrument_.scene.label_power_mw;
        plan.laser_facts.wavelength_nm = bench_.scene().laser.wavelength_nm;
    }

private:
    sim::StreamSession session() {
        sim::StreamSession session;
        session.receive = [this](std::span<const std::byte> bytes) {
            bench_.catch_up();
            return bytes_of(instrument_.receive(bytes));
        };
        return session;
    }

    ServedBench& bench_;
    const std::string model_;
    Instrument instrument_;
    drivers::PseudoTerminal terminal_;
    const drivers::DeviceUri uri_;
    sim::SerialThread thread_;
};

}  // namespace

std::unique_ptr<ServedDoor> open_dlcpro_door(ServedBench& bench, const std::string& address) {
    return std::make_unique<DlcProDoor>(bench, address);
}

std::unique_ptr<ServedDoor> open_cobolt_door(ServedBench& bench) {
    sim::CoboltScene scene;
    scene.label_power_mw = bench.scene().laser.max_power_mw;
    return std::make_unique<TerminalDoor<sim::CoboltInstrument, sim::CoboltScene>>(
        bench, drivers::DeviceKind::cobolt, "Cobolt " + scene.model, scene);
}

std::unique_ptr<ServedDoor> open_obis_door(ServedBench& bench) {
    sim::ObisScene scene;
    scene.label_power_mw = bench.scene().laser.max_power_mw;
    scene.wavelength_nm = bench.scene().laser.wavelength_nm;
    return std::make_unique<TerminalDoor<sim::ObisInstrument, sim::ObisScene>>(
        bench, drivers::DeviceKind::obis, scene.model, scene);
}

}  // namespace opal::cli
