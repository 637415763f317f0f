// One sentence of advice per libusb error.
#include "drivers/libusb_error.h"

#include <fmt/format.h>
#include <libusb-1.0/libusb.h>

#include <fstream>

namespace opal::drivers {

using hal::ErrorKind;

std::string usbfs_memory_advice(const std::string& setting) {
    std::string text = "the kernel gives USB no more memory";
    long long megabytes = 0;
    if (std::ifstream(setting) >> megabytes)
        text += fmt::format("; all programs together may have {} MiB", megabytes);
    return text + fmt::format("; submit less, or give it more: echo 1000 | sudo tee {}", setting);
}

void throw_usb_error(int code, const std::string& device, const char* operation) {
    const auto fail = [&](ErrorKind kind, const std::string& text) {
        throw hal::DeviceError(kind, device, operation, text);
    };
    switch (code) {
        case LIBUSB_ERROR_NO_DEVICE:
            fail(ErrorKind::disconnected, "the device was unplugged");
            break;
        case LIBUSB_ERROR_TIMEOUT:
            fail(ErrorKind::timeout, "the device did not answer by the deadline");
            break;
        case LIBUSB_ERROR_PIPE:
            fail(ErrorKind::refused, "stalled: the device does not take this");
            break;
        case LIBUSB_ERROR_OVERFLOW:
            fail(ErrorKind::corrupt, "the device sent more than was asked for");
            break;
        case LIBUSB_ERROR_ACCESS:
            fail(ErrorKind::refused, "no permission; install the udev rules and plug it in again");
            break;
        case LIBUSB_ERROR_BUSY:
            fail(ErrorKind::refused, "in use by another program; close it first");
            break;
        case LIBUSB_ERROR_NOT_FOUND:
            fail(ErrorKind::out_of_range, "the device has no such interface or endpoint");
            break;
        case LIBUSB_ERROR_NO_MEM:
            fail(ErrorKind::refused, usbfs_memory_advice());
            break;
        default:
            fail(ErrorKind::corrupt,
                 std::string("the transfer failed on the bus (") + libusb_error_name(code) + ")");
            break;
    }
    throw hal::DeviceError(ErrorKind::corrupt, device, operation, "unknown USB error");
}

}  // namespace opal::drivers
