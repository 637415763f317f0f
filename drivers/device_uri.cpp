// DeviceUri: the table of schemes, and one strict reader for all of them.
#include "drivers/device_uri.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace opal::drivers {

namespace {

using Place = DeviceScheme::Place;

constexpr std::array schemes{
    DeviceScheme{"gige", DeviceKind::gige, DeviceRole::camera,
                 "gige://ADDRESS, gige://SERIAL, gige://NAME or gige://", Place::camera_name},
    DeviceScheme{"u3v", DeviceKind::u3v, DeviceRole::camera, "u3v:[SERIAL]", Place::usb_serial},
    DeviceScheme{"lightcrafter", DeviceKind::lightcrafter, DeviceRole::dmd,
                 "lightcrafter://ADDRESS[:PORT]", Place::tcp_host, 21845},
    DeviceScheme{"dlpc900", DeviceKind::dlpc900, DeviceRole::dmd, "dlpc900:[SERIAL]",
                 Place::usb_serial},
    DeviceScheme{"dlcpro", DeviceKind::dlcpro, DeviceRole::laser, "dlcpro://ADDRESS[:PORT]",
                 Place::tcp_host, 1998},
    DeviceScheme{"cobolt", DeviceKind::cobolt, DeviceRole::laser, "cobolt:/dev/ttyACM0",
                 Place::terminal},
    DeviceScheme{"obis", DeviceKind::obis, DeviceRole::laser, "obis:/dev/ttyACM0", Place::terminal},
};

const DeviceScheme& scheme_of(DeviceKind kind) {
    return *std::find_if(schemes.begin(), schemes.end(),
                         [&](const DeviceScheme& scheme) { return scheme.kind == kind; });
}

constexpr bool has_slashes(Place place) {
    return place == Place::camera_name || place == Place::tcp_host;
}

bool printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return c > 0x20 && c < 0x7F; });
}

[[noreturn]] void fail(std::string_view text, const std::string& problem) {
    std::string shown;
    for (const char c : text.substr(0, 80))
        shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    throw DeviceUriError(fmt::format("'{}': {}", shown, problem));
}

std::string all_forms() {
    std::string forms;
    for (const DeviceScheme& scheme : schemes)
        forms += (forms.empty() ? "" : "; ") + std::string(scheme.form);
    return forms;
}

// "ADDRESS", "ADDRESS:PORT", "[ADDRESS]", "[ADDRESS]:PORT"
void read_host(std::string_view text, std::string_view rest, const DeviceScheme& scheme,
               DeviceUri& uri) {
    std::string_view port;
    if (rest.starts_with('[')) {
        const std::size_t end = rest.find(']');
        if (end == std::string_view::npos) fail(text, "the bracket of the address is never closed");
        uri.place = rest.substr(1, end - 1);
        port = rest.substr(end + 1);
    } else {
        const std::size_t colon = std::min(rest.find(':'), rest.size());
        uri.place = rest.substr(0, colon);
        port = rest.substr(colon);
    }
    if (uri.place.empty()) fail(text, fmt::format("no address; written {}", scheme.form));
    uri.port = scheme.port;
    if (port.empty()) return;
    unsigned number = 0;
    const auto read = std::from_chars(port.data() + 1, port.data() + port.size(), number);
    if (port.front() != ':' || read.ec != std::errc{} || read.ptr != port.data() + port.size() ||
        number == 0 || number > 65535)
        fail(text, fmt::format("'{}' is no port; 1 to 65535 is possible", port));
    uri.port = static_cast<std::uint16_t>(number);
}

}  // namespace

std::span<const DeviceScheme> device_schemes() {
    return schemes;
}

DeviceRole role_of(DeviceKind kind) {
    return scheme_of(kind).role;
}

std::string_view to_string(DeviceRole role) {
    switch (role) {
        case DeviceRole::dmd:
            return "dmd";
        case DeviceRole::camera:
            return "camera";
        case DeviceRole::laser:
            return "laser";
    }
    return {};
}

DeviceUri parse_device_uri(std::string_view text) {
    const std::size_t colon = text.find(':');
    const auto scheme = std::find_if(schemes.begin(), schemes.end(), [&](const DeviceScheme& s) {
        return colon != std::string_view::npos && s.scheme == text.substr(0, colon);
    });
    if (scheme == schemes.end())
        fail(text, "no device is named like this; possible: " + all_forms());
    std::string_view rest = text.substr(colon + 1);
    if (has_slashes(scheme->place)) {
        if (!rest.starts_with("//")) fail(text, fmt::format("written {}", scheme->form));
        rest.remove_prefix(2);
    }
    if (!printable(rest)) fail(text, "blanks and control characters name no device");
    DeviceUri uri;
    uri.kind = scheme->kind;
    switch (scheme->place) {
        case Place::tcp_host:
            read_host(text, rest, *scheme, uri);
            break;
        case Place::terminal:
            if (!rest.starts_with('/'))
                fail(text, fmt::format("a device path begins with /; written {}", scheme->form));
            uri.place = rest;
            break;
        case Place::camera_name:
        case Place::usb_serial:
            if (rest.find('/') != std::string_view::npos)
                fail(text, fmt::format("written {}", scheme->form));
            uri.place = rest;
            break;
    }
    return uri;
}

std::string to_string(const DeviceUri& uri) {
    const DeviceScheme& scheme = scheme_of(uri.kind);
    const char* const slashes = has_slashes(scheme.place) ? "//" : "";
    std::string place = uri.place;
    if (scheme.place == Place::tcp_host && place.find(':') != std::string::npos)
        place = fmt::format("[{}]", place);
    if (uri.port != scheme.port) place += fmt::format(":{}", uri.port);
    return fmt::format("{}:{}{}", scheme.scheme, slashes, place);
}

}  // namespace opal::drivers
