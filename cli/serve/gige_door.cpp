// The GigE Vision door: three ports, two threads, one camera.
#include "cli/serve/gige_door.h"

#include "drivers/asio_udp_port.h"
#include "drivers/gige/network_interfaces.h"
#include "protocol/gvcp.h"
#include "sim/instruments/instrument_doors.h"

#include <fmt/format.h>

namespace opal::cli {

namespace {

constexpr std::uint16_t gvcp_port = protocol::gvcp::device_port;

bool is_loopback(std::uint32_t host) {
    return host >> 24 == 127;
}

sim::GigeCameraOptions with_mask(sim::GigeCameraOptions options, std::uint32_t host) {
    for (const auto& interface : drivers::gige::network_interfaces())
        if (interface.host == host) options.subnet_mask = interface.mask;
    return options;
}

class GigeDoor final : public ServedDoor {
public:
    GigeDoor(ServedBench& bench, std::uint32_t host, const sim::GigeCameraOptions& options)
        : bench_(bench),
          host_(host),
          serial_(options.serial),
          // Each on its own address; the one for broadcasts is shared by all servers of this
          // machine.
          control_(drivers::open_udp_port({host, gvcp_port}, {1 << 20, true, false, true})),
          broadcast_(
              drivers::open_udp_port({hal::everyone, gvcp_port}, {1 << 18, false, false, true})),
          stream_(drivers::open_udp_port({host, 0}, {1 << 18, false, true, false})),
          camera_(bench.table(), bench.scene(), *control_, *stream_, with_mask(options, host)),
          control_thread_(*control_, bench.host_clock(),
                          [this](hal::UdpAddress from, std::span<const std::byte> bytes) {
                              hand_over(from, bytes);
                          }),
          // Asked from outside of this machine, a camera on loopback is not there.
          broadcast_thread_(*broadcast_, bench.host_clock(),
                            [this](hal::UdpAddress from, std::span<const std::byte> bytes) {
                                if (is_loopback(from.host) == is_loopback(host_))
                                    hand_over(from, bytes);
                            }) {}

    std::string uri() const override { return "gige://" + drivers::gige::host_text(host_); }
    std::string about() const override {
        const sim::SensorScene& sensor = bench_.scene().sensor;
        return fmt::format("OPAL {} {}  {} x {} px", camera_.identity().model.view(), serial_,
                           sensor.columns, sensor.rows);
    }
    void describe(drivers::WireBenchPlan& plan) const override {
        plan.camera = drivers::parse_device_uri(uri());
        plan.trigger.camera_line = "Line0";
    }

private:
    void hand_over(hal::UdpAddress from, std::span<const std::byte> bytes) {
        bench_.catch_up();
        camera_.handle(from, bytes);
    }

    ServedBench& bench_;
    const std::uint32_t host_;
    const std::string serial_;
    std::unique_ptr<hal::UdpPort> control_;
    std::unique_ptr<hal::UdpPort> broadcast_;
    std::unique_ptr<hal::UdpPort> stream_;
    sim::VirtualGigeCamera camera_;
    sim::PortThread control_thread_;
    sim::PortThread broadcast_thread_;
};

}  // namespace

std::unique_ptr<ServedDoor> open_gige_door(ServedBench& bench, std::uint32_t host,
                                           const sim::GigeCameraOptions& options) {
    return std::make_unique<GigeDoor>(bench, host, options);
}

}  // namespace opal::cli
