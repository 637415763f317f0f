// Instruments on TCP: whether somebody listens where they do by default.
#include "cli/devices/found_device.h"

#include "drivers/asio_tcp_stream.h"
#include "drivers/device_uri.h"
#include "drivers/gige/network_interfaces.h"
#include "hal/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <optional>

namespace opal::cli {

namespace {

using namespace std::chrono_literals;
using drivers::DeviceKind;

// On a local network an answer takes a millisecond.
constexpr hal::Duration connect_patience = 400ms;
constexpr hal::Duration greeting_patience = 200ms;
// A LightCrafter's network over USB [TI DLPU006].
constexpr std::string_view lightcrafter_home = "192.168.1.100";

std::optional<FoundDevice> ask(const drivers::DeviceUri& uri) {
    hal::SteadyClock clock;
    FoundDevice found;
    found.uri = drivers::to_string(uri);
    try {
        const auto stream = drivers::connect_tcp(uri.place, uri.port,
                                                 hal::Deadline::after(clock, connect_patience));
        found.free = true;
        found.state = "listens";
        if (uri.kind == DeviceKind::lightcrafter) {
            // A board that is talked to by two programs freezes: not a word.
            found.about = "dmd LightCrafter, by its port";
            return found;
        }
        found.about = "laser DLC pro, by its port";
        std::array<std::byte, 256> bytes{};
        const std::size_t count =
            stream->read(bytes, hal::Deadline::after(clock, greeting_patience));
        const std::string greeting(reinterpret_cast<const char*>(bytes.data()), count);
        if (greeting.find("DLC PRO") != std::string::npos) {
            found.about = "laser DLC pro, by its greeting";
        } else {
            found.free = false;
            found.state = count == 0 ? "silent" : "something else";
            found.obstacles.push_back(
                count == 0 ? "it does not greet: another program may be talking to it"
                           : "what listens there does not greet as a DLC pro does");
        }
        return found;
    } catch (const hal::DeviceError&) {
        return std::nullopt;  // nobody there
    }
}

std::vector<std::string> addresses(const DeviceSearch& search, DeviceKind kind) {
    if (!search.address.empty()) return {search.address};
    std::vector<std::string> found{"127.0.0.1"};
    std::uint32_t home = 0;
    drivers::gige::parse_host(std::string(lightcrafter_home), home);
    const auto interfaces = drivers::gige::network_interfaces();
    const bool near = std::any_of(interfaces.begin(), interfaces.end(), [&](const auto& here) {
        return here.mask != 0 && (here.host & here.mask) == (home & here.mask);
    });
    if (kind == DeviceKind::lightcrafter && near) found.emplace_back(lightcrafter_home);
    return found;
}

}  // namespace

SearchResult find_tcp_instruments(const DeviceSearch& search) {
    std::vector<std::future<std::optional<FoundDevice>>> asked;
    for (const drivers::DeviceScheme& scheme : drivers::device_schemes()) {
        if (scheme.place != drivers::DeviceScheme::Place::tcp_host) continue;
        for (const std::string& address : addresses(search, scheme.kind))
            asked.push_back(std::async(std::launch::async, ask,
                                       drivers::DeviceUri{scheme.kind, address, scheme.port}));
    }
    SearchResult result;
    for (auto& answer : asked)
        if (auto found = answer.get()) result.devices.push_back(std::move(*found));
    return result;
}

}  // namespace opal::cli
