// SerialPorts: reading sysfs.
#include "drivers/terminal/serial_ports.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <system_error>

namespace opal::drivers {

namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line;
}

std::uint16_t hex(const fs::path& file) {
    return static_cast<std::uint16_t>(std::strtoul(first_line(file).c_str(), nullptr, 16));
}

// The USB device is a parent of the port's own node: its interface's, or that one's.
void look_at_usb(fs::path node, SerialPort& port) {
    for (int up = 0; up < 4 && node.has_relative_path(); ++up, node = node.parent_path()) {
        std::error_code error;
        if (!fs::exists(node / "idVendor", error)) continue;
        port.vendor_id = hex(node / "idVendor");
        port.product_id = hex(node / "idProduct");
        port.manufacturer = first_line(node / "manufacturer");
        port.product = first_line(node / "product");
        port.serial = first_line(node / "serial");
        return;
    }
}

std::string group_of(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return {};
    struct group entry {};
    struct group* found = nullptr;
    std::array<char, 4096> room{};
    if (::getgrgid_r(status.st_gid, &entry, room.data(), room.size(), &found) != 0 || !found)
        return std::to_string(status.st_gid);
    return found->gr_name;
}

// UUCP's custom [FHS 3.0, 5.9]: LCK..ttyACM0 holds the number of the process.
std::string holder_of(const fs::path& locks, const std::string& name) {
    const std::string line = first_line(locks / ("LCK.." + name));
    const std::size_t digit = line.find_first_not_of(' ');
    return digit == std::string::npos ? std::string() : "process " + line.substr(digit);
}

bool is_serial(const std::string& name) {
    constexpr std::array<std::string_view, 3> kinds{"ttyACM", "ttyUSB", "ttyS"};
    return std::any_of(kinds.begin(), kinds.end(),
                       [&](std::string_view kind) { return name.starts_with(kind); });
}

}  // namespace

std::vector<SerialPort> list_serial_ports(const SerialFolders& folders) {
    std::vector<SerialPort> ports;
    std::error_code error;
    for (fs::directory_iterator entry(folders.tty, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        std::error_code missing;
        const fs::path device = fs::canonical(entry->path() / "device", missing);
        if (!is_serial(name) || missing) continue;
        // Ports the kernel has made up for hardware that may be there say type 0: unknown.
        if (name.starts_with("ttyS") && first_line(entry->path() / "type") == "0") continue;
        SerialPort port;
        port.path = (folders.dev / name).string();
        look_at_usb(device, port);
        port.may_open = ::access(port.path.c_str(), R_OK | W_OK) == 0;
        port.group = group_of(port.path);
        port.held_by = holder_of(folders.locks, name);
        ports.push_back(std::move(port));
    }
    std::sort(ports.begin(), ports.end(),
              [](const SerialPort& a, const SerialPort& b) { return a.path < b.path; });
    return ports;
}

}  // namespace opal::drivers
