// UdevRules: where udev looks, and how it is told.
#include "cli/doctor/rules.h"

#include <string>

namespace opal::cli::doctor {

bool rules_installed(const Machine& machine, std::string_view file) {
    for (const char* folder : {"etc", "run", "usr/local/lib", "usr/lib", "lib"})
        if (machine.exists(std::string(folder) + "/udev/rules.d/" + std::string(file))) return true;
    return false;
}

Fix install_rules() {
    Fix fix;
    for (const UdevRules& rules : udev_rules())
        fix.files.push_back(
            {"etc/udev/rules.d/" + std::string(rules.file), std::string(rules.text)});
    fix.commands = {{"udevadm", "control", "--reload"},
                    {"udevadm", "trigger", "--action=add", "--subsystem-match=usb"},
                    {"udevadm", "trigger", "--action=add", "--subsystem-match=hidraw"},
                    {"udevadm", "trigger", "--action=add", "--subsystem-match=tty"},
                    {"udevadm", "settle", "--timeout=10"}};
    return fix;
}

}  // namespace opal::cli::doctor
