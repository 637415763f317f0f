// UsbBench: who is connected to what, and what faults do to the cables.
#include "cli/usb_bench.h"

#include "cli/serve/served_bench.h"
#include "cli/usb_faults.h"
#include "drivers/dlpc900/dlpc900_dmd.h"
#include "drivers/lasers/cobolt_laser.h"
#include "drivers/u3v/u3v_camera.h"
#include "sim/direct/direct_dmd.h"
#include "sim/direct/direct_laser.h"
#include "sim/doors/memory_serial.h"
#include "sim/doors/memory_usb.h"
#include "sim/instruments/dlpc900/dlpc900_instrument.h"
#include "sim/instruments/lasers/cobolt_instrument.h"
#include "sim/instruments/u3v/virtual_u3v_camera.h"
#include "sim/scene_fields.h"
#include "sim/scene_memory.h"
#include "sim/table/optical_table.h"

#include <fmt/format.h>

#include <cassert>
#include <cstdio>
#include <stdexcept>

namespace opal::cli {

namespace {

using sim::FaultKind;

sim::Scene checked(const sim::Scene& asked, int threads) {
    sim::Scene scene = with_dlpc900(asked);
    auto problem = sim::find_problem(scene);
    if (!problem) problem = sim::find_memory_problem(scene, threads, sim::host_memory_bytes());
    if (problem)
        throw std::invalid_argument(
            fmt::format("scene '{}': {}: {}", scene.name, problem->path, problem->text));
    return scene;
}

// The board, its cable and its driver.
struct BoardOnUsb {
    BoardOnUsb(sim::OpticalTable& table, sim::DirectDmd& mirrors, const UsbDevices& devices)
        : usb(sim::make_memory_usb(table.clock(), sim::Dlpc900Instrument::usb_info(),
                                   report_time(devices))),
          instrument(*usb.gadget, mirrors, table.clock(), board_scene(devices)) {
        wire_trigger(instrument, mirrors);
        drivers::Dlpc900Options options;
        options.on_upload = devices.on_upload;
        dmd = drivers::open_dlpc900(std::move(usb.host), table.clock(), std::move(options));
    }
    static hal::Duration report_time(const UsbDevices& devices) {
        if (!(devices.upload_bytes_per_s > 0)) return std::chrono::microseconds(125);
        return std::chrono::duration_cast<hal::Duration>(std::chrono::duration<double>(
            protocol::dlpc900_report_bytes / devices.upload_bytes_per_s));
    }
    static sim::Dlpc900Scene board_scene(const UsbDevices& devices) {
        sim::Dlpc900Scene scene;
        scene.version = devices.firmware;
        return scene;
    }

    sim::MemoryUsb usb;
    sim::Dlpc900Instrument instrument;
    std::unique_ptr<hal::Dmd> dmd;
};

struct CameraOnUsb {
    CameraOnUsb(sim::OpticalTable& table, const sim::Scene& scene,
                const sim::U3vCameraOptions& options)
        : usb(sim::make_memory_usb(table.clock(), sim::VirtualU3vCamera::usb_info(options))),
          instrument(table, scene, *usb.gadget, options) {
        drivers::u3v::U3vOptions driver;
        driver.own_threads = false;  // a thread that waits would make virtual time pass
        camera =
            std::make_unique<drivers::u3v::U3vCamera>(std::move(usb.host), table.clock(), driver);
    }

    sim::MemoryUsb usb;
    sim::VirtualU3vCamera instrument;
    std::unique_ptr<hal::Camera> camera;
};

struct LaserOnSerial {
    LaserOnSerial(sim::OpticalTable& table, sim::DirectLaser& light, const sim::LaserScene& scene)
        : instrument(light, table.clock(), label(scene)) {
        auto [host, device] = sim::make_serial_pair(table.clock(), "serial:memory");
        line = std::move(device);
        sim::serve(instrument, *line);
        drivers::CoboltOptions options;
        options.label_power_mw = scene.max_power_mw;
        options.wavelength_nm = scene.wavelength_nm;
        options.limit_mw = scene.max_power_mw;
        options.warm_up = std::chrono::duration_cast<hal::Duration>(
            std::chrono::duration<double>(scene.warm_up_s));
        laser = drivers::open_cobolt(std::move(host), table.clock(), options);
    }
    static sim::CoboltScene label(const sim::LaserScene& scene) {
        sim::CoboltScene cobolt;
        cobolt.label_power_mw = scene.max_power_mw;
        return cobolt;
    }

    sim::CoboltInstrument instrument;
    std::unique_ptr<sim::MemorySerialLine> line;
    std::unique_ptr<hal::Laser> laser;
};

class UsbBench final : public sim::SimulatedBench {
public:
    UsbBench(const sim::Scene& scene, const sim::BenchOptions& options, const UsbDevices& devices)
        : scene_(checked(scene, options.threads)),
          name_(fmt::format("simulated bench '{}' on USB", scene.name)),
          identity_(fmt::format("simulated on usb:{}", sim::scene_fingerprint(scene_))),
          threads_(options.threads),
          devices_(devices),
          table_(scene_, options.events, options.begin.time, options.faults),
          mirrors_(table_, scene_),
          light_(table_, scene_),
          laser_(table_, light_, scene_.laser) {
        plug_in_camera(options.begin.exposures);
        plug_in_board();
        sim::FaultInjector* const faults = table_.faults();
        if (faults == nullptr) return;
        faults->open_door = [this](hal::Duration at, hal::Duration closed_again_at) {
            table_.clock_at(at, [this] { light_.set_interlock(false); });
            table_.clock_at(closed_again_at, [this] { light_.set_interlock(true); });
        };
        faults->on_usb = [this](const sim::Fault& fault, hal::Duration at) {
            table_.clock_at(at, [this, fault] { spoil(fault); });
        };
    }

    // Light goes first, whatever happens after.
    ~UsbBench() override {
        laser_.laser.reset();
        light_.off();
        board_.reset();
        mirrors_.stop();
        camera_.reset();
    }

    hal::Dmd& dmd() override { return *board_->dmd; }
    hal::Camera& camera() override { return *camera_->camera; }
    hal::Laser& laser() override { return *laser_.laser; }
    hal::Clock& clock() override { return table_.clock(); }
    const std::string& name() const override { return name_; }
    const std::string& identity() const override { return identity_; }
    double laser_limit_mw() const override { return scene_.laser.max_power_mw; }

    const sim::Scene& scene() const override { return scene_; }
    sim::BenchMoment moment() override {
        assert(laser().status().state == hal::LaserState::off && !camera().status().armed);
        return {table_.now(), camera_->instrument.exposures_taken()};
    }
    std::vector<std::complex<double>> true_field(const hal::BitPattern& pattern,
                                                 hal::Region region) const override {
        return table_.optics().true_field(pattern, region);
    }
    std::vector<std::complex<double>> true_reference(hal::Region region) const override {
        return table_.optics().true_reference(region);
    }
    std::vector<std::complex<double>> true_field_at(const hal::BitPattern& pattern,
                                                    hal::Region region,
                                                    hal::Duration at) const override {
        return table_.optics().true_field(pattern, region, at);
    }
    void set_interlock(bool closed) override { light_.set_interlock(closed); }
    const sim::FaultInjector* faults() const override { return table_.faults(); }

    // Whoever pulled a plug puts it back; drivers open anew what was gone.
    void reconnect() override {
        if (board_gone_) {
            board_.reset();
            plug_in_board();
        }
        if (camera_gone_) {
            const std::uint64_t exposures = camera_->instrument.exposures_taken();
            camera_.reset();
            plug_in_camera(exposures);
        }
    }

private:
    void plug_in_board() {
        board_ = std::make_unique<BoardOnUsb>(table_, mirrors_, devices_);
        board_gone_ = false;
    }
    void plug_in_camera(std::uint64_t exposures_before) {
        sim::U3vCameraOptions options;
        options.threads = threads_;
        options.exposures_before = exposures_before;
        options.link_bytes_per_s = devices_.camera_bytes_per_s;
        camera_ = std::make_unique<CameraOnUsb>(table_, scene_, options);
        camera_gone_ = false;
    }

    void spoil(const sim::Fault& fault) {
        if (cli::spoil(camera_->instrument, fault) || cli::spoil(board_->instrument, fault)) return;
        assert(fault.kind == FaultKind::camera_unplugged ||
               fault.kind == FaultKind::board_unplugged);
        if (fault.kind == FaultKind::camera_unplugged) {
            camera_gone_ = true;
            camera_->usb.gadget->unplug();
        } else {
            board_gone_ = true;
            board_->usb.gadget->unplug();
        }
    }

    const sim::Scene scene_;
    const std::string name_;
    const std::string identity_;
    const int threads_;
    const UsbDevices devices_;
    sim::OpticalTable table_;
    sim::DirectDmd mirrors_;
    sim::DirectLaser light_;
    LaserOnSerial laser_;
    std::unique_ptr<BoardOnUsb> board_;
    std::unique_ptr<CameraOnUsb> camera_;
    bool board_gone_ = false;
    bool camera_gone_ = false;
};

}  // namespace

std::optional<protocol::Dlpc900Version> firmware_version(const std::string& text) {
    protocol::Dlpc900Version version;
    char rest = 0;
    if (std::sscanf(text.c_str(), "%d.%d%c", &version.major, &version.minor, &rest) != 2 ||
        version.major < 1 || version.major > 99 || version.minor < 0 || version.minor > 99)
        return std::nullopt;
    return version;
}

std::unique_ptr<sim::SimulatedBench> make_usb_bench(const sim::Scene& scene,
                                                    const sim::BenchOptions& options,
                                                    const UsbDevices& devices) {
    return std::make_unique<UsbBench>(scene, options, devices);
}

}  // namespace opal::cli
