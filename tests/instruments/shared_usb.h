// SharedUsb: one end of a cable that several programs have one after the other.
#pragma once

#include "hal/error.h"
#include "hal/usb_device.h"

#include <cstdint>
#include <memory>
#include <utility>

namespace opal::test {

class SharedUsb final : public hal::UsbDevice {
public:
    explicit SharedUsb(std::shared_ptr<hal::UsbDevice> usb) : usb_(std::move(usb)) {}
    // As when a program is killed: the system calls back its reads, and it does nothing more.
    void kill(std::uint8_t stream) {
        usb_->cancel(stream);
        while (usb_->reap(stream, {usb_->now()})) {
        }
        killed_ = true;
    }
    const hal::UsbDeviceInfo& info() const override { return usb_->info(); }
    hal::Time now() const override { return usb_->now(); }
    void claim(int interface) override { alive().claim(interface); }
    std::size_t control(const hal::UsbSetup& setup, std::span<std::byte> data,
                        hal::Deadline deadline) override {
        return alive().control(setup, data, deadline);
    }
    void write(std::uint8_t endpoint, std::span<const std::byte> bytes,
               hal::Deadline deadline) override {
        alive().write(endpoint, bytes, deadline);
    }
    void submit(std::uint8_t endpoint, hal::UsbTransfer& transfer) override {
        alive().submit(endpoint, transfer);
    }
    hal::UsbTransfer* reap(std::uint8_t endpoint, hal::Deadline deadline) override {
        return alive().reap(endpoint, deadline);
    }
    void cancel(std::uint8_t endpoint) override { alive().cancel(endpoint); }
    void clear_halt(std::uint8_t endpoint) override { alive().clear_halt(endpoint); }

private:
    hal::UsbDevice& alive() {
        if (killed_) throw hal::DeviceError(hal::ErrorKind::disconnected, "usb", "any", "killed");
        return *usb_;
    }
    std::shared_ptr<hal::UsbDevice> usb_;
    bool killed_ = false;
};

}  // namespace opal::test
