// UsbDevice: one opened USB device, as DMD and camera drivers need it: control requests, interrupt
// reports (DLPC900), and bulk reads queued ahead so that a fast stream never waits for the host
// (USB3 Vision).
//
//   submit(0x81, a)  submit(0x81, b)  ...  reap(0x81) -> a   reap(0x81) -> b
//   one read at a time:                    read(0x81, into, deadline)
#pragma once

#include "hal/clock.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace opal::hal {

struct UsbDeviceInfo {
    std::uint16_t vendor_id = 0;
    std::uint16_t product_id = 0;
    std::string manufacturer;
    std::string product;
    std::string serial;
    std::string place;  // for people: "usb:1-2"
    // The active configuration as the device sent it: configuration, association, interface,
    // endpoint and class-specific descriptors in order [USB 2.0, section 9.4.3].
    std::vector<std::byte> configuration;
};

// The eight bytes before a control transfer, without its length [USB 2.0, table 9-2].
struct UsbSetup {
    std::uint8_t request_type = 0;  // bit 7 set: device to host
    std::uint8_t request = 0;
    std::uint16_t value = 0;
    std::uint16_t index = 0;
};

enum class UsbOutcome {
    pending,    // submitted, not finished
    complete,   // filled, or ended by a short packet
    cancelled,  // by cancel(); `length` bytes had come before and count
    stalled,    // the endpoint is halted; clear_halt() before the next
    overflow,   // the device sent more than there was room for; the data are unusable
    failed,     // a transmission error the bus could not repair
};

// One read submitted ahead. It and its room belong to the caller and stay in place until reaped.
struct UsbTransfer {
    std::span<std::byte> room;
    std::size_t length = 0;
    UsbOutcome outcome = UsbOutcome::complete;
};

// For users:
//   - Endpoints are addresses as in the descriptors: 0x81 is IN 1, 0x01 is OUT 1. Whether bulk or
//     interrupt, the descriptors say. claim() the interface first, else wrong_state.
//   - control() moves data.size() bytes in the direction of the setup's bit 7 and returns how many
//     were moved. A stall throws refused: the device does not know the request or its values.
//   - write() moves all bytes in one transfer, an empty span as one zero-length packet; none is
//     added by itself. A stall throws refused and the endpoint needs clear_halt(). If the deadline
//     passes first it throws timeout; part of the bytes may have arrived.
//   - submit() queues a read; reads of an endpoint finish in the order they were submitted. reap()
//     returns the oldest finished one, or nullptr if the deadline passed first. With nothing
//     submitted: nullptr at once.
//   - cancel() ends all reads of an endpoint; they are reaped as usual, as cancelled or, if they
//     were faster, with what they got. Destroying the device waits for its reads to end.
//   - Calls for one endpoint come from one thread at a time; different endpoints are independent.
//   - An unplugged device throws disconnected from every call, for good; reads under way are first
//     reaped as failed.
//   - Deadlines are on the clock the device was opened with; now() reads it.
// For drivers:
//   - A transfer that gets part of its data before it ends keeps it: `length` is never less than
//     what arrived.
//   - claim() takes the interface from a kernel driver that holds it and gives it back at the end.
class UsbDevice {
public:
    virtual ~UsbDevice() = default;
    virtual const UsbDeviceInfo& info() const = 0;
    virtual Time now() const = 0;
    virtual void claim(int interface) = 0;
    virtual std::size_t control(const UsbSetup& setup, std::span<std::byte> data,
                                Deadline deadline) = 0;
    virtual void write(std::uint8_t endpoint, std::span<const std::byte> bytes,
                       Deadline deadline) = 0;
    virtual void submit(std::uint8_t endpoint, UsbTransfer& transfer) = 0;
    virtual UsbTransfer* reap(std::uint8_t endpoint, Deadline deadline) = 0;
    virtual void cancel(std::uint8_t endpoint) = 0;
    virtual void clear_halt(std::uint8_t endpoint) = 0;

    // One read, no others being queued on the endpoint. The number of bytes that came; nothing if
    // the deadline passed before any. Stall throws refused, overflow and failure throw corrupt. A
    // read that does not end within two seconds of being called back throws disconnected.
    std::optional<std::size_t> read(std::uint8_t endpoint, std::span<std::byte> into,
                                    Deadline deadline);

private:
    bool call_back(std::uint8_t endpoint);
};

}  // namespace opal::hal
