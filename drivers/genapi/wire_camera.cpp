// WireCamera: states, and frames from what came over the wire.
#include "drivers/genapi/wire_camera.h"

#include "hal/error.h"

#include <algorithm>

namespace opal::drivers::genapi {

using hal::DeviceError;
using hal::ErrorKind;

void WireCamera::fail(ErrorKind kind, const char* operation, const std::string& text) const {
    throw DeviceError(kind, name_, operation, text);
}

void WireCamera::read_description(const std::string& xml, Port& port,
                                  const CameraFeatureOptions& options) {
    try {
        description_ = std::make_unique<Description>(xml);
        map_ = std::make_unique<NodeMap>(*description_, port, clock_, name_);
        features_ = std::make_unique<CameraFeatures>(*map_, options, name_);
    } catch (const DescriptionError& error) {
        fail(ErrorKind::corrupt, "open", error.what());
    }
}

hal::CameraSettings WireCamera::configure(const hal::CameraSettings& wanted) {
    require_alive("configure");
    if (armed_)
        fail(ErrorKind::wrong_state, "configure", "the camera is armed; disarm() comes first");
    settings_ = features_->apply(wanted);
    configured_ = true;
    return settings_;
}

void WireCamera::arm(std::uint64_t frames) {
    require_alive("arm");
    if (!configured_)
        fail(ErrorKind::wrong_state, "arm", "the camera has no settings; configure() comes first");
    if (armed_)
        fail(ErrorKind::wrong_state, "arm", "the camera is armed already; disarm() comes first");
    if (frames == 0)
        fail(ErrorKind::out_of_range, "arm", "room for 0 frames asked; at least 1 is needed");
    const std::size_t payload_bytes = features_->payload_bytes();
    try {
        begin_stream(payload_bytes, frames);
        features_->start();
    } catch (...) {
        // A camera that is left half started takes no settings.
        stop_all();
        throw;
    }
    armed_ = true;
}

// Each step whatever became of the one before; the first fault.
std::exception_ptr WireCamera::stop_all() {
    std::exception_ptr fault;
    const auto attempt = [&](auto&& act) {
        try {
            act();
        } catch (...) {
            if (!fault) fault = std::current_exception();
        }
    };
    attempt([&] { features_->stop(); });
    attempt([&] { close_stream(); });
    attempt([&] { end_stream(); });
    return fault;
}

void WireCamera::trigger() {
    require_alive("trigger");
    if (settings_.trigger != hal::TriggerSource::software)
        fail(ErrorKind::wrong_state, "trigger",
             "the camera listens to its trigger line; configure() with TriggerSource::software "
             "comes first");
    if (!armed_)
        fail(ErrorKind::wrong_state, "trigger", "the camera is not armed; arm() comes first");
    features_->trigger();
}

bool WireCamera::receive(hal::Frame& frame, hal::Deadline deadline) {
    if (!armed_)
        fail(ErrorKind::wrong_state, "receive", "the camera is not armed; arm() comes first");
    auto received = next_frame(deadline);
    if (!received) {
        require_alive("receive");
        return false;
    }
    deliver(std::move(*received), frame);
    return true;
}

// The features of chunks tell about the frame received last.
void WireCamera::attach_chunks(const WireFrame& received) {
    map_->detach();
    if (received.chunk_bytes == 0 || !received.missing.empty()) return;
    const std::size_t size = std::min(received.chunk_bytes, received.data.size());
    const auto block = std::span(received.data).first(size);
    for (const protocol::Chunk& chunk : protocol::chunks_behind_image(block, chunk_order()))
        map_->attach(chunk.id, chunk.data);
}

void WireCamera::deliver(WireFrame received, hal::Frame& frame) {
    const protocol::PixelCode code = features_->wire_code();
    const hal::Region& region = settings_.region;
    const std::size_t image = protocol::image_bytes(code, region.pixels());
    const bool as_configured =
        !received.announced ||
        (received.pixel_format == protocol::number_of(code) &&
         received.size_x == static_cast<std::uint32_t>(region.columns) &&
         received.size_y == static_cast<std::uint32_t>(region.rows) && received.padding_x == 0);
    missing_ = std::move(received.missing);
    // An image of another shape cannot be put into this frame: nothing of it is used.
    if (!as_configured || received.data.size() < image || received.unusable) {
        std::fill(received.data.begin(), received.data.end(), std::byte{0});
        received.data.resize(std::max(received.data.size(), image));
        missing_.assign(1, MissingRange{0, image});
    }
    received.missing = missing_;
    attach_chunks(received);
    frame.region = region;
    frame.format = settings_.format;
    if (const auto packing = protocol::packing_of(code)) {
        frame.reshape(region, settings_.format);
        protocol::unpack_pixels(*packing, std::span(received.data).first(image), frame.as_u16());
    } else {
        // The frame takes the storage that the wire has filled, and the wire gets the frame's: no
        // copy.
        received.data.resize(image);
        std::swap(frame.bytes, received.data);
    }
    if (const int shift = features_->wire_shift(); shift != 0) {
        for (std::uint16_t& count : frame.as_u16())
            count = static_cast<std::uint16_t>(count >> shift);
    }
    recycle(std::move(received.data));
    frame.frame_id = received.number;
    frame.device_time = received.time;
    frame.pattern.reset();
    const bool complete = received.announced && missing_.empty() && !received.doubtful;
    frame.status = !complete                ? hal::FrameStatus::incomplete
                   : received.after_overrun ? hal::FrameStatus::overrun
                                            : hal::FrameStatus::complete;
}

void WireCamera::disarm() {
    if (!armed_) return;
    armed_ = false;
    if (const std::exception_ptr fault = stop_all()) std::rethrow_exception(fault);
}

hal::CameraStatus WireCamera::status() {
    require_alive("status");
    hal::CameraStatus status;
    status.armed = armed_;
    // Either can only be too few: a counter may be missing, an event lost.
    status.missed_triggers = std::max(features_->missed_triggers(), missed_trigger_events());
    status.temperature_c = features_->temperature_c();
    status.dead_time = features_->dead_time(settings_);
    return status;
}

}  // namespace opal::drivers::genapi
