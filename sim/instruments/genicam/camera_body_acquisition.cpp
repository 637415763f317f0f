// CameraBody: frames: when they are taken, and what is in them.
#include "sim/instruments/genicam/camera_body.h"

#include "sim/instruments/genicam/camera_registers.h"
#include "sim/table/scene_time.h"

#include <algorithm>

namespace opal::sim {

using hal::Duration;
namespace at = camera_register;

namespace {

// Frames the sensor may hold; they are sent as soon as they are ready.
constexpr std::uint64_t sensor_room = 64;

}  // namespace

void CameraBody::start() {
    if (acquiring_) return;
    acquiring_ = true;
    triggered_ = memory_.value(at::trigger_mode) == 1;
    from_sensor_ = triggered_ || memory_.value(at::test_pattern) == at::pattern_off;
    frames_sent_ = 0;
    missed_before_ = missed_told_ = 0;
    const std::uint32_t mode = memory_.value(at::acquisition_mode);
    frames_wanted_ = mode == at::mode_single  ? 1
                     : mode == at::mode_multi ? memory_.value(at::acquisition_frames)
                                              : 0;
    if (from_sensor_) {
        const hal::CameraSettings s = settings();
        table_.optics().prepare(s.region);
        const auto lock = table_.lock();
        table_.events().write(table_.now(), "camera", "arm");
        sensor_.arm(
            s, {from_microseconds(scene_.trigger_delay_us), s.trigger_delay, s.exposure, readout()},
            sensor_room);
    }
    if (triggered_) {
        schedule_frame();
    } else {
        next_free_run_ = now();
        free_run_due();
    }
}

void CameraBody::stop() {
    if (!acquiring_) return;
    acquiring_ = false;
    const auto lock = table_.lock();
    if (!sensor_.armed()) return;
    sensor_.disarm();
    if (table_.faults() != nullptr) table_.faults()->end_run();
    table_.events().write(table_.now(), "camera", "disarm");
}

// The table changed: frames may be ready at other times. Under the table's lock.
void CameraBody::after_change(Duration) {
    if (!sensor_.armed()) return;
    const auto ready = sensor_.next_ready();
    if (!ready || (frame_act_ && *frame_act_ <= *ready)) return;
    frame_act_ = ready;
    call_at(*ready, [this] { frame_due(); });
}

void CameraBody::schedule_frame() {
    const auto lock = table_.lock();
    after_change(now());
}

void CameraBody::free_run_due() {
    if (!acquiring_ || triggered_ || now() < next_free_run_) return;
    if (from_sensor_) {
        {
            const auto lock = table_.lock();
            sensor_.trigger();
        }
        schedule_frame();
    } else {
        frame_.frame_id = frames_sent_;
        frame_.device_time = now();
        const hal::CameraSettings s = settings();
        frame_.reshape(s.region, s.format);
        draw_test_pattern(frame_, frames_sent_);
        send(frame_);
        if (!acquiring_) return;
    }
    Duration period = busy();
    if (memory_.value(at::rate_enable) != 0)
        period = std::max(period, Duration{1000000000000 / memory_.value(at::rate_mhz)});
    // A client that cannot keep up with its own wishes does not get frames in bursts.
    next_free_run_ = std::max(next_free_run_ + period, now());
    call_at(next_free_run_, [this] { free_run_due(); });
}

// While the sensor is busy nobody is told; that ends with a frame.
void CameraBody::tell_missed() {
    if (!acquiring_ || !from_sensor_) return;
    const std::uint64_t missed = [&] {
        const auto lock = table_.lock();
        return sensor_.missed_edges();
    }();
    if (missed <= missed_told_) return;
    const std::uint64_t more = missed - missed_told_;
    missed_told_ = missed;
    wire_.triggers_missed(more);
}

void CameraBody::frame_due() {
    {
        const auto lock = table_.lock();
        if (frame_act_ && *frame_act_ <= now()) frame_act_.reset();
    }
    tell_missed();
    while (acquiring_ && from_sensor_) {
        const auto delivery = [&] {
            const auto lock = table_.lock();
            return sensor_.deliver();
        }();
        if (!delivery) break;
        sensor_.fetch(*delivery, frame_);  // renders, without the table's lock
        FaultInjector* const faults = table_.faults();
        if (faults != nullptr && !faults->deliver(frame_, delivery->truth)) continue;
        send(frame_);
        while (acquiring_ && faults != nullptr && faults->take_held(frame_)) send(frame_);
    }
    if (acquiring_ && from_sensor_) schedule_frame();
}

void CameraBody::draw_test_pattern(hal::Frame& frame, std::uint64_t number) const {
    const bool moving = memory_.value(at::test_pattern) == at::pattern_moving_ramp;
    const auto shift = moving ? static_cast<unsigned>(number) : 0u;
    const auto columns = static_cast<unsigned>(frame.region.columns);
    const auto mask = static_cast<unsigned>(frame.max_count());
    if (hal::bytes_per_pixel(frame.format) == 1) {
        const auto pixels = frame.as_u8();
        for (unsigned c = 0; c < columns; ++c)
            pixels[c] = static_cast<std::uint8_t>((c + shift) & mask);
    } else {
        const auto pixels = frame.as_u16();
        for (unsigned c = 0; c < columns; ++c)
            pixels[c] = static_cast<std::uint16_t>((c + shift) & mask);
    }
    const auto row = static_cast<std::ptrdiff_t>(columns * hal::bytes_per_pixel(frame.format));
    for (int r = 1; r < frame.region.rows; ++r)
        std::copy_n(frame.bytes.begin(), row, frame.bytes.begin() + r * row);
}

void CameraBody::send(hal::Frame& frame) {
    if (from_sensor_) adjust(frame);
    wire_.send_frame(frame);
    if (++frames_sent_ == frames_wanted_) stop();
}

}  // namespace opal::sim
