// Dlpc900Link: commands and replies of a DLPC900 over its HID interface (protocol/
// dlpc900_packet.h). A refusal is asked for its code and words.
#pragma once

#include "hal/error.h"
#include "hal/usb_device.h"
#include "protocol/dlpc900_messages.h"
#include "protocol/dlpc900_packet.h"

#include <memory>
#include <string>

namespace opal::drivers {

class Dlpc900Link {
public:
    // `clock`: that of the device; it must outlive the link. Takes interface 0.
    Dlpc900Link(std::unique_ptr<hal::UsbDevice> device, hal::Clock& clock);

    const std::string& device() const { return name_; }
    const std::string& usb_serial() const { return usb_->info().serial; }
    // All throw DeviceError: refused with the device's own words, timeout, corrupt, disconnected.
    void write(protocol::Dlpc900Word word, std::vector<std::byte> data, const char* operation);
    // Not acknowledged, for the words that must not be.
    void send(protocol::Dlpc900Word word, std::vector<std::byte> data);
    // After send(): throws refused if the device did not take it.
    void check_taken(protocol::Dlpc900Word word, const char* operation);
    std::vector<std::byte> read(protocol::Dlpc900Word word, std::size_t least,
                                const char* operation);
    // The same for a device of which nobody knows what it was told last: half a command may be
    // waiting for its rest, and is filled up.
    std::vector<std::byte> first_read(protocol::Dlpc900Word word, std::size_t least,
                                      const char* operation);
    std::uint64_t bytes_sent() const { return bytes_sent_; }

private:
    void transmit(const protocol::Dlpc900Command& command);
    void fill_up(std::size_t reports);
    std::string own_words(const char* operation);
    protocol::Dlpc900Reply receive(std::uint8_t sequence, const char* operation);
    [[noreturn]] void fail(hal::ErrorKind kind, const char* operation,
                           const std::string& text) const;
    int last_error(const char* operation);  // -1: it does not say
    [[noreturn]] void fail_refused(protocol::Dlpc900Word word, int code, const char* operation);

    std::unique_ptr<hal::UsbDevice> usb_;
    hal::Clock& clock_;
    std::string name_;
    std::uint8_t sequence_ = 0;
    protocol::Dlpc900ReplyReader replies_;
    std::uint64_t bytes_sent_ = 0;
    std::size_t owed_reports_ = 0;  // of a command that was cut short
};

}  // namespace opal::drivers
