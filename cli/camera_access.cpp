// CameraAccess: one class per wire.
#include "cli/camera_access.h"

#include "cli/exit_code.h"
#include "drivers/device_uri.h"
#include "drivers/gige/description_url.h"
#include "drivers/gige/open_camera.h"
#include "drivers/u3v/manifest.h"
#include "drivers/u3v/open_camera.h"
#include "hal/error.h"
#include "protocol/gvcp_registers.h"

namespace opal::cli {
namespace {

namespace gvcp = protocol::gvcp;

class GigeAccess final : public CameraAccess {
public:
    GigeAccess(const std::string& uri, hal::Clock& clock)
        : control_(drivers::gige::open_control(uri, clock)) {}
    ~GigeAccess() override {
        try {
            if (controls_) control_.channel->write_register(gvcp::reg::control_privilege, 0);
        } catch (const hal::DeviceError&) {
            // It lets go by itself when its heartbeat timeout has passed.
        }
    }
    drivers::genapi::Port& memory() override { return *control_.channel; }
    std::string description() override { return fetch_description(*control_.channel); }
    void take_control() override {
        control_.channel->write_register(gvcp::reg::control_privilege, gvcp::control_access);
        controls_ = true;
    }

private:
    drivers::gige::OpenControl control_;
    bool controls_ = false;
};

// Whoever has the interface controls the camera.
class U3vAccess final : public CameraAccess {
public:
    U3vAccess(const std::string& name, hal::Clock& clock)
        : control_(drivers::u3v::open_control(drivers::u3v::open_usb(name), clock)) {}
    drivers::genapi::Port& memory() override { return *control_.channel; }
    std::string description() override { return fetch_description(*control_.channel); }
    void take_control() override {}

private:
    drivers::u3v::OpenControl control_;
};

}  // namespace

std::unique_ptr<CameraAccess> open_camera_access(const std::string& uri, hal::Clock& clock) {
    drivers::DeviceUri parsed;
    try {
        parsed = drivers::parse_device_uri(uri);
    } catch (const drivers::DeviceUriError& error) {
        throw BadInput(error.what());
    }
    if (role_of(parsed.kind) != drivers::DeviceRole::camera)
        throw BadInput("'" + uri + "' names no camera");
    if (parsed.kind == drivers::DeviceKind::u3v)
        return std::make_unique<U3vAccess>(parsed.place, clock);
    return std::make_unique<GigeAccess>(uri, clock);
}

}  // namespace opal::cli
