// `opal doctor` on trees of files that say what a machine's /sys, /proc and /dev would: a healthy
// one, and the same with one defect planted.
#include "cli/doctor/checks.h"
#include "cli/doctor/fix.h"
#include "cli/doctor/report.h"
#include "cli/doctor/rules.h"
#include "tests/cli/scratch_folder.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

using namespace opal::cli::doctor;
namespace fs = std::filesystem;

namespace {

class FakeMachine {
public:
    FakeMachine() {
        const std::string devices = "sys/bus/usb/devices/";
        for (const char* hub : {"usb1", "usb2"}) {
            put(devices + hub + "/speed", hub == std::string("usb1") ? "480" : "5000");
            put(devices + hub + "/idVendor", "1d6b");
        }
        usb_device("1-2", "0451", "c900", "DLPC900", "12", 5);
        interface("1-2:1.0", "03", "00");
        usb_device("2-1", "1209", "0001", "VirtualU3V", "5000", 6);
        interface("2-1:1.0", "ef", "05");
        interface("2-1:1.1", "ef", "05");
        put("sys/module/usbcore/parameters/usbfs_memory_mb", "1000");
        put("proc/sys/net/core/rmem_max", "33554432");
        put("sys/class/net/eth0/type", "1");
        put("sys/class/net/eth0/mtu", "9000");
        put("sys/class/net/eth0/operstate", "up");
        fs::create_directories(at("sys/class/net/eth0/device"));
        put("sys/class/net/lo/type", "772");
        put("sys/class/net/lo/mtu", "1500");
        usb_device("1-3", "25dc", "0007", "Cobolt", "12", 7);
        put(devices + "1-3/dev", "189:6");
        fs::create_directories(at(devices + "1-3/1-3:1.0/tty"));
        fs::create_directories(at("sys/class/tty/ttyACM0"));
        fs::create_directory_symlink(at(devices + "1-3/1-3:1.0"),
                                     at("sys/class/tty/ttyACM0/device"));
        put("sys/class/tty/ttyS0/dev", "4:64");
        put("dev/ttyACM0", "");
        put("run/udev/data/c189:6", "E:ID_VENDOR=Cobolt\nE:ID_MM_DEVICE_IGNORE=1");
        put("proc/77/comm", "ModemManager");
        for (const UdevRules& rules : udev_rules())
            put("etc/udev/rules.d/" + std::string(rules.file), std::string(rules.text));
    }

    void put(const std::string& file, const std::string& content) const {
        fs::create_directories(at(file).parent_path());
        std::ofstream(at(file)) << content << '\n';
    }
    std::string get(const std::string& file) const { return content_of(at(file)); }
    void remove(const std::string& file) const { fs::remove_all(at(file)); }
    void link(const std::string& link, const std::string& target) const {
        fs::create_directories(at(link).parent_path());
        fs::create_symlink(target, at(link));
    }
    // Nodes are open to this user unless they say otherwise.
    Machine machine() const {
        return Machine(root_.path(), [](const fs::path& node) {
            std::string word;
            std::ifstream(node) >> word;
            return fs::exists(node) && word != "closed";
        });
    }
    Findings look() const {
        Findings findings;
        check_usb(machine(), findings);
        check_serial(machine(), findings);
        check_network(machine(), findings);
        return findings;
    }

    void usb_device(const std::string& name, const char* vendor, const char* product_id,
                    const char* product, const char* speed, int number) const {
        const std::string folder = "sys/bus/usb/devices/" + name + "/";
        put(folder + "idVendor", vendor);
        put(folder + "idProduct", product_id);
        put(folder + "product", product);
        put(folder + "speed", speed);
        put(folder + "busnum", name.substr(0, 1));
        put(folder + "devnum", std::to_string(number));
        put(folder + "power/control", "on");
        put("dev/bus/usb/00" + name.substr(0, 1) + "/00" + std::to_string(number), "");
    }
    void interface(const std::string& name, const char* class_code, const char* subclass) const {
        const std::string folder = "sys/bus/usb/devices/" + name + "/";
        put(folder + "bInterfaceClass", class_code);
        put(folder + "bInterfaceSubClass", subclass);
    }

private:
    fs::path at(const std::string& file) const { return root_.path() / file; }
    ScratchFolder root_;
};

// What is not as it should be.
Findings wrong(const Findings& all) {
    Findings left;
    std::copy_if(all.begin(), all.end(), std::back_inserter(left),
                 [](const Finding& f) { return f.weight != Weight::fine; });
    return left;
}

// The only thing wrong with the machine.
Finding only_defect(const FakeMachine& machine) {
    const Findings left = wrong(machine.look());
    std::string all;
    for (const Finding& f : left) all += f.check + ": " + f.subject + ": " + f.what + "\n";
    INFO(all);
    REQUIRE(left.size() == 1);
    return left.front();
}

bool says(const std::string& text, const std::string& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a healthy machine has nothing to be mended") {
    const FakeMachine fake;
    const Findings all = fake.look();
    CHECK(wrong(all).empty());
    CHECK_FALSE(any_problem(all));
    CHECK(all_fixes(all).empty());
    // Every check has looked.
    for (const char* check :
         {"usb-permission", "usb-driver", "udev-rules", "usb-autosuspend", "usb-speed",
          "usb-memory", "serial-permission", "serial-modem-manager", "net-buffer", "net-mtu"})
        CHECK(std::any_of(all.begin(), all.end(),
                          [&](const Finding& f) { return f.check == check; }));
}

TEST_CASE("a node that this user may not open, without rules and with them") {
    const FakeMachine fake;
    fake.put("dev/bus/usb/001/005", "closed");
    Finding found = only_defect(fake);
    CHECK(found.check == "usb-permission");
    CHECK(found.weight == Weight::problem);
    CHECK(found.subject == "usb:1-2 TI DLPC900");
    CHECK(says(found.what, "/dev/bus/usb/001/005, although 70-opal-dlpc900.rules is installed"));
    CHECK(says(found.remedy, "unplug it and plug it in again"));
    CHECK(found.fix.empty());
    fake.remove("etc/udev/rules.d");
    found = only_defect(fake);
    CHECK(says(found.what, "no udev rule allows it"));
    CHECK(found.fix.files.size() == 4);
    CHECK(found.fix.commands.size() == 5);
    fake.put("usr/lib/udev/rules.d/70-opal-dlpc900.rules", "");
    const Findings left = wrong(fake.look());
    REQUIRE(left.size() == 2);
    CHECK(says(left[0].what, "is installed"));
    CHECK(left[1].check == "udev-rules");  // the others are not
    CHECK(says(left[1].what, "70-opal-cobolt.rules"));
}

TEST_CASE("other drivers and programs have the interface") {
    const FakeMachine fake;
    fake.link("sys/bus/usb/devices/1-2:1.0/driver", "../../../bus/usb/drivers/usbhid");
    CHECK(wrong(fake.look()).empty());  // gives way
    fake.link("sys/bus/usb/devices/2-1:1.1/driver", "../../../bus/usb/drivers/uvcvideo");
    Finding found = only_defect(fake);
    CHECK(found.check == "usb-driver");
    CHECK(found.weight == Weight::hint);  // libusb takes it away
    CHECK(says(found.what, "interface 2-1:1.1 has the kernel's uvcvideo, which gives way"));
    CHECK(found.fix.empty());
    fake.remove("sys/bus/usb/devices/2-1:1.1/driver");
    fake.link("sys/bus/usb/devices/2-1:1.1/driver", "../../../bus/usb/drivers/usbfs");
    fake.put("proc/4242/comm", "viewer");
    fake.link("proc/4242/fd/7", "/dev/bus/usb/002/006");
    found = only_defect(fake);
    CHECK(says(found.what, "in use by viewer (process 4242)"));
    CHECK(found.fix.empty());
}

TEST_CASE("drivers of interfaces that OPAL does not use are left alone") {
    const FakeMachine fake;
    fake.put("sys/bus/usb/devices/2-1:1.2/bInterfaceClass", "01");
    fake.put("sys/bus/usb/devices/2-1:1.2/bInterfaceSubClass", "02");
    fake.link("sys/bus/usb/devices/2-1:1.2/driver", "../../../bus/usb/drivers/snd-usb-audio");
    CHECK(wrong(fake.look()).empty());
}

// A device that does not manage SuperSpeed is on the USB 2 bus, whatever its port could do.
TEST_CASE("a camera on USB 2: by its cable, or by what it is plugged into") {
    const FakeMachine fake;
    const std::string camera = "sys/bus/usb/devices/1-1";
    const std::string ports = "sys/devices/usb1/1-0:1.0/";
    fake.remove("sys/bus/usb/devices/2-1");
    fake.remove("sys/bus/usb/devices/2-1:1.0");
    fake.remove("sys/bus/usb/devices/2-1:1.1");
    fake.usb_device("1-1", "1209", "0001", "VirtualU3V", "480", 8);
    fake.interface("1-1:1.0", "ef", "05");
    Finding found = only_defect(fake);
    CHECK(found.check == "usb-speed");
    CHECK(found.weight == Weight::problem);
    CHECK(says(found.what, "480 Mbit/s"));
    CHECK(says(found.remedy, "blue or SS port"));  // the kernel does not say which it is
    CHECK(says(found.remedy, "another cable"));
    fake.put(ports + "usb1-port1/location", "0x1");
    fake.link(camera + "/port", "../../../../devices/usb1/1-0:1.0/usb1-port1");
    CHECK(says(only_defect(fake).remedy, "is USB 2"));
    fake.put("sys/devices/usb2/2-0:1.0/usb2-port1/location", "0x1");
    fake.link(ports + "usb1-port1/peer", "../../../usb2/2-0:1.0/usb2-port1");
    CHECK(says(only_defect(fake).remedy, "the port can do USB 3: try another cable"));
}

TEST_CASE("memory, sleep, buffers, packets") {
    {
        const FakeMachine fake;
        fake.put("sys/module/usbcore/parameters/usbfs_memory_mb", "16");
        const Finding found = only_defect(fake);
        CHECK(found.check == "usb-memory");
        CHECK(found.weight == Weight::problem);
        CHECK(says(found.what, "16 MiB"));
        fake.put("sys/module/usbcore/parameters/usbfs_memory_mb", "0");  // no limit
        CHECK(wrong(fake.look()).empty());
    }
    {
        const FakeMachine fake;
        fake.put("sys/bus/usb/devices/1-2/power/control", "auto");
        const Finding found = only_defect(fake);
        CHECK(found.check == "usb-autosuspend");
        CHECK(found.weight == Weight::hint);
    }
    {
        const FakeMachine fake;
        fake.put("proc/sys/net/core/rmem_max", "212992");
        const Finding found = only_defect(fake);
        CHECK(found.check == "net-buffer");
        CHECK(says(found.what, "208 KiB"));
    }
    {
        const FakeMachine fake;
        fake.put("sys/class/net/eth0/mtu", "1500");
        const Finding found = only_defect(fake);
        CHECK(found.check == "net-mtu");
        CHECK(found.subject == "network eth0");
        CHECK(says(found.remedy, "ip link set eth0 mtu 9000"));
        fake.put("sys/class/net/eth0/operstate", "down");
        CHECK(wrong(fake.look()).empty());
    }
}

TEST_CASE("ModemManager and the laser's port") {
    const FakeMachine fake;
    fake.put("run/udev/data/c189:6", "E:ID_VENDOR=Cobolt");
    Finding found = only_defect(fake);
    CHECK(found.check == "serial-modem-manager");
    CHECK(found.weight == Weight::problem);
    CHECK(found.subject == "/dev/ttyACM0 Cobolt laser");
    CHECK_FALSE(found.fix.empty());
    fake.put("sys/bus/usb/devices/1-3/idVendor", "0403");  // an adapter of anybody's
    found = only_defect(fake);
    CHECK(found.weight == Weight::hint);
    CHECK(found.fix.empty());
    fake.remove("proc/77");
    CHECK(wrong(fake.look()).empty());
    fake.put("dev/ttyACM0", "closed");
    found = only_defect(fake);
    CHECK(found.check == "serial-permission");
    CHECK(says(found.remedy, "dialout"));
}

TEST_CASE("fixing writes what was announced, and looking again finds nothing") {
    const FakeMachine fake;
    fake.remove("etc/udev/rules.d");
    fake.put("dev/bus/usb/001/005", "closed");
    fake.put("dev/bus/usb/002/006", "closed");
    fake.put("sys/module/usbcore/parameters/usbfs_memory_mb", "16");
    fake.put("sys/bus/usb/devices/2-1/power/control", "auto");
    fake.put("proc/sys/net/core/rmem_max", "212992");
    const Fix fixes = all_fixes(fake.look());
    // Four rules once, though two devices asked for them; memory, power, two for the buffer. Then
    // what udev is told.
    CHECK(fixes.files.size() == 8);
    const auto steps = steps_of(fixes);
    CHECK(steps.size() == 13);
    CHECK(steps[0] == "write /etc/udev/rules.d/70-opal-cobolt.rules");
    CHECK(std::count(steps.begin(), steps.end(),
                     "write '1000' to /sys/module/usbcore/parameters/usbfs_memory_mb") == 1);
    CHECK(std::count(steps.begin(), steps.end(), "run udevadm control --reload") == 1);
    apply(fake.machine(), fixes);
    fake.put("dev/bus/usb/001/005", "");  // what udev does
    fake.put("dev/bus/usb/002/006", "");
    CHECK(wrong(fake.look()).empty());
    CHECK(says(fake.get("etc/udev/rules.d/70-opal-u3v.rules"), "ID_USB_INTERFACES"));
    CHECK(fake.get("etc/sysctl.d/60-opal.conf") == "net.core.rmem_max = 33554432\n");
}

TEST_CASE("a step that fails does not keep the others from being done") {
    const FakeMachine fake;
    fake.put("a/b", "");
    std::string said;
    try {
        apply(fake.machine(), {{{"a/b/c", "1"}, {"d", "2"}, {"a/b/e", "3"}, {"f", "4"}}, {}});
    } catch (const std::runtime_error& error) {
        said = error.what();
    }
    CHECK(says(said, "a/b/c: "));
    CHECK(says(said, "\n"));
    CHECK(says(said, "a/b/e: "));
    CHECK(fake.get("d") == "2");
    CHECK(fake.get("f") == "4");
}

TEST_CASE("links of a copied tree do not lead a fix out of it") {
    const ScratchFolder outside;
    const FakeMachine fake;
    std::ofstream(outside.path() / "kept") << "mine";
    fake.link("etc/absolute", outside.path().string());
    fake.link("etc/file", (outside.path() / "kept").string());
    fake.link("etc/to_be", (outside.path() / "new").string());
    fake.put("usr/x", "");
    fake.link("inner", "usr");
    for (const char* path : {"etc/absolute/new", "etc/file", "etc/to_be"}) {
        CAPTURE(path);
        CHECK_THROWS_WITH_AS(apply(fake.machine(), {{{path, "1"}}, {}}),
                             doctest::Contains("a link on the way leads out of"),
                             std::runtime_error);
    }
    CHECK(content_of(outside.path() / "kept") == "mine");
    CHECK_FALSE(fs::exists(outside.path() / "new"));
    apply(fake.machine(), {{{"inner/y", "2"}}, {}});
    CHECK(fake.get("usr/y") == "2");
    // However the root is spelled, it is this machine; nothing else is.
    CHECK(Machine("/.").is_this_one());
    CHECK(Machine("/usr/..").is_this_one());
    CHECK_FALSE(Machine("/usr/.").is_this_one());
}

TEST_CASE("what devices call themselves cannot command the terminal") {
    const FakeMachine fake;
    fake.put("sys/bus/usb/devices/2-1/product", "A\x1B[2JB\nC\x7F");
    fake.put("sys/bus/usb/devices/1-3/idVendor", "0403");
    fake.put("sys/bus/usb/devices/1-3/product", "\x1B]0;x\x07");
    const std::string text = text_of(fake.look(), opal::cli::Terminal(), true);
    CHECK(says(text, "usb:2-1 A?[2JB?C?"));
    CHECK(says(text, "/dev/ttyACM0 ?]0;x?"));
    CHECK(text.find('\x1B') == std::string::npos);
}

TEST_CASE("nothing plugged in is a hint; JSON says what the text says") {
    const FakeMachine fake;
    fake.remove("sys/bus/usb/devices/1-2");
    fake.remove("sys/bus/usb/devices/2-1");
    const Finding found = only_defect(fake);
    CHECK(found.check == "usb-devices");
    CHECK(found.weight == Weight::hint);
    const Findings findings{
        {"usb-speed", Weight::problem, "usb:2-1 \xFF", "480", "another cable", {}},
        {"usb-memory", Weight::hint, "this machine", "16", "more", {{{"a", "b"}}, {}}},
        {"net-mtu", Weight::fine, "network eth0", "9000"}};
    CHECK(any_problem(findings));
    const auto json = nlohmann::json::parse(json_of(findings));
    CHECK(json["problems"] == 1);
    REQUIRE(json["findings"].size() == 3);
    CHECK(json["findings"][0]["weight"] == "problem");
    CHECK(json["findings"][0]["fixable"] == false);
    CHECK(json["findings"][1]["check"] == "usb-memory");
    CHECK(json["findings"][1]["fixable"] == true);
    CHECK(json["findings"][2]["remedy"] == "");
    const std::string text = text_of(findings, opal::cli::Terminal(), false);
    CHECK(says(text, "another cable"));
    CHECK_FALSE(says(text, "network eth0"));
    CHECK(says(text, "1 problems, 1 hints, 1 fine"));
    CHECK(says(text_of(findings, opal::cli::Terminal(), true), "network eth0"));
}
