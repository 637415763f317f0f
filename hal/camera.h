// Camera: an area sensor that turns trigger edges into frames.
//
// The life of a run:   configure() -> arm() -> [edges arrive or trigger()] -> receive() ... ->
// disarm()
//
//   trigger  __/~\______________
//   delay      |--|                settings.trigger_delay
//   exposure      |########|       settings.exposure, light is integrated
//   readout                |----|  the next edge may be too early: it is dropped and counted
#pragma once

#include "hal/clock.h"
#include "hal/frame.h"

#include <cstdint>
#include <string>
#include <vector>

namespace opal::hal {

enum class TriggerSource {
    software,  // trigger()
    line,      // rising edges at the trigger input
};

struct CameraInfo {
    std::string model;
    std::string serial;
    int sensor_rows = 0;
    int sensor_columns = 0;
    int region_step_px = 1;  // region edges are multiples of this
    double pitch_um = 0;     // pixel pitch
    std::vector<PixelFormat> formats;
    Duration min_exposure{0};
    Duration max_exposure{0};
    Duration max_trigger_delay{0};
};

struct CameraSettings {
    Region region;
    PixelFormat format = PixelFormat::mono8;
    Duration exposure{0};
    Duration trigger_delay{0};
    TriggerSource trigger = TriggerSource::line;
    bool operator==(const CameraSettings&) const = default;
};

struct CameraStatus {
    bool armed = false;
    // Edges dropped since arm() because delay, exposure or readout was under way.
    std::uint64_t missed_triggers = 0;
    double temperature_c = 0;  // sensor
    // With the present settings an edge is accepted if it comes at least settings.trigger_delay +
    // settings.exposure + dead_time after the last accepted one, and dropped if earlier.
    Duration dead_time{0};
};

// For users:
//   - Calls come from one thread at a time.
//   - configure() returns what the device really does (rounded to its steps); nothing else changes
//     settings. A value the device cannot take throws out_of_range and leaves the settings alone.
//     configure() while armed throws wrong_state; so does arm() while armed or before configure().
//   - arm(n), n at least 1, returns when the camera will accept the next edge; edges before that
//     are not seen. It queues room for n frames; receiving one makes room again. A frame that
//     finds no room is lost: its id is used up, and the frame after the gap says overrun. Ids and
//     missed_triggers restart at 0.
//   - trigger() is one edge made by software and returns at once; one that comes too early is
//     dropped and counted like an edge on the line.
//   - receive() fills `frame` (reusing its storage) with the oldest frame and returns true, or
//     returns false when the deadline passed first: no frame is an outcome, not a fault. Frames
//     arrive in the order of their ids. Not armed: wrong_state.
//   - disarm() drops frames not received; it is idempotent.
//   - After a DeviceError other than out_of_range and wrong_state the camera is disarmed or
//     disconnected.
// For drivers:
//   - Never repair silently: a frame with missing bytes is delivered as incomplete, a lost frame
//     leaves a gap in ids.
//   - device_time is the start of exposure on the device's clock, not the time of arrival.
class Camera {
public:
    virtual ~Camera() = default;
    virtual const CameraInfo& info() const = 0;
    virtual CameraSettings configure(const CameraSettings& wanted) = 0;
    virtual const CameraSettings& settings() const = 0;
    virtual void arm(std::uint64_t frames) = 0;
    virtual void trigger() = 0;  // TriggerSource::software only, else wrong_state
    virtual bool receive(Frame& frame, Deadline deadline) = 0;
    virtual void disarm() = 0;
    virtual CameraStatus status() = 0;
};

}  // namespace opal::hal
