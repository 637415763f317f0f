// EventText: see event_text.h.
#include "replay/event_text.h"

#include <fmt/format.h>

namespace opal::replay {

namespace {

double us(std::int64_t ns) {
    return static_cast<double>(ns) / 1000;
}

}  // namespace

SettingsRow row_of(const hal::CameraSettings& s) {
    return {s.region.row,       s.region.column,        s.region.rows,
            s.region.columns,   hal::bits_of(s.format), static_cast<std::int32_t>(s.trigger),
            s.exposure.count(), s.trigger_delay.count()};
}

std::string text_of(const SettingsRow& s) {
    return fmt::format("{} x {} px at ({}, {}), {} bits, {} us after a delay of {} us, {} trigger",
                       s.rows, s.columns, s.row, s.column, s.bits, us(s.exposure_ns),
                       us(s.delay_ns), s.trigger == 0 ? "software" : "line");
}

std::string text_of(const EventRow& e, const SettingsRow& wanted) {
    switch (static_cast<What>(e.what)) {
        case What::opened:
            return "opening the bench";
        case What::closed:
            return "closing the bench";
        case What::clock_now:
            return "clock.now()";
        case What::clock_wait:
            return "clock.wait_until()";
        case What::dmd_load:
            return fmt::format("dmd.load(slot {}, {} patterns)", e.a, e.count);
        case What::dmd_program:
            return fmt::format("dmd.program({} entries{})", e.count, e.a != 0 ? ", repeated" : "");
        case What::dmd_start:
            return "dmd.start()";
        case What::dmd_stop:
            return "dmd.stop()";
        case What::dmd_status:
            return "dmd.status()";
        case What::camera_configure:
            return fmt::format("camera.configure({})", text_of(wanted));
        case What::camera_arm:
            return fmt::format("camera.arm({})", e.a);
        case What::camera_trigger:
            return "camera.trigger()";
        case What::camera_receive:
            return "camera.receive()";
        case What::camera_disarm:
            return "camera.disarm()";
        case What::camera_status:
            return "camera.status()";
        case What::laser_arm:
            return fmt::format("laser.arm({} mW)", e.x);
        case What::laser_set_power:
            return fmt::format("laser.set_power({} mW)", e.x);
        case What::laser_emit:
            return "laser.emit()";
        case What::laser_off:
            return "laser.off()";
        case What::laser_status:
            return "laser.status()";
        case What::bench_moment:
            return "the bench's moment";
        case What::host_clock:
            return "the host's clock";
    }
    return fmt::format("an unknown event {}", e.what);
}

}  // namespace opal::replay
