// The LightCrafter's door.
#include "cli/serve/lightcrafter_door.h"

#include "drivers/asio_tcp_stream.h"
#include "sim/instruments/lightcrafter/lightcrafter_instrument.h"
#include "sim/instruments/stream_doors.h"

#include <fmt/format.h>

namespace opal::cli {

namespace {

class LightCrafterDoor final : public ServedDoor {
public:
    LightCrafterDoor(ServedBench& bench, const std::string& address)
        : uri_(drivers::parse_device_uri("lightcrafter://" + address)),
          instrument_(bench.mirrors()),
          listener_(drivers::listen_tcp(uri_.place, uri_.port)),
          thread_(*listener_, bench.host_clock(), session(bench)) {}

    std::string uri() const override { return drivers::to_string(uri_); }
    std::string about() const override {
        return fmt::format("TI DLP LightCrafter {}  {} x {} mirrors", instrument_.scene.version,
                           protocol::lcr_rows, protocol::lcr_columns);
    }
    void describe(drivers::WireBenchPlan& plan) const override { plan.dmd = uri_; }

private:
    sim::StreamSession session(ServedBench& bench) {
        sim::StreamSession session;
        session.connected = [this, &bench] {
            bench.catch_up();
            instrument_.connected();
            return std::vector<std::byte>();
        };
        session.receive = [this, &bench](std::span<const std::byte> bytes) {
            bench.catch_up();
            return instrument_.receive(bytes);
        };
        return session;
    }

    const drivers::DeviceUri uri_;
    sim::LightCrafterInstrument instrument_;
    std::unique_ptr<hal::TcpListener> listener_;
    sim::ListenerThread thread_;
};

}  // namespace

std::unique_ptr<ServedDoor> open_lightcrafter_door(ServedBench& bench, const std::string& address) {
    return std::make_unique<LightCrafterDoor>(bench, address);
}

}  // namespace opal::cli
