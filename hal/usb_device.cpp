// UsbDevice::read: one submitted read, waited for and cancelled at the deadline.
#include "hal/usb_device.h"

#include "hal/error.h"

namespace opal::hal {

std::optional<std::size_t> UsbDevice::read(std::uint8_t endpoint, std::span<std::byte> into,
                                           Deadline deadline) {
    UsbTransfer transfer;
    transfer.room = into;
    submit(endpoint, transfer);
    if (!reap(endpoint, deadline)) {
        // The transfer is on this stack: it has to end before this function does. Cancelling is
        // bounded by the host controller, so this wait needs no deadline of its own.
        try {
            cancel(endpoint);
        } catch (const DeviceError&) {
            // Unplugged since the deadline: the read ends by itself, as failed, and is reaped too.
        }
        while (!reap(endpoint, Deadline{Time::max()})) {
        }
    }
    const auto fail = [&](ErrorKind kind, const char* text) {
        throw DeviceError(kind, info().product + " " + info().place, "read", text);
    };
    switch (transfer.outcome) {
        case UsbOutcome::stalled:
            fail(ErrorKind::refused, "the endpoint is stalled; clear_halt() comes first");
            break;
        case UsbOutcome::overflow:
            fail(ErrorKind::corrupt, "the device sent more than was asked for");
            break;
        case UsbOutcome::failed:
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
