// UsbDevice::read: one submitted read, waited for and called back at the deadline.
#include "hal/usb_device.h"

#include "hal/error.h"

#include <algorithm>
#include <chrono>
#include <memory>

namespace opal::hal {

namespace {

// How long a host controller may take to end a read that was called back.
constexpr auto cancel_patience = std::chrono::seconds(2);

// On the heap and with a room of its own: a read that never ends is left where it is, because the
// system may still write to it.
struct LoneRead {
    explicit LoneRead(std::size_t size) : room(size) { transfer.room = room; }
    UsbTransfer transfer;
    std::vector<std::byte> room;
};

}  // namespace

bool UsbDevice::call_back(std::uint8_t endpoint) {
    try {
        cancel(endpoint);
    } catch (const DeviceError&) {
        // Unplugged since: the read ends by itself, as failed, and is reaped too.
    }
    try {
        return reap(endpoint, Deadline{now() + cancel_patience}) != nullptr;
    } catch (const DeviceError&) {
        return false;
    }
}

std::optional<std::size_t> UsbDevice::read(std::uint8_t endpoint, std::span<std::byte> into,
                                           Deadline deadline) {
    const auto fail = [&](ErrorKind kind, const char* text) {
        throw DeviceError(kind, info().product + " " + info().place, "read", text);
    };
    auto read = std::make_unique<LoneRead>(into.size());
    const UsbTransfer& transfer = read->transfer;
    submit(endpoint, read->transfer);
    bool ended = false;
    try {
        ended = reap(endpoint, deadline) != nullptr;
    } catch (const DeviceError&) {
        if (!call_back(endpoint)) static_cast<void>(read.release());
        throw;
    }
    if (!ended && !call_back(endpoint)) {
        static_cast<void>(read.release());
        fail(ErrorKind::disconnected,
             "a read did not end when it was called back; pull the device's cable out and put it "
             "in again");
    }
    std::copy_n(read->room.begin(), transfer.length, into.begin());
    switch (transfer.outcome) {
        case UsbOutcome::stalled:
            fail(ErrorKind::refused, "the endpoint is stalled; clear_halt() comes first");
            break;
        case UsbOutcome::overflow:
            fail(ErrorKind::corrupt, "the device sent more than was asked for");
            break;
        case UsbOutcome::failed:
            reap(endpoint, Deadline{now()});  // says so if the device is gone
            fail(ErrorKind::corrupt, "the transfer failed on the bus");
            break;
        case UsbOutcome::cancelled:
            if (transfer.length == 0) return std::nullopt;
            break;
        case UsbOutcome::pending:
        case UsbOutcome::complete:
            break;
    }
    return transfer.length;
}

}  // namespace opal::hal
