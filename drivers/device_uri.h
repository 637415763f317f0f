// DeviceUri: what people write to name a device on a wire. One table (device_uri.cpp) says which
// schemes there are, what each opens and how it is written; messages and documentation follow it.
//
//   gige://192.168.1.5   u3v:SERIAL   lightcrafter://192.168.1.100:21845   cobolt:/dev/ttyACM0
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace opal::drivers {

enum class DeviceKind { gige, u3v, lightcrafter, dlpc900, dlcpro, cobolt, obis };
enum class DeviceRole { dmd, camera, laser };

struct DeviceUri {
    DeviceKind kind = DeviceKind::gige;
    // A numeric address (IPv6 without its brackets), a serial number or name, a device path. Empty:
    // the only device of its kind.
    std::string place;
    std::uint16_t port = 0;  // TCP kinds: never 0, the protocol's own unless one was named
    bool operator==(const DeviceUri&) const = default;
};

// No device is named like that. what() is one line: what was written, what would be right.
struct DeviceUriError : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};

DeviceUri parse_device_uri(std::string_view text);
std::string to_string(const DeviceUri& uri);  // reads back to the same
DeviceRole role_of(DeviceKind kind);
std::string_view to_string(DeviceRole role);  // "dmd", "camera", "laser": as in bench files

struct DeviceScheme {
    std::string_view scheme;  // "gige"
    DeviceKind kind;
    DeviceRole role;
    std::string_view form;  // for people: "gige://ADDRESS, gige://SERIAL or gige://NAME"
    enum class Place { camera_name, tcp_host, terminal, usb_serial } place;
    std::uint16_t port = 0;  // tcp_host: unless named
};
std::span<const DeviceScheme> device_schemes();

}  // namespace opal::drivers
