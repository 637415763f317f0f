// The served bench's USB devices: a DLPC900 board and a USB3 Vision camera, exported by USB/IP.
// `usbip attach` plugs them into the kernel of this machine or another (docs/usb-bench.md).
#pragma once

#include "cli/serve/door.h"
#include "cli/serve/served_bench.h"
#include "sim/doors/usbip_server.h"
#include "sim/instruments/u3v/virtual_u3v_camera.h"

#include <cstdint>
#include <memory>
#include <string>

namespace opal::cli {

// The bus they share; the bench outlives it, and it outlives the doors.
class ServedUsbBus {
public:
    ServedUsbBus(ServedBench& bench, const std::string& address, std::uint16_t port);

    sim::UsbIpDevice& add(const hal::UsbDeviceInfo& info, const sim::UsbPersonality& personality);
    // How the device added last is plugged in.
    std::string attach_line() const;

private:
    ServedBench& bench_;
    const std::string address_;
    std::unique_ptr<hal::TcpListener> listener_;
    sim::UsbIpServer server_;
};

struct Dlpc900DoorOptions {
    std::string serial;
    std::uint32_t bytes_per_s = 0;  // that it takes; 0: any
    int board = 1;                  // as in sim::Dlpc900Scene
};
// The bench has the board's mirrors (with_dlpc900).
std::unique_ptr<ServedDoor> open_dlpc900_door(ServedBench& bench, ServedUsbBus& bus,
                                              const Dlpc900DoorOptions& options);
std::unique_ptr<ServedDoor> open_u3v_door(ServedBench& bench, ServedUsbBus& bus,
                                          const sim::U3vCameraOptions& options);

}  // namespace opal::cli
