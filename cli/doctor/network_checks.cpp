// What is in the way of GigE Vision cameras: hints, since nobody knows which port a camera is on.
#include "cli/doctor/checks.h"

#include <fmt/format.h>

namespace opal::cli::doctor {

namespace {

// What a few frames of some megapixels need while nobody has time to fetch them.
constexpr long long comfortable_buffer = 8 << 20;
constexpr long long plenty_of_buffer = 32 << 20;
constexpr long long jumbo = 9000;
constexpr long long ethernet = 1;  // ARPHRD_ETHER

}  // namespace

void check_network(const Machine& machine, Findings& findings) {
    const std::string file = "proc/sys/net/core/rmem_max";
    if (const auto bytes = machine.number(file)) {
        Finding found{"net-buffer", Weight::fine, "this machine",
                      fmt::format("programs may have {} KiB of receive buffer", *bytes / 1024)};
        if (*bytes < comfortable_buffer) {
            found.weight = Weight::hint;
            found.what += "; fast GigE Vision streams lose packets";
            found.remedy =
                fmt::format("sudo opal doctor --fix raises it to {} MiB, now and for good",
                            plenty_of_buffer >> 20);
            found.fix.files = {{file, fmt::format("{}\n", plenty_of_buffer)},
                               {"etc/sysctl.d/60-opal.conf",
                                fmt::format("net.core.rmem_max = {}\n", plenty_of_buffer)}};
        }
        findings.push_back(std::move(found));
    }
    for (const std::string& name : machine.list("sys/class/net")) {
        const std::string folder = "sys/class/net/" + name + "/";
        // Hardware that is plugged in: bridges and tunnels have no device.
        if (!machine.exists(folder + "device") || machine.number(folder + "type") != ethernet ||
            machine.read(folder + "operstate") != "up" || machine.exists(folder + "wireless"))
            continue;
        const long long mtu = machine.number(folder + "mtu").value_or(0);
        Finding found{"net-mtu", Weight::fine, "network " + name,
                      fmt::format("packets of {} bytes", mtu)};
        if (mtu < jumbo) {
            found.weight = Weight::hint;
            found.what += "; jumbo frames make fast streams cheaper, if the camera is on this port";
            found.remedy = fmt::format("sudo ip link set {} mtu {}", name, jumbo);
        }
        findings.push_back(std::move(found));
    }
}

}  // namespace opal::cli::doctor
