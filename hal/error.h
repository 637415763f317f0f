// DeviceError: how every device, and every link to one, reports a fault.
//
// Bugs assert. Expected outcomes are return values (no frame yet). Everything else that can go
// wrong at run time is a fault and is thrown as DeviceError. The message must let its reader act:
// what was asked, what happened, and what would have been possible or what to do now.
//
// Interrupted is no fault: a person asked to stop, and whoever waits gives up at once.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace opal::hal {

enum class ErrorKind {
    timeout,       // the deadline passed before the device answered
    disconnected,  // the link to the device is gone; the object is unusable from now on
    refused,       // the device understood and said no (interlock open, wrong mode)
    out_of_range,  // a value the device cannot take; the message names the allowed range
    wrong_state,   // a call in the wrong order; the message names the right one
    unsafe,        // would exceed a safety limit; nothing was sent to the device
    corrupt,       // bytes that cannot be what the device meant
    mispaired,     // frames and patterns cannot be proven to belong together
    unsupported,   // the device has no such function
};

std::string_view to_string(ErrorKind kind);

class DeviceError : public std::runtime_error {
public:
    // `device`: model and place, e.g. "dmd dlp6500@usb:1-2". `operation`: the call, e.g. "load".
    // what() reads "<device>: <operation>: <text> [<kind>]".
    DeviceError(ErrorKind kind, std::string device, std::string operation, const std::string& text);

    ErrorKind kind() const { return kind_; }
    const std::string& device() const { return device_; }
    const std::string& operation() const { return operation_; }

private:
    ErrorKind kind_;
    std::string device_;
    std::string operation_;
};

// Thrown where a std::stop_token was given and its stop has been requested.
class Interrupted : public std::runtime_error {
public:
    Interrupted() : std::runtime_error("interrupted") {}
};

}  // namespace opal::hal
