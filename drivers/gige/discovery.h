// Discovery: which GigE Vision cameras answer, on every network of this machine or at one address.
#pragma once

#include "drivers/gige/network_interfaces.h"
#include "hal/clock.h"
#include "hal/udp_port.h"
#include "protocol/gvcp_identity.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace opal::drivers::gige {

struct FoundCamera {
    protocol::gvcp::Identity identity;
    hal::UdpAddress from;        // where the answer came from
    NetworkInterface interface;  // where it came in
};

// More answers than this on one network come from no cameras: the rest is not listed.
inline constexpr std::size_t most_found_cameras = 256;

// A port on which the question was asked.
struct AskedNetwork {
    NetworkInterface interface;
    std::unique_ptr<hal::UdpPort> port;
};
// Takes in answers until the deadline, whatever else arrives; each camera once. `only`: the one
// address to listen to, and its first answer is enough; 0: everybody.
void collect_cameras(std::span<const AskedNetwork> asked, hal::Clock& clock, hal::Deadline deadline,
                     std::uint32_t only, std::vector<FoundCamera>& found);

// Asks everybody on every network and waits for answers until the deadline; a camera that answers
// twice is listed once. Networks that cannot be asked are told to `problem`.
std::vector<FoundCamera> discover_cameras(hal::Clock& clock, hal::Deadline deadline,
                                          std::vector<std::string>& problems);
// Asks one address. Empty: no answer by the deadline.
std::vector<FoundCamera> discover_camera(std::uint32_t host, hal::Clock& clock,
                                         hal::Deadline deadline);

}  // namespace opal::drivers::gige
