// DeviceError: composing the one line a person reads.
#include "hal/error.h"

#include <cassert>
#include <utility>

namespace opal::hal {

std::string_view to_string(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::timeout:
            return "timeout";
        case ErrorKind::disconnected:
            return "disconnected";
        case ErrorKind::refused:
            return "refused";
        case ErrorKind::out_of_range:
            return "out_of_range";
        case ErrorKind::wrong_state:
            return "wrong_state";
        case ErrorKind::unsafe:
            return "unsafe";
        case ErrorKind::corrupt:
            return "corrupt";
        case ErrorKind::mispaired:
            return "mispaired";
        case ErrorKind::unsupported:
            return "unsupported";
    }
    assert(false && "an ErrorKind outside the enumeration");
    return "unknown";
}

DeviceError::DeviceError(ErrorKind kind, std::string device, std::string operation,
                         const std::string& text)
    : std::runtime_error(device + ": " + operation + ": " + text + " [" +
                         std::string(to_string(kind)) + "]"),
      kind_(kind),
      device_(std::move(device)),
      operation_(std::move(operation)) {}

}  // namespace opal::hal
