// PacketSize: the largest first, then halving.
#include "drivers/gige/packet_size.h"

#include "protocol/gvcp_registers.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace opal::drivers::gige {

namespace gvcp = protocol::gvcp;
namespace reg = protocol::gvcp::reg;

namespace {

using namespace std::chrono_literals;

constexpr hal::Duration wait_for_test_packet = 20ms;
constexpr int tries = 3;

bool passes(ControlChannel& control, hal::UdpPort& stream, const hal::Clock& clock,
            std::uint32_t size, std::vector<std::byte>& room) {
    for (int attempt = 0; attempt < tries; ++attempt) {
        control.write_register(reg::stream_packet_size,
                               gvcp::fire_test_packet | gvcp::do_not_fragment | size);
        const auto deadline = hal::Deadline::after(clock, wait_for_test_packet);
        // Whatever else arrives here does not make it later.
        for (bool first = true; first || !deadline.passed(clock); first = false) {
            hal::UdpArrival arrival;
            arrival.room = room;
            if (stream.receive({&arrival, 1}, deadline) == 0) break;
            if (arrival.from.host == control.device().host &&
                arrival.length + gvcp::ip_and_udp_bytes == size)
                return true;
        }
    }
    return false;
}

}  // namespace

std::uint32_t negotiate_packet_size(ControlChannel& control, hal::UdpPort& stream,
                                    const hal::Clock& clock, PacketSizeLimits limits) {
    const auto snapped = [&](std::uint32_t size) {
        return limits.min + (size - limits.min) / limits.step * limits.step;
    };
    std::vector<std::byte> room(65536);
    const std::uint32_t present =
        control.read_register(reg::stream_packet_size) & gvcp::packet_size_mask;
    std::uint32_t good = 0;
    std::uint32_t bad = snapped(limits.max) + limits.step;
    for (const std::uint32_t likely : {snapped(limits.max), 1500u, present, limits.min}) {
        if (likely < limits.min || likely >= bad) continue;
        if (passes(control, stream, clock, likely, room)) {
            good = likely;
            break;
        }
        bad = likely;
    }
    if (good == 0) {
        // No test packet comes at all: the camera has none, or a firewall keeps them out.
        control.write_register(reg::stream_packet_size, gvcp::do_not_fragment | present);
        return control.read_register(reg::stream_packet_size) & gvcp::packet_size_mask;
    }
    while (bad - good > limits.step) {
        const std::uint32_t middle = snapped(good + (bad - good) / 2);
        if (middle <= good) break;
        (passes(control, stream, clock, middle, room) ? good : bad) = middle;
    }
    control.write_register(reg::stream_packet_size, gvcp::do_not_fragment | good);
    return control.read_register(reg::stream_packet_size) & gvcp::packet_size_mask;
}

}  // namespace opal::drivers::gige
