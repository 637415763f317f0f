// What libusb hands out, given back by itself; and what a device says about itself. Shared by the
// search for devices and the device that was found.
#pragma once

#include "hal/usb_device.h"

#include <libusb-1.0/libusb.h>

#include <memory>
#include <span>

namespace opal::drivers {

namespace libusb {

template <auto Free>
struct FreeWith {
    template <typename T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using Context = std::unique_ptr<libusb_context, FreeWith<libusb_exit>>;
using Handle = std::unique_ptr<libusb_device_handle, FreeWith<libusb_close>>;

// The bus as a list that frees itself.
class DeviceList {
public:
    explicit DeviceList(libusb_context* context) {
        count_ = libusb_get_device_list(context, &devices_);
    }
    ~DeviceList() {
        if (count_ >= 0) libusb_free_device_list(devices_, 1);
    }
    DeviceList(const DeviceList&) = delete;
    DeviceList& operator=(const DeviceList&) = delete;
    std::span<libusb_device*> devices() const {
        return {devices_, count_ > 0 ? static_cast<std::size_t>(count_) : 0};
    }

private:
    libusb_device** devices_ = nullptr;
    ssize_t count_ = 0;
};

}  // namespace libusb

// Takes the opened device over. `node`: what has to live as long as the handle.
std::unique_ptr<hal::UsbDevice> make_libusb_device(libusb::Context context, libusb::Handle handle,
                                                   hal::UsbDeviceInfo info,
                                                   std::shared_ptr<void> node = nullptr);

}  // namespace opal::drivers
