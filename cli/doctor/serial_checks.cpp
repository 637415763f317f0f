// What is in the way of lasers on serial ports.
#include "cli/doctor/checks.h"
#include "cli/doctor/rules.h"

#include <fmt/format.h>

#include <filesystem>

namespace opal::cli::doctor {

namespace {

namespace fs = std::filesystem;

struct Maker {
    const char* name;
    const char* vendor_id;
    const char* rules;
};
constexpr Maker makers[] = {{"Cobolt", "25dc", "70-opal-cobolt.rules"},
                            {"Coherent", "0d4d", "70-opal-coherent.rules"}};

// The USB device a serial port belongs to, relative to the root; empty: none.
std::string usb_device_of(const Machine& machine, const std::string& port) {
    std::error_code error;
    fs::path at = fs::canonical(machine.path("sys/class/tty/" + port + "/device"), error);
    const fs::path root = fs::canonical(machine.path(""), error);
    for (; !error && at.has_relative_path() && at != root; at = at.parent_path())
        if (fs::exists(at / "idVendor", error)) return at.lexically_relative(root);
    return {};
}

// As udev's database has it [sd-device, "c" and the device number].
bool ignored_by_modem_manager(const Machine& machine, const std::string& usb_device) {
    const auto number = machine.read(usb_device + "/dev");
    if (!number) return false;
    const auto entry = machine.read("run/udev/data/c" + *number);
    return entry && entry->find("E:ID_MM_DEVICE_IGNORE=1") != std::string::npos;
}

}  // namespace

void check_serial(const Machine& machine, Findings& findings) {
    const bool modem_manager = machine.runs("ModemManager");
    for (const std::string& port : machine.list("sys/class/tty")) {
        if (port.rfind("ttyUSB", 0) != 0 && port.rfind("ttyACM", 0) != 0) continue;
        const std::string device = usb_device_of(machine, port);
        const std::string vendor = machine.read(device + "/idVendor").value_or("");
        const Maker* laser = nullptr;
        for (const Maker& maker : makers)
            if (vendor == maker.vendor_id) laser = &maker;
        const std::string title =
            fmt::format("/dev/{} {}", port,
                        laser != nullptr ? std::string(laser->name) + " laser"
                                         : machine.words(device + "/product").value_or("adapter"));
        Finding open{"serial-permission", Weight::fine, title, "this user may open it"};
        if (!machine.may_open("dev/" + port)) {
            open.weight = Weight::problem;
            open.what = "this user may not open it";
            open.remedy = "sudo usermod -aG dialout $USER, then log in again";
            if (laser != nullptr && !rules_installed(machine, laser->rules)) {
                open.remedy += "; logged in at this machine: sudo opal doctor --fix";
                open.fix = install_rules();
            }
        }
        findings.push_back(std::move(open));
        if (!modem_manager || ignored_by_modem_manager(machine, device)) {
            findings.push_back(
                {"serial-modem-manager", Weight::fine, title, "ModemManager leaves it alone"});
            continue;
        }
        Finding grabbed{"serial-modem-manager", laser != nullptr ? Weight::problem : Weight::hint,
                        title, "ModemManager may talk to it as to a modem when it is plugged in"};
        if (laser != nullptr) {
            grabbed.remedy = "sudo opal doctor --fix installs the rule that forbids it";
            grabbed.fix = install_rules();
        } else {
            grabbed.remedy = "if a laser is behind it: a rule with its serial number (udev/README)";
        }
        findings.push_back(std::move(grabbed));
    }
}

}  // namespace opal::cli::doctor
