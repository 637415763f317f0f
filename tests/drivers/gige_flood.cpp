// Waits that end in time although datagrams never stop coming: answers to questions, test packets
// and discovery, under a flood from strangers.
#include "drivers/gige/control_channel.h"
#include "drivers/gige/discovery.h"
#include "drivers/gige/packet_size.h"
#include "hal/error.h"
#include "protocol/gvcp_identity.h"
#include "protocol/gvcp_messages.h"
#include "sim/doors/memory_network.h"
#include "sim/instruments/instrument_doors.h"
#include "tests/protocol/wire_bytes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

using namespace opal;
using namespace opal::drivers::gige;
using namespace std::chrono_literals;
using opal::tests::hex;

namespace {

// At every receive() there is another datagram, 10 us after the one before, for ever.
class FloodedPort final : public hal::UdpPort {
public:
    using Next = std::function<std::vector<std::byte>(int number)>;

    FloodedPort(sim::VirtualClock& clock, Next next) : clock_(clock), next_(std::move(next)) {}

    hal::UdpAddress local() const override { return {0xC0A80101, 5000}; }
    void send(hal::UdpAddress, std::span<const std::byte>) override {}
    std::size_t receive(std::span<hal::UdpArrival> arrivals, hal::Deadline) override {
        if (++count_ > 1000000) throw std::runtime_error("nobody looks at the deadline");
        clock_.wait_for(10us);
        const auto bytes = next_(count_);
        hal::UdpArrival& arrival = arrivals[0];
        std::copy(bytes.begin(), bytes.end(), arrival.room.begin());
        arrival.length = bytes.size();
        arrival.from = {0xC0A80163, 3956};
        arrival.truncated = false;
        return 1;
    }
    hal::UdpPortStatus status() override { return {}; }

private:
    sim::VirtualClock& clock_;
    const Next next_;
    int count_ = 0;
};

}  // namespace

TEST_CASE("a question under a flood ends at its deadline") {
    sim::VirtualClock clock;
    FloodedPort port(clock, [](int) { return hex("00 00 00 81 00 04 00 01 | 00 00 00 63"); });
    ControlChannel channel(port, {0xC0A80102, 3956}, clock, "camera test", {100ms, 3, 10s, 100});
    try {
        channel.read_register(0);
        FAIL("a stranger was believed");
    } catch (const hal::DeviceError& error) {
        CHECK(error.kind() == hal::ErrorKind::timeout);
    }
    CHECK(clock.now().time_since_epoch() >= 300ms);
    CHECK(clock.now().time_since_epoch() < 301ms);
}

TEST_CASE("the packet size is found out under a flood") {
    sim::VirtualClock clock;
    sim::MemoryNetwork network(clock);
    const hal::UdpAddress device_address{0xC0A80102, 3956};
    const auto device = network.open_udp(device_address);
    const auto client = network.open_udp({0xC0A80101, 0});
    sim::hand_over(*device, [&](hal::UdpAddress from, std::span<const std::byte> bytes) {
        const auto command = protocol::gvcp::decode_command(bytes);
        REQUIRE(command);
        auto ack = command->command == protocol::gvcp::Command::read_register
                       ? hex("00 00 00 81 00 04 00 00 | 00 00 05 dc")
                       : hex("00 00 00 83 00 04 00 00 | 00 00 00 01");
        ack[6] = bytes[6];
        ack[7] = bytes[7];
        device->send(from, ack);
    });
    ControlChannel channel(*client, device_address, clock, "camera test");
    FloodedPort stream(clock, [](int) { return std::vector<std::byte>(1472); });
    CHECK(negotiate_packet_size(channel, stream, clock, {}) == 1500);
    // Two sizes, three tries of 20 ms each, and the first of them again as the present one.
    CHECK(clock.now().time_since_epoch() < 200ms);
    device->on_arrival({});
}

TEST_CASE("discovery under a flood of cameras ends, and lists no more than anybody has") {
    sim::VirtualClock clock;
    const auto answer = [](int number) {
        protocol::gvcp::Identity identity;
        identity.mac = static_cast<std::uint64_t>(number);
        std::vector<std::byte> bytes(protocol::gvcp::largest_datagram);
        bytes.resize(protocol::gvcp::encode_discovery_ack(0xFFFF, identity, bytes));
        return bytes;
    };
    std::vector<AskedNetwork> asked(2);
    asked[0].interface.name = "flooded";
    asked[0].port = std::make_unique<FloodedPort>(clock, answer);
    asked[1].interface.name = "quiet";
    sim::MemoryNetwork network(clock);
    auto quiet = network.open_udp({0xC0A80101, 0});
    const auto camera = network.open_udp({0xC0A80102, 3956});
    camera->send(quiet->local(), answer(0x7FFFFFFF));
    asked[1].port = std::move(quiet);
    std::vector<FoundCamera> found;
    collect_cameras(asked, clock, hal::Deadline::after(clock, 5ms), 0, found);
    CHECK(clock.now().time_since_epoch() < 16ms);  // and a turn of 10 ms
    collect_cameras(asked, clock, hal::Deadline::after(clock, 1s), 0, found);
    CHECK(clock.now().time_since_epoch() < 1030ms);
    // The quiet network's camera is heard all the same.
    CHECK(found.size() == most_found_cameras + 1);
    CHECK(std::count_if(found.begin(), found.end(), [](const FoundCamera& f) {
              return f.interface.name == "quiet" && f.identity.mac == 0x7FFFFFFF;
          }) == 1);
    std::vector<FoundCamera> only;
    collect_cameras(asked, clock, hal::Deadline::after(clock, 100ms), 0xC0A80102, only);
    CHECK(only.empty());  // strangers do not answer for the one that was asked
}
