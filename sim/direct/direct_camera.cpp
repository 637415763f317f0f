// DirectCamera: settings, states and deadlines of a simulated camera.
#include "sim/direct/direct_camera.h"

#include "sim/table/scene_time.h"

#include <fmt/format.h>

#include <algorithm>

namespace opal::sim {

using hal::Duration;
using hal::ErrorKind;
using namespace std::chrono_literals;

namespace {

constexpr Duration time_step = 100ns;  // of exposure and delay, as in many industrial cameras
constexpr Duration longest_exposure = 10s;
constexpr Duration longest_delay = 1s;

double in_us(Duration d) {
    return static_cast<double>(d.count()) * 1e-3;
}

Duration rounded(Duration wanted) {
    return (wanted + time_step / 2) / time_step * time_step;
}

}  // namespace

DirectCamera::DirectCamera(OpticalTable& table, const Scene& scene, int threads,
                           std::uint64_t exposures_before)
    : table_(table), scene_(scene.sensor), sensor_(table, threads, exposures_before) {
    info_.model = "OPAL simulated camera";
    info_.serial = fmt::format("SIM-{}", scene.seed);
    info_.sensor_rows = scene_.rows;
    info_.sensor_columns = scene_.columns;
    info_.region_step_px = 1;
    info_.pitch_um = scene_.pitch_um;
    info_.formats = {hal::PixelFormat::mono8, hal::PixelFormat::mono10, hal::PixelFormat::mono12};
    // The next step above, so that the minimum it names is one it takes.
    info_.min_exposure =
        (from_microseconds(scene_.min_exposure_us) + time_step - 1ns) / time_step * time_step;
    info_.max_exposure = longest_exposure;
    info_.max_trigger_delay = longest_delay;
}

DirectCamera::~DirectCamera() {
    disarm();
}

std::uint64_t DirectCamera::exposures_taken() {
    const auto lock = table_.lock();
    return sensor_.exposures_taken();
}

hal::CameraSettings DirectCamera::configure(const hal::CameraSettings& wanted) {
    const auto lock = table_.lock();
    if (sensor_.armed())
        fail(ErrorKind::wrong_state, "configure", "the camera is armed; disarm() comes first");
    check(wanted);
    settings_ = wanted;
    settings_.exposure = rounded(wanted.exposure);
    settings_.trigger_delay = rounded(wanted.trigger_delay);
    configured_ = true;
    return settings_;
}

void DirectCamera::arm(std::uint64_t frames) {
    auto lock = table_.lock();
    if (!configured_)
        fail(ErrorKind::wrong_state, "arm", "the camera has no settings; configure() comes first");
    if (sensor_.armed())
        fail(ErrorKind::wrong_state, "arm", "the camera is armed already; disarm() comes first");
    if (frames == 0)
        fail(ErrorKind::out_of_range, "arm", "room for 0 frames asked; at least 1 is needed");
    lock.unlock();  // drawing a large medium takes its time; the laser can go off meanwhile
    table_.optics().prepare(settings_.region);
    lock.lock();
    table_.events().write(table_.now(), "camera", "arm", fmt::format("\"frames\":{}", frames));
    sensor_.arm(settings_,
                {from_microseconds(scene_.trigger_delay_us), settings_.trigger_delay,
                 settings_.exposure, readout()},
                frames);
}

void DirectCamera::trigger() {
    const auto lock = table_.lock();
    if (settings_.trigger != hal::TriggerSource::software)
        fail(ErrorKind::wrong_state, "trigger",
             "the camera listens to its trigger line; configure() with TriggerSource::software "
             "comes first");
    if (!sensor_.armed())
        fail(ErrorKind::wrong_state, "trigger", "the camera is not armed; arm() comes first");
    sensor_.trigger();
}

bool DirectCamera::receive(hal::Frame& frame, hal::Deadline deadline) {
    const Duration latest = deadline.at.time_since_epoch();
    auto lock = table_.lock();
    for (;;) {
        if (!sensor_.armed())
            fail(ErrorKind::wrong_state, "receive", "the camera is not armed; arm() comes first");
        FaultInjector* const faults = table_.faults();
        if (faults != nullptr && faults->take_held(frame)) return true;
        if (const auto delivery = sensor_.deliver()) {
            lock.unlock();  // rendering takes its time; the laser can go off meanwhile
            sensor_.fetch(*delivery, frame);
            if (faults == nullptr || faults->deliver(frame, delivery->truth)) return true;
            lock.lock();
            continue;
        }
        if (table_.now() >= latest) return false;
        // Wait without the lock: another thread may turn the laser off meanwhile, and then the
        // future looks different.
        const Duration ready = sensor_.next_ready().value_or(latest);
        lock.unlock();
        table_.clock().wait_until(hal::Time{std::min(ready, latest)});
        lock.lock();
    }
}

void DirectCamera::disarm() {
    const auto lock = table_.lock();
    if (!sensor_.armed()) return;
    sensor_.disarm();
    if (table_.faults() != nullptr) table_.faults()->end_run();
    table_.events().write(table_.now(), "camera", "disarm");
}

hal::CameraStatus DirectCamera::status() {
    const auto lock = table_.lock();
    hal::CameraStatus status;
    status.armed = sensor_.armed();
    status.missed_triggers = sensor_.missed_edges();
    if (table_.faults() != nullptr) status.missed_triggers += table_.faults()->missed_edges();
    status.temperature_c = scene_.temperature_c;
    status.dead_time = readout();
    return status;
}

void DirectCamera::check(const hal::CameraSettings& wanted) const {
    const hal::Region& r = wanted.region;
    // Written without sums that could overflow.
    if (r.rows < 1 || r.columns < 1 || r.row < 0 || r.column < 0 || r.rows > scene_.rows ||
        r.columns > scene_.columns || r.row > scene_.rows - r.rows ||
        r.column > scene_.columns - r.columns)
        fail(
            ErrorKind::out_of_range, "configure",
            fmt::format("region of {} x {} at ({}, {}) (rows x columns) asked; it must be at least "
                        "1 x 1 and lie within {} x {}",
                        r.rows, r.columns, r.row, r.column, scene_.rows, scene_.columns));
    if (std::find(info_.formats.begin(), info_.formats.end(), wanted.format) == info_.formats.end())
        fail(ErrorKind::out_of_range, "configure",
             "unknown pixel format asked; mono8, mono10 and mono12 are possible");
    if (wanted.exposure < info_.min_exposure || wanted.exposure > info_.max_exposure)
        fail(ErrorKind::out_of_range, "configure",
             fmt::format("exposure {} us asked; {} to {} us is possible", in_us(wanted.exposure),
                         in_us(info_.min_exposure), in_us(info_.max_exposure)));
    if (wanted.trigger_delay < Duration{0} || wanted.trigger_delay > info_.max_trigger_delay)
        fail(ErrorKind::out_of_range, "configure",
             fmt::format("trigger delay {} us asked; 0 to {} us is possible",
                         in_us(wanted.trigger_delay), in_us(info_.max_trigger_delay)));
}

Duration DirectCamera::readout() const {
    return from_microseconds(scene_.readout_us_per_row * settings_.region.rows);
}

void DirectCamera::fail(ErrorKind kind, const char* operation, const std::string& text) const {
    throw hal::DeviceError(kind, "camera " + info_.model + " " + info_.serial, operation, text);
}

}  // namespace opal::sim
