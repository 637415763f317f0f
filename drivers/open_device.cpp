// Opening devices: one case per kind.
#include "drivers/open_device.h"

#include "drivers/asio_serial_line.h"
#include "drivers/asio_tcp_stream.h"
#include "drivers/dlpc900/dlpc900_triggers.h"
#include "drivers/gige/open_camera.h"
#include "drivers/lasers/cobolt_laser.h"
#include "drivers/lasers/dlcpro_laser.h"
#include "drivers/lasers/obis_laser.h"
#include "drivers/libusb_device.h"
#include "drivers/lightcrafter/lightcrafter_dmd.h"
#include "drivers/u3v/open_camera.h"
#include "hal/error.h"

#include <cassert>
#include <chrono>

namespace opal::drivers {

namespace {

using namespace std::chrono_literals;

constexpr hal::Duration connect_patience = 3s;
constexpr std::uint16_t texas_instruments = 0x0451;
constexpr std::uint16_t dlpc900_product = 0xC900;

std::unique_ptr<hal::TcpStream> connect(const DeviceUri& uri, std::uint16_t port,
                                        hal::Clock& clock) {
    return connect_tcp(uri.place, port, hal::Deadline::after(clock, connect_patience));
}

// Controllers whose monitoring line is not there, or taken by another program, work without it.
std::unique_ptr<hal::TcpStream> connect_monitor(const DeviceUri& uri, hal::Clock& clock) {
    try {
        return connect(uri, static_cast<std::uint16_t>(uri.port + 1), clock);
    } catch (const hal::DeviceError&) {
        return nullptr;
    }
}

std::chrono::microseconds us(hal::Duration span) {
    return std::chrono::duration_cast<std::chrono::microseconds>(span);
}

}  // namespace

std::unique_ptr<hal::UsbDevice> open_dlpc900_usb(const DeviceUri& uri) {
    const bool by_place = uri.place.starts_with("usb:");  // dlpc900:usb:1-2
    return open_usb_device(
        {texas_instruments, dlpc900_product, by_place ? "" : uri.place, by_place ? uri.place : ""});
}

Dlpc900Options dlpc900_options(const TriggerWiring& wiring) {
    Dlpc900Options options;
    options.output.number = wiring.output;
    options.output.inverted = wiring.negative;
    options.output.delay = us(wiring.delay);
    if (wiring.pulse) options.output.pulse = us(*wiring.pulse);
    options.gate_inverted = wiring.gate_inverted;
    if (!wiring.input_falling) return options;
    Dlpc900Input& input = options.input.emplace();
    input.falling = *wiring.input_falling;
    if (wiring.input_delay) input.delay = us(*wiring.input_delay);
    return options;
}

std::unique_ptr<hal::Dmd> open_dmd(const DeviceUri& uri, hal::Clock& clock,
                                   const TriggerWiring& wiring, const DmdFacts& facts,
                                   UploadReport on_upload, OpeningNote on_note) {
    assert(role_of(uri.kind) == DeviceRole::dmd);
    if (uri.kind == DeviceKind::dlpc900) {
        Dlpc900Options options = dlpc900_options(wiring);
        options.standby_at_end = facts.standby_at_end;
        options.on_upload = std::move(on_upload);
        options.on_note = std::move(on_note);
        check_triggers(options, to_string(uri));
        return open_dlpc900(open_dlpc900_usb(uri), clock, std::move(options));
    }
    LightCrafterPulse pulse;
    pulse.negative = wiring.negative;
    pulse.width = wiring.pulse.value_or(pulse.width);
    return open_lightcrafter(connect(uri, uri.port, clock), clock, pulse);
}

std::unique_ptr<hal::Camera> open_camera(const DeviceUri& uri, hal::Clock& clock,
                                         const TriggerWiring& wiring, const CameraValues& values) {
    assert(role_of(uri.kind) == DeviceRole::camera);
    genapi::CameraFeatureOptions features;
    features.trigger_line = wiring.camera_line;
    features.falling_edge = wiring.negative;
    features.values = values;
    if (uri.kind == DeviceKind::u3v) {
        u3v::U3vOptions options;
        options.features = std::move(features);
        return u3v::open_camera(uri.place, clock, std::move(options));
    }
    gige::GigeOptions options;
    options.features = std::move(features);
    return gige::open_camera(to_string(uri), clock, std::move(options));
}

std::unique_ptr<hal::Laser> open_laser(const DeviceUri& uri, hal::Clock& clock,
                                       const LaserFacts& facts) {
    assert(role_of(uri.kind) == DeviceRole::laser);
    const auto reopen_line = [place = uri.place] { return open_serial_line(place); };
    if (uri.kind == DeviceKind::cobolt) {
        CoboltOptions options;
        options.family = facts.cobolt_family;
        options.label_power_mw = facts.label_power_mw;
        options.wavelength_nm = facts.wavelength_nm.value_or(0);
        options.limit_mw = facts.limit_mw;
        options.warm_up = facts.warm_up.value_or(options.warm_up);
        return open_cobolt(open_serial_line(uri.place), clock, options, reopen_line);
    }
    if (uri.kind == DeviceKind::obis) {
        ObisOptions options;
        options.limit_mw = facts.limit_mw;
        options.warm_up = facts.warm_up.value_or(options.warm_up);
        return open_obis(open_serial_line(uri.place), clock, options, reopen_line);
    }
    DlcProOptions options;
    options.threshold_ma = facts.threshold_ma;
    options.slope_mw_per_ma = facts.slope_mw_per_ma;
    options.wavelength_nm = facts.wavelength_nm.value_or(0);
    options.limit_mw = facts.limit_mw;
    options.warm_up = facts.warm_up.value_or(options.warm_up);
    auto command = connect(uri, uri.port, clock);
    return open_dlcpro(std::move(command), connect_monitor(uri, clock), clock, options,
                       [uri, &clock] { return connect(uri, uri.port, clock); });
}

}  // namespace opal::drivers
