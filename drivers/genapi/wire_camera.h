// WireCamera: hal::Camera over a wire that carries GenICam features and whole frames. What is the
// same on GigE Vision and USB3 Vision stands here: the order of calls, the features, and what
// becomes of a frame; the wire's class brings memory and frames.
//
//   hal::Camera --> WireCamera --CameraFeatures--> memory (genapi::Port)
//                              <--next_frame()---- stream
#pragma once

#include "drivers/genapi/camera_features.h"
#include "hal/camera.h"
#include "protocol/chunks.h"

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace opal::drivers::genapi {

// Bytes of a frame that never came: [begin, end).
struct MissingRange {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool operator==(const MissingRange&) const = default;
};

// A frame as it came.
struct WireFrame {
    std::uint64_t number = 0;           // counted since arm(); lost frames are gaps
    std::vector<std::byte> data;        // the whole payload; missing bytes are 0
    std::vector<MissingRange> missing;  // of the payload
    bool announced = false;             // the camera said beforehand what it is: the fields below
    std::uint32_t pixel_format = 0;
    std::uint32_t size_x = 0;
    std::uint32_t size_y = 0;
    std::uint32_t padding_x = 0;
    hal::Duration time{0};
    bool doubtful = false;        // the camera says that something is wrong, and not what
    bool unusable = false;        // nothing in it is where it should be
    bool after_overrun = false;   // frames before it found no room
    std::size_t chunk_bytes = 0;  // of the payload, if it ends with chunks
};

class WireCamera : public hal::Camera {
public:
    const hal::CameraInfo& info() const final { return features_->info(); }
    hal::CameraSettings configure(const hal::CameraSettings& wanted) final;
    const hal::CameraSettings& settings() const final { return settings_; }
    void arm(std::uint64_t frames) final;
    void trigger() final;
    bool receive(hal::Frame& frame, hal::Deadline deadline) final;
    void disarm() final;
    hal::CameraStatus status() final;

    // Bytes of the image of the last received frame that never came, as they are on the wire; empty
    // if it is complete.
    const std::vector<MissingRange>& missing_ranges() const { return missing_; }
    // Everything else the camera can do. Not while another thread uses this camera.
    NodeMap& features() { return *map_; }

protected:
    WireCamera(std::string name, const hal::Clock& clock) : name_(std::move(name)), clock_(clock) {}

    // Before anything else; `port` outlives the camera. Throws hal::DeviceError.
    void read_description(const std::string& xml, Port& port, const CameraFeatureOptions& options);
    const std::string& name() const { return name_; }
    [[noreturn]] void fail(hal::ErrorKind kind, const char* operation,
                           const std::string& text) const;

private:
    virtual void require_alive(const char* operation) = 0;
    // The camera is about to start with the settings of `features`; room for so many frames.
    virtual void begin_stream(std::size_t payload_bytes, std::uint64_t room) = 0;
    // The camera has been told to stop. Also called where begin_stream() has thrown.
    virtual void close_stream() {}
    // Frames not fetched are dropped. Called last, also where begin_stream() has thrown.
    virtual void end_stream() = 0;
    virtual std::optional<WireFrame> next_frame(hal::Deadline deadline) = 0;
    // Triggers missed since begin_stream(), where the camera tells by itself.
    virtual std::uint64_t missed_trigger_events() { return 0; }
    virtual void recycle(std::vector<std::byte> data) = 0;
    virtual protocol::ByteOrder chunk_order() const = 0;

    std::exception_ptr stop_all();
    void attach_chunks(const WireFrame& received);
    void deliver(WireFrame received, hal::Frame& frame);

    const std::string name_;
    const hal::Clock& clock_;
    std::unique_ptr<Description> description_;
    std::unique_ptr<NodeMap> map_;
    std::unique_ptr<CameraFeatures> features_;
    hal::CameraSettings settings_;
    bool configured_ = false;
    bool armed_ = false;
    std::vector<MissingRange> missing_;
};

}  // namespace opal::drivers::genapi
