// Client: somebody with a UDP port and byte lists, talking to the virtual GigE Vision camera.
#pragma once

#include "tests/instruments/gige_bench.h"
#include "tests/protocol/wire_bytes.h"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace opal::tests {

class Client {
public:
    explicit Client(GigeTable& wire) : wire_(wire), port_(wire.open_port()) {}

    std::optional<std::vector<std::byte>> ask(const char* command) {
        port_->send(camera_address, hex(command));
        return receive();
    }
    std::optional<std::vector<std::byte>> receive(
        hal::Duration wait = std::chrono::milliseconds(1)) {
        std::vector<std::byte> room(2048);
        hal::UdpArrival arrival;
        arrival.room = room;
        if (port_->receive({&arrival, 1}, hal::Deadline::after(wire_.table.clock(), wait)) == 0)
            return std::nullopt;
        room.resize(arrival.length);
        return room;
    }
    hal::UdpPort& port() { return *port_; }

private:
    GigeTable& wire_;
    std::unique_ptr<sim::MemoryUdpPort> port_;
};

inline void expect(Client& client, const char* command, const char* answer) {
    CAPTURE(command);
    const auto came = client.ask(command);
    REQUIRE(came);
    CHECK(*came == hex(answer));
}

inline constexpr const char* take_control = "42 01 00 82 00 08 00 01 | 00 00 0a 00 00 00 00 02";
inline constexpr const char* control_taken = "00 00 00 83 00 04 00 01 | 00 00 00 01";

}  // namespace opal::tests
