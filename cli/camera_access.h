// CameraAccess: the features of a camera named by a URI, whatever wire it hangs on, without its
// stream: for people who look and turn knobs.
#pragma once

#include "drivers/genapi/port.h"
#include "hal/clock.h"

#include <memory>
#include <string>

namespace opal::cli {

// Everything throws hal::DeviceError.
class CameraAccess {
public:
    virtual ~CameraAccess() = default;
    virtual drivers::genapi::Port& memory() = 0;
    virtual std::string description() = 0;  // XML
    // From now on writing is allowed; given back at the end.
    virtual void take_control() = 0;
};

// `clock` outlives the access. Throws BadInput if the URI names no camera.
std::unique_ptr<CameraAccess> open_camera_access(const std::string& uri, hal::Clock& clock);

}  // namespace opal::cli
