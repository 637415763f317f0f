// The USB doors: instruments behind devices of one USB/IP server.
#include "cli/serve/usb_doors.h"

#include "cli/usb_faults.h"
#include "drivers/asio_tcp_stream.h"
#include "protocol/dlpc900_messages.h"
#include "sim/instruments/dlpc900/dlpc900_instrument.h"

#include <fmt/format.h>

namespace opal::cli {

namespace {

using protocol::usbip::Speed;

// The host sees it go and has to attach it anew.
void pull_out(sim::UsbIpDevice& cable) {
    cable.unplug();
    cable.plug_in();
}

class Dlpc900Door final : public ServedDoor {
public:
    Dlpc900Door(ServedBench& bench, ServedUsbBus& bus, const Dlpc900DoorOptions& options)
        : uri_{drivers::DeviceKind::dlpc900, options.serial, 0},
          cable_(bus.add(info(options.serial), full_speed())),
          instrument_(cable_, bench.mirrors(), bench.table().clock(), board(options)),
          attach_line_(bus.attach_line()) {
        wire_trigger(instrument_, bench.mirrors());
    }

    std::string uri() const override { return drivers::to_string(uri_); }
    std::string about() const override {
        const protocol::Dlpc900Board& board =
            *protocol::find_dlpc900_board(instrument_.scene.board);
        return fmt::format("TI {} with DLPC900  {} x {} mirrors  {}", board.name, board.rows,
                           board.columns, attach_line_);
    }
    void describe(drivers::WireBenchPlan& plan) const override { plan.dmd = uri_; }
    void spoil(const sim::Fault& fault) override {
        if (fault.kind == sim::FaultKind::board_unplugged) return pull_out(cable_);
        cli::spoil(instrument_, fault);
    }

private:
    static hal::UsbDeviceInfo info(const std::string& serial) {
        hal::UsbDeviceInfo info = sim::Dlpc900Instrument::usb_info();
        info.serial = serial;
        return info;
    }
    static sim::Dlpc900Scene board(const Dlpc900DoorOptions& options) {
        sim::Dlpc900Scene scene;
        scene.bytes_per_s = options.bytes_per_s;
        scene.board = options.board;
        return scene;
    }
    static sim::UsbPersonality full_speed() {
        sim::UsbPersonality personality;
        personality.speed = Speed::full;
        return personality;
    }

    const drivers::DeviceUri uri_;
    sim::UsbIpDevice& cable_;
    sim::Dlpc900Instrument instrument_;
    const std::string attach_line_;
};

class U3vDoor final : public ServedDoor {
public:
    U3vDoor(ServedBench& bench, ServedUsbBus& bus, const sim::U3vCameraOptions& options)
        : uri_{drivers::DeviceKind::u3v, options.serial, 0},
          sensor_(bench.scene().sensor),
          model_(options.model),
          cable_(bus.add(sim::VirtualU3vCamera::usb_info(options),
                         sim::VirtualU3vCamera::usb_personality(options))),
          camera_(bench.table(), bench.scene(), cable_, options),
          attach_line_(bus.attach_line()) {}

    std::string uri() const override { return drivers::to_string(uri_); }
    std::string about() const override {
        return fmt::format("OPAL {}  {} x {} px  {}", model_, sensor_.columns, sensor_.rows,
                           attach_line_);
    }
    void describe(drivers::WireBenchPlan& plan) const override {
        plan.camera = uri_;
        plan.trigger.camera_line = "Line0";
    }
    void spoil(const sim::Fault& fault) override {
        if (fault.kind == sim::FaultKind::camera_unplugged) return pull_out(cable_);
        cli::spoil(camera_, fault);
    }

private:
    const drivers::DeviceUri uri_;
    const sim::SensorScene sensor_;
    const std::string model_;
    sim::UsbIpDevice& cable_;
    sim::VirtualU3vCamera camera_;
    const std::string attach_line_;
};

}  // namespace

ServedUsbBus::ServedUsbBus(ServedBench& bench, const std::string& address, std::uint16_t port)
    : bench_(bench),
      address_(address),
      listener_(drivers::listen_tcp(address, port)),
      server_(*listener_, bench.host_clock()) {}

sim::UsbIpDevice& ServedUsbBus::add(const hal::UsbDeviceInfo& info,
                                    const sim::UsbPersonality& personality) {
    sim::UsbIpDevice& device = server_.add(info, personality);
    device.before_calls([this] { bench_.catch_up(); });
    return device;
}

std::string ServedUsbBus::attach_line() const {
    const bool usual = listener_->port() == protocol::usbip::default_port;
    return fmt::format("sudo usbip {}attach -r {} -b {}",
                       usual ? "" : fmt::format("--tcp-port {} ", listener_->port()), address_,
                       server_.list().back().bus_id);
}

std::unique_ptr<ServedDoor> open_dlpc900_door(ServedBench& bench, ServedUsbBus& bus,
                                              const Dlpc900DoorOptions& options) {
    return std::make_unique<Dlpc900Door>(bench, bus, options);
}

std::unique_ptr<ServedDoor> open_u3v_door(ServedBench& bench, ServedUsbBus& bus,
                                          const sim::U3vCameraOptions& options) {
    return std::make_unique<U3vDoor>(bench, bus, options);
}

}  // namespace opal::cli
