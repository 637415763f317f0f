// SerialPorts: which serial ports this machine has, and what the system knows about each without
// opening it: opening moves control lines, which some devices take for a reset.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace opal::drivers {

struct SerialPort {
    std::string path;  // "/dev/ttyACM0"
    // Of the USB device behind it; 0 and empty for others.
    std::uint16_t vendor_id = 0;
    std::uint16_t product_id = 0;
    std::string manufacturer;
    std::string product;
    std::string serial;
    bool may_open = false;  // this user may read and write it
    std::string group;      // whose members may
    std::string held_by;    // "process 1234", from its lock file; empty: nobody says so
};

// USB ports (ttyACM, ttyUSB) and those of the machine (ttyS) that have hardware behind them, by
// path. The folders are the system's, or a test's.
struct SerialFolders {
    std::filesystem::path tty = "/sys/class/tty";
    std::filesystem::path dev = "/dev";
    std::filesystem::path locks = "/run/lock";
};
std::vector<SerialPort> list_serial_ports(const SerialFolders& folders = {});

}  // namespace opal::drivers
