// UsbTree: /sys/bus/usb/devices [Linux, Documentation/ABI/testing/sysfs-bus-usb].
#include "cli/doctor/usb_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace opal::cli::doctor {

namespace {

const std::string devices = "sys/bus/usb/devices/";

unsigned hexadecimal(const Machine& machine, const std::string& file) {
    return static_cast<unsigned>(
        std::strtoul(machine.read(file).value_or("0").c_str(), nullptr, 16));
}
double speed(const Machine& machine, const std::string& device) {
    return std::strtod(machine.read(devices + device + "/speed").value_or("0").c_str(), nullptr);
}

bool is_u3v(const SeenInterface& i) {
    return i.class_code == 0xEF && i.subclass == 0x05;
}

// A SuperSpeed port is two, one on the USB 2 bus and one on the USB 3 bus; the kernel links them as
// peers. A device that does not manage SuperSpeed hangs on the slow half of a fast port.
std::optional<bool> super_speed_port(const Machine& machine, const std::string& name) {
    const std::string port = devices + name + "/port";
    if (!machine.exists(port)) return std::nullopt;
    return machine.exists(port + "/peer");
}

}  // namespace

bool SeenUsbDevice::is_u3v_camera() const {
    return std::any_of(interfaces.begin(), interfaces.end(), is_u3v);
}

bool SeenUsbDevice::uses(const SeenInterface& interface) const {
    constexpr unsigned hid = 0x03;
    return is_dlpc900() ? interface.class_code == hid : is_u3v(interface);
}

std::string SeenUsbDevice::title() const {
    if (is_dlpc900()) return fmt::format("usb:{} TI DLPC900", name);
    return fmt::format(
        "usb:{} {}", name,
        product.empty() ? fmt::format("{:04x}:{:04x}", vendor_id, product_id) : product);
}

std::vector<SeenUsbDevice> look_at_usb(const Machine& machine) {
    std::vector<SeenUsbDevice> seen;
    const auto names = machine.list(devices);
    for (const std::string& name : names) {
        // Devices are "1-2.3"; interfaces have a colon, root hubs begin with "usb".
        if (name.find(':') != std::string::npos || name.find('-') == std::string::npos) continue;
        const std::string folder = devices + name + "/";
        SeenUsbDevice device;
        device.name = name;
        device.vendor_id = hexadecimal(machine, folder + "idVendor");
        device.product_id = hexadecimal(machine, folder + "idProduct");
        device.product = machine.words(folder + "product").value_or("");
        device.speed_mbit = speed(machine, name);
        device.super_speed_port = super_speed_port(machine, name);
        device.node =
            fmt::format("dev/bus/usb/{:03}/{:03}", machine.number(folder + "busnum").value_or(0),
                        machine.number(folder + "devnum").value_or(0));
        device.power = machine.read(folder + "power/control").value_or("on");
        for (const std::string& interface : names) {
            if (interface.rfind(name + ":", 0) != 0) continue;
            const std::string at = devices + interface + "/";
            device.interfaces.push_back({interface, hexadecimal(machine, at + "bInterfaceClass"),
                                         hexadecimal(machine, at + "bInterfaceSubClass"),
                                         machine.link_name(at + "driver")});
        }
        seen.push_back(std::move(device));
    }
    return seen;
}

}  // namespace opal::cli::doctor
