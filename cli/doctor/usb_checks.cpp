// What is in the way of DLPC900 boards and USB3 Vision cameras.
#include "cli/doctor/checks.h"
#include "cli/doctor/rules.h"
#include "cli/doctor/usb_tree.h"

#include <fmt/format.h>

#include <algorithm>

namespace opal::cli::doctor {

namespace {

// The kernel's default is 16 MiB for all devices together; two frames of 20 megapixels need 40.
constexpr long long comfortable_memory_mb = 128;
constexpr long long plenty_of_memory_mb = 1000;
constexpr double super_speed_mbit = 5000;

void check_permission(const Machine& machine, const SeenUsbDevice& device, Findings& findings) {
    const char* const rules = device.is_dlpc900() ? "70-opal-dlpc900.rules" : "70-opal-u3v.rules";
    Finding found{"usb-permission", Weight::fine, device.title(), "this user may open it"};
    if (!machine.may_open(device.node)) {
        found.weight = Weight::problem;
        if (rules_installed(machine, rules)) {
            found.what = fmt::format("this user may not open /{}, although {} is installed",
                                     device.node, rules);
            found.remedy =
                "unplug it and plug it in again; not logged in at this machine itself: "
                "sudo usermod -aG plugdev $USER, then log in again";
        } else {
            found.what =
                fmt::format("this user may not open /{}: no udev rule allows it", device.node);
            found.remedy = "sudo opal doctor --fix installs the rules";
            found.fix = install_rules();
        }
    }
    findings.push_back(std::move(found));
}

void check_drivers(const Machine& machine, const SeenUsbDevice& device, Findings& findings) {
    for (const SeenInterface& interface : device.interfaces) {
        if (!device.uses(interface)) continue;
        Finding found{"usb-driver", Weight::fine, device.title(), ""};
        if (interface.driver.empty()) {
            found.what = fmt::format("interface {} is free", interface.name);
        } else if (interface.driver == "usbfs") {
            const std::string holder = machine.holder_of(device.node);
            found.weight = Weight::problem;
            found.what = fmt::format("interface {} is in use by {}", interface.name,
                                     holder.empty() ? "a program this user may not see" : holder);
            found.remedy = "end that program";
        } else {
            // libusb takes it away when OPAL opens the device, and gives it back at the end.
            found.what =
                fmt::format("interface {} has the kernel's {}, which gives way while OPAL uses it",
                            interface.name, interface.driver);
            if (interface.driver != "usbhid") {
                found.weight = Weight::hint;
                found.remedy = fmt::format("programs that see the device through {} lose it then",
                                           interface.driver);
            }
        }
        findings.push_back(std::move(found));
    }
}

void check_sleep(const SeenUsbDevice& device, Findings& findings) {
    Finding found{"usb-autosuspend", Weight::fine, device.title(), "the kernel keeps it awake"};
    if (device.power != "on") {
        found.weight = Weight::hint;
        found.what = "the kernel may put it to sleep when idle; some devices do not wake up well";
        found.remedy = "sudo opal doctor --fix keeps it awake; the udev rules do so for good";
        found.fix.files.push_back(
            {fmt::format("sys/bus/usb/devices/{}/power/control", device.name), "on\n"});
    }
    findings.push_back(std::move(found));
}

void check_speed(const SeenUsbDevice& camera, Findings& findings) {
    Finding found{"usb-speed", Weight::fine, camera.title(),
                  fmt::format("its link has {:.0f} Mbit/s", camera.speed_mbit)};
    if (camera.speed_mbit > 0 && camera.speed_mbit < super_speed_mbit) {
        found.weight = Weight::problem;
        found.what += ", a tenth or less of USB 3; frames will be lost at full rate";
        const char* const port = "use a blue or SS port, without a USB 2 hub in between";
        const char* const cable = "try another cable, at most 3 m, and push the plug in quickly";
        if (!camera.super_speed_port)
            found.remedy = fmt::format("{}; or {}", port, cable);
        else if (*camera.super_speed_port)
            found.remedy = fmt::format("the port can do USB 3: {}", cable);
        else
            found.remedy = fmt::format("the hub or port it is plugged into is USB 2: {}", port);
    }
    findings.push_back(std::move(found));
}

void check_memory(const Machine& machine, Findings& findings) {
    const std::string file = "sys/module/usbcore/parameters/usbfs_memory_mb";
    const auto megabytes = machine.number(file);
    if (!megabytes) return;
    Finding found{"usb-memory", Weight::fine, "this machine",
                  fmt::format("programs may have {} MiB under way on USB", *megabytes)};
    if (*megabytes == 0) found.what = "programs may have any amount under way on USB";
    if (*megabytes != 0 && *megabytes < comfortable_memory_mb) {
        found.weight = Weight::problem;
        found.what += " (usbfs_memory_mb), too little for a USB3 Vision camera at full rate";
        found.remedy = fmt::format(
            "sudo opal doctor --fix sets {}; for good: usbcore.usbfs_memory_mb={} on the kernel's "
            "command line",
            plenty_of_memory_mb, plenty_of_memory_mb);
        found.fix.files.push_back({file, fmt::format("{}\n", plenty_of_memory_mb)});
    }
    findings.push_back(std::move(found));
}

// For what is plugged in later; what is there has been reported already.
void check_rules(const Machine& machine, Findings& findings) {
    const bool reported = std::any_of(findings.begin(), findings.end(), [](const Finding& f) {
        return f.check == "usb-permission" && !f.fix.empty();
    });
    if (reported) return;
    Finding found{"udev-rules", Weight::fine, "this machine", "the udev rules are installed"};
    for (const UdevRules& rules : udev_rules()) {
        if (rules_installed(machine, rules.file)) continue;
        found.weight = Weight::hint;
        found.what = fmt::format("the udev rules {} are not installed", rules.file);
        found.remedy = "sudo opal doctor --fix installs them all";
        found.fix = install_rules();
        break;
    }
    findings.push_back(std::move(found));
}

}  // namespace

void check_usb(const Machine& machine, Findings& findings) {
    bool camera = false;
    bool any = false;
    for (const SeenUsbDevice& device : look_at_usb(machine)) {
        if (!device.is_dlpc900() && !device.is_u3v_camera()) continue;
        any = true;
        check_permission(machine, device, findings);
        check_drivers(machine, device, findings);
        check_sleep(device, findings);
        if (!device.is_u3v_camera()) continue;
        camera = true;
        check_speed(device, findings);
    }
    if (camera) check_memory(machine, findings);
    check_rules(machine, findings);
    if (any) return;
    const bool bus = machine.exists("sys/bus/usb/devices");
    findings.push_back(
        {"usb-devices", Weight::hint, "this machine",
         bus ? "no DLPC900 board and no USB3 Vision camera is plugged in" : "there is no USB",
         "opal serve has virtual ones (docs/usb-bench.md)"});
}

}  // namespace opal::cli::doctor
