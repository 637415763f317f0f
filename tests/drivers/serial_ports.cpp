// Serial ports as sysfs shows them: a tree like that of a machine with a laser on USB, an adapter,
// a port of its own and one the kernel only made up.
#include "drivers/terminal/serial_ports.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>
#include <string>

using namespace opal::drivers;
namespace fs = std::filesystem;

namespace {

class FakeSystem {
public:
    FakeSystem() {
        fs::create_directories(folders.tty);
        fs::create_directories(folders.dev);
        fs::create_directories(folders.locks);
    }
    ~FakeSystem() { fs::remove_all(root_); }

    void write(const fs::path& file, const std::string& text) {
        fs::create_directories(file.parent_path());
        std::ofstream(file) << text << '\n';
    }
    // `node`: of the port's device, below the system's devices.
    void port(const std::string& name, const std::string& node, const std::string& type = {}) {
        fs::create_directories(root_ / "devices" / node);
        fs::create_directories(folders.tty / name);
        fs::create_directory_symlink(root_ / "devices" / node, folders.tty / name / "device");
        if (!type.empty()) write(folders.tty / name / "type", type);
        write(folders.dev / name, "");
    }
    void usb(const std::string& node, const std::string& vendor, const std::string& product) {
        write(root_ / "devices" / node / "idVendor", vendor);
        write(root_ / "devices" / node / "idProduct", product);
    }
    fs::path device(const std::string& node) const { return root_ / "devices" / node; }

private:
    fs::path root_ = fs::temp_directory_path() / ("opal-ports-" + std::to_string(::getpid()));

public:
    SerialFolders folders{root_ / "tty", root_ / "dev", root_ / "locks"};
};

}  // namespace

TEST_CASE("ports are what the system says is behind them") {
    FakeSystem system;
    system.port("ttyUSB0", "usb1/1-3/1-3:1.0/ttyUSB0");  // an adapter: its node lies one deeper
    system.usb("usb1/1-3", "0403", "6001");
    system.port("ttyACM0", "usb1/1-2/1-2:1.0");
    system.usb("usb1/1-2", "25dc", "0006");
    system.write(system.device("usb1/1-2/manufacturer"), "Cobolt AB");
    system.write(system.device("usb1/1-2/product"), "06-MLD");
    system.write(system.device("usb1/1-2/serial"), "12345");
    system.write(system.folders.locks / "LCK..ttyACM0", "      4711");
    system.port("ttyS0", "pnp0/00:01", "4");
    system.port("ttyS1", "platform/serial8250", "0");  // nobody is there
    fs::create_directories(system.folders.tty / "tty1");

    const auto ports = list_serial_ports(system.folders);
    REQUIRE(ports.size() == 3);
    CHECK(ports[0].path == (system.folders.dev / "ttyACM0").string());
    CHECK(ports[0].vendor_id == 0x25DC);
    CHECK(ports[0].product_id == 6);
    CHECK(ports[0].manufacturer == "Cobolt AB");
    CHECK(ports[0].product == "06-MLD");
    CHECK(ports[0].serial == "12345");
    CHECK(ports[0].held_by == "process 4711");
    CHECK(ports[0].may_open);
    CHECK(!ports[0].group.empty());
    CHECK(ports[1].path.ends_with("ttyS0"));
    CHECK(ports[1].vendor_id == 0);
    CHECK(ports[1].held_by.empty());
    CHECK(ports[2].path.ends_with("ttyUSB0"));
    CHECK(ports[2].vendor_id == 0x0403);
    CHECK(ports[2].manufacturer.empty());

    fs::remove(system.folders.dev / "ttyS0");
    CHECK(!list_serial_ports(system.folders)[1].may_open);
}

TEST_CASE("no folder, no ports") {
    CHECK(list_serial_ports({"/nonexistent/tty", "/nonexistent/dev", "/nonexistent"}).empty());
}
