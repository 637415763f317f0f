// Device URIs: what is read from them, that they are written as they were read, and what is refused
// with which words.
#include "drivers/device_uri.h"

#include <doctest/doctest.h>

#include <string>

using namespace opal::drivers;

namespace {

std::string refusal(const std::string& text) {
    try {
        parse_device_uri(text);
    } catch (const DeviceUriError& error) {
        return error.what();
    }
    return "taken";
}

bool says(const std::string& text, const std::string& words) {
    const std::string said = refusal(text);
    INFO(said);
    CHECK(said.find('\n') == std::string::npos);
    return said.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("every kind is read as it is written") {
    struct Case {
        const char* text;
        DeviceUri uri;
        DeviceRole role;
    };
    const Case cases[] = {
        {"gige://192.168.1.5", {DeviceKind::gige, "192.168.1.5", 0}, DeviceRole::camera},
        {"gige://SIM-1", {DeviceKind::gige, "SIM-1", 0}, DeviceRole::camera},
        {"gige://", {DeviceKind::gige, "", 0}, DeviceRole::camera},
        {"u3v:", {DeviceKind::u3v, "", 0}, DeviceRole::camera},
        {"u3v:usb:2-1", {DeviceKind::u3v, "usb:2-1", 0}, DeviceRole::camera},
        {"lightcrafter://192.168.1.100",
         {DeviceKind::lightcrafter, "192.168.1.100", 21845},
         DeviceRole::dmd},
        {"lightcrafter://10.0.0.1:4000",
         {DeviceKind::lightcrafter, "10.0.0.1", 4000},
         DeviceRole::dmd},
        {"dlpc900:", {DeviceKind::dlpc900, "", 0}, DeviceRole::dmd},
        {"dlpc900:A123", {DeviceKind::dlpc900, "A123", 0}, DeviceRole::dmd},
        {"dlcpro://127.0.0.1", {DeviceKind::dlcpro, "127.0.0.1", 1998}, DeviceRole::laser},
        {"dlcpro://[::1]:65535", {DeviceKind::dlcpro, "::1", 65535}, DeviceRole::laser},
        {"dlcpro://[fe80::1]", {DeviceKind::dlcpro, "fe80::1", 1998}, DeviceRole::laser},
        {"cobolt:/dev/ttyACM0", {DeviceKind::cobolt, "/dev/ttyACM0", 0}, DeviceRole::laser},
        {"obis:/dev/serial/by-id/usb-Coherent",
         {DeviceKind::obis, "/dev/serial/by-id/usb-Coherent", 0},
         DeviceRole::laser},
    };
    for (const Case& c : cases) {
        CAPTURE(c.text);
        const DeviceUri uri = parse_device_uri(c.text);
        CHECK((uri == c.uri));
        CHECK(role_of(uri.kind) == c.role);
        CHECK(to_string(uri) == c.text);
    }
    // The protocol's own port need not be said.
    CHECK(to_string(parse_device_uri("dlcpro://127.0.0.1:1998")) == "dlcpro://127.0.0.1");
}

TEST_CASE("what names no device is refused in one line that says what would") {
    CHECK(says("", "possible: gige://"));
    CHECK(says("gige", "possible: gige://"));
    CHECK(says("gigE://10.0.0.1", "possible: gige://"));
    CHECK(says("http://10.0.0.1", "cobolt:/dev/ttyACM0"));
    CHECK(says("gige:10.0.0.1", "gige://ADDRESS"));
    CHECK(says("gige://10.0.0.1/stream", "gige://ADDRESS"));
    CHECK(says("lightcrafter://", "no address"));
    CHECK(says("lightcrafter://:21845", "no address"));
    CHECK(says("lightcrafter://10.0.0.1:0", "1 to 65535"));
    CHECK(says("lightcrafter://10.0.0.1:65536", "1 to 65535"));
    CHECK(says("lightcrafter://10.0.0.1:99999999999999999999", "1 to 65535"));
    CHECK(says("lightcrafter://10.0.0.1:", "1 to 65535"));
    CHECK(says("lightcrafter://10.0.0.1:+5", "1 to 65535"));
    CHECK(says("dlcpro://[::1", "never closed"));
    CHECK(says("dlcpro://[::1]1998", "no port"));
    CHECK(says("cobolt:ttyACM0", "begins with /"));
    CHECK(says("cobolt:", "begins with /"));
    CHECK(says("obis:/dev/tty ACM0", "blanks"));
    CHECK(says("gige://\n", "blanks"));
    CHECK(says(std::string("gige://a\0b", 10), "blanks"));
    CHECK(refusal(std::string(100000, 'x')).size() < 1000);
}
