// Finding USB devices, and opening the one that is meant.
#include "drivers/libusb_device.h"

#include "drivers/libusb_handles.h"
#include "hal/error.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

namespace opal::drivers {

using hal::DeviceError;
using hal::ErrorKind;
using libusb::Context;
using libusb::DeviceList;
using libusb::Handle;

namespace {

std::string place_of(libusb_device* device) {
    std::array<std::uint8_t, 8> ports{};
    const int count = libusb_get_port_numbers(device, ports.data(), static_cast<int>(ports.size()));
    std::string place = fmt::format("usb:{}", libusb_get_bus_number(device));
    for (int i = 0; i < count; ++i)
        place += fmt::format("{}{}", i == 0 ? '-' : '.', ports[static_cast<std::size_t>(i)]);
    return place;
}

std::string text_of(libusb_device_handle* handle, std::uint8_t index) {
    if (index == 0) return {};
    std::array<unsigned char, 256> text{};
    const int length = libusb_get_string_descriptor_ascii(handle, index, text.data(),
                                                          static_cast<int>(text.size()));
    return length > 0 ? std::string(text.begin(), text.begin() + length) : std::string{};
}

std::string open_problem(int result) {
    return result == LIBUSB_ERROR_ACCESS
               ? "no permission; install the udev rules and plug it in again"
               : libusb_strerror(result);
}

hal::UsbDeviceInfo info_of(libusb_device_handle* handle, const libusb_device_descriptor& d,
                           std::string place) {
    return {d.idVendor,
            d.idProduct,
            text_of(handle, d.iManufacturer),
            text_of(handle, d.iProduct),
            text_of(handle, d.iSerialNumber),
            std::move(place),
            {}};
}

bool has_interface(libusb_device* device, UsbInterfaceClass wanted) {
    libusb_config_descriptor* config = nullptr;
    if (libusb_get_active_config_descriptor(device, &config) != 0) return false;
    bool found = false;
    for (int i = 0; i < config->bNumInterfaces; ++i)
        if (config->interface[i].num_altsetting > 0) {
            const libusb_interface_descriptor& setting = config->interface[i].altsetting[0];
            found = found || (setting.bInterfaceClass == wanted.number &&
                              setting.bInterfaceSubClass == wanted.subclass);
        }
    libusb_free_config_descriptor(config);
    return found;
}

int speed_of(libusb_device* device) {
    switch (libusb_get_device_speed(device)) {
        case LIBUSB_SPEED_LOW:
            return 1;
        case LIBUSB_SPEED_FULL:
            return 12;
        case LIBUSB_SPEED_HIGH:
            return 480;
        case LIBUSB_SPEED_SUPER:
            return 5000;
        case LIBUSB_SPEED_SUPER_PLUS:
            return 10000;
        default:
            return 0;
    }
}

}  // namespace

std::unique_ptr<hal::UsbDevice> open_usb_device(const UsbMatch& match) {
    const std::string wanted =
        fmt::format("usb {:04x}:{:04x}{}{}", match.vendor_id, match.product_id,
                    match.serial.empty() ? "" : " ", match.serial);
    const auto refuse = [&](const std::string& text) {
        throw DeviceError(ErrorKind::refused, wanted, "open", text);
    };
    libusb_context* raw_context = nullptr;
    if (libusb_init(&raw_context) != 0) refuse("this machine has no USB");
    Context context(raw_context);

    std::string plugged;
    std::string failure;
    Handle chosen;
    hal::UsbDeviceInfo chosen_info;
    const DeviceList list(context.get());
    for (libusb_device* const device : list.devices()) {
        libusb_device_descriptor d{};
        if (libusb_get_device_descriptor(device, &d) != 0) continue;
        const std::string place = place_of(device);
        plugged += fmt::format("{}{:04x}:{:04x} at {}", plugged.empty() ? "" : ", ", d.idVendor,
                               d.idProduct, place);
        if (d.idVendor != match.vendor_id || d.idProduct != match.product_id) continue;
        if (!match.place.empty() && match.place != place) continue;
        libusb_device_handle* raw_handle = nullptr;
        if (const int result = libusb_open(device, &raw_handle); result != 0) {
            failure = place + ": " + open_problem(result);
            continue;
        }
        Handle handle(raw_handle);
        hal::UsbDeviceInfo info = info_of(raw_handle, d, place);
        if (!match.serial.empty() && match.serial != info.serial) continue;
        if (chosen)
            refuse(fmt::format("several match, at {} and {}; name the serial number or the place",
                               chosen_info.place, place));
        chosen = std::move(handle);
        chosen_info = std::move(info);
    }
    if (!chosen && !failure.empty()) refuse(failure);
    if (!chosen)
        refuse("not plugged in; there is " + (plugged.empty() ? "no USB device at all" : plugged));
    return make_libusb_device(std::move(context), std::move(chosen), std::move(chosen_info));
}

std::unique_ptr<hal::UsbDevice> open_usb_node(const std::string& path) {
    const auto refuse = [&](const std::string& text) {
        throw DeviceError(ErrorKind::refused, "usb " + path, "open", text);
    };
    std::FILE* const opened = std::fopen(path.c_str(), "r+e");  // not for programs it starts
    if (opened == nullptr) refuse(std::generic_category().message(errno));
    const std::shared_ptr<std::FILE> node(opened, &std::fclose);
    libusb_context* raw_context = nullptr;
    int result = libusb_init(&raw_context);
    if (result != 0) {
        libusb_set_option(nullptr, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
        result = libusb_init(&raw_context);
    }
    if (result != 0) refuse(libusb_strerror(result));
    Context context(raw_context);
    libusb_device_handle* raw_handle = nullptr;
    result = libusb_wrap_sys_device(raw_context, ::fileno(opened), &raw_handle);
    if (result != 0) refuse(open_problem(result));
    Handle handle(raw_handle);
    libusb_device_descriptor d{};
    result = libusb_get_device_descriptor(libusb_get_device(raw_handle), &d);
    if (result != 0) refuse(libusb_strerror(result));
    hal::UsbDeviceInfo info = info_of(raw_handle, d, path);
    return make_libusb_device(std::move(context), std::move(handle), std::move(info), node);
}

std::vector<FoundUsbDevice> find_usb_devices(UsbInterfaceClass wanted) {
    std::vector<FoundUsbDevice> found;
    libusb_context* raw_context = nullptr;
    if (libusb_init(&raw_context) != 0) return found;
    const Context context(raw_context);
    const DeviceList list(context.get());
    for (libusb_device* const device : list.devices()) {
        libusb_device_descriptor d{};
        if (libusb_get_device_descriptor(device, &d) != 0 || !has_interface(device, wanted))
            continue;
        FoundUsbDevice one;
        one.info.vendor_id = d.idVendor;
        one.info.product_id = d.idProduct;
        one.info.place = place_of(device);
        one.speed_mbit = speed_of(device);
        libusb_device_handle* raw_handle = nullptr;
        if (const int result = libusb_open(device, &raw_handle); result != 0) {
            one.problem = open_problem(result);
        } else {
            const Handle handle(raw_handle);
            one.info = info_of(raw_handle, d, one.info.place);
        }
        found.push_back(std::move(one));
    }
    return found;
}

}  // namespace opal::drivers
