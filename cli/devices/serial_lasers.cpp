// Serial ports: whose laser may be behind each.
#include "cli/devices/found_device.h"

#include "drivers/terminal/serial_ports.h"

#include <fmt/format.h>

namespace opal::cli {

namespace {

// Product numbers are not published; every USB device of these makers that is a serial port counts.
constexpr std::uint16_t cobolt_vendor = 0x25DC;
constexpr std::uint16_t coherent_vendor = 0x0D4D;

std::string about(const drivers::SerialPort& port) {
    std::string text = port.vendor_id == cobolt_vendor     ? "laser"
                       : port.vendor_id == coherent_vendor ? "laser"
                                                           : "serial port";
    for (const std::string& part : {port.manufacturer, port.product})
        if (!part.empty()) text += " " + part;
    if (!port.serial.empty()) text += "  serial " + port.serial;
    return text;
}

}  // namespace

SearchResult find_serial_lasers() {
    SearchResult result;
    for (const drivers::SerialPort& port : drivers::list_serial_ports()) {
        FoundDevice found;
        found.uri = port.vendor_id == cobolt_vendor     ? "cobolt:" + port.path
                    : port.vendor_id == coherent_vendor ? "obis:" + port.path
                                                        : port.path;
        found.about = about(port);
        found.free = port.may_open && port.held_by.empty();
        found.state = found.free              ? "may be opened"
                      : !port.held_by.empty() ? "in use by " + port.held_by
                                              : "closed to this user";
        if (!port.may_open)
            found.obstacles.push_back(
                fmt::format("it belongs to the group {}: sudo usermod -aG {} $USER, then log in "
                            "again",
                            port.group, port.group));
        if (!port.held_by.empty())
            found.obstacles.push_back("another program has it: close it there first");
        if (found.uri == port.path)
            found.obstacles.push_back(
                fmt::format("if a laser is behind it: cobolt:{0} or obis:{0}", port.path));
        result.devices.push_back(std::move(found));
    }
    return result;
}

}  // namespace opal::cli
