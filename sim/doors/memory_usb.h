// MemoryUsb: a USB device inside the process, on virtual time: the host's side is a hal::UsbDevice,
// the device's side a UsbGadget that a virtual instrument scripts.
//
//   host                          gadget
//   control(setup, data)  --->    on_control(setup, data) -> answer or stall
//   clear_halt(0x81)      --->    on_control(CLEAR_FEATURE), whatever the answer
//   write(0x01, bytes)    --->    on_write(0x01, bytes) -> taken, busy or stall
//   submit / reap(0x81)   <---    send(0x81, bytes)
//
// Endpoints, their types and packet sizes are read from the configuration descriptor, as a host
// does; reads end as on the bus: with a short packet, or full.
#pragma once

#include "hal/usb_device.h"
#include "sim/table/virtual_clock.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace opal::sim {

class UsbGadget {
public:
    // An IN answer is cut to what the host asked for; nothing: stall.
    using Answer = std::optional<std::vector<std::byte>>;
    using OnControl =
        std::function<Answer(const hal::UsbSetup& setup, std::span<const std::byte> data)>;
    enum class Verdict { taken, busy, stalled };  // busy: the host tries again until its deadline
    using OnWrite = std::function<Verdict(std::uint8_t endpoint, std::span<const std::byte> bytes)>;

    virtual ~UsbGadget() = default;
    virtual void on_control(OnControl act) = 0;
    virtual void on_write(OnWrite act) = 0;
    // Queues bytes as packets; an empty span is a zero-length packet. They wait until they are
    // read.
    virtual void send(std::uint8_t endpoint, std::span<const std::byte> bytes) = 0;
    virtual std::size_t unread(std::uint8_t endpoint) const = 0;  // bytes that wait
    virtual void flush(std::uint8_t endpoint) = 0;                // forgets what waits
    // Until the host clears it; what waits is forgotten.
    virtual void stall(std::uint8_t endpoint) = 0;
    virtual void unplug() = 0;
};

struct MemoryUsb {
    std::unique_ptr<hal::UsbDevice> host;
    std::unique_ptr<UsbGadget> gadget;
};

// The clock outlives both. `transfer_time`: every transfer takes this long on the bus.
MemoryUsb make_memory_usb(VirtualClock& clock, hal::UsbDeviceInfo info,
                          hal::Duration transfer_time = std::chrono::microseconds(125));

}  // namespace opal::sim
