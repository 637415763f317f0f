// GigeCamera: states, control and heartbeat; frames from blocks.
#include "drivers/gige/gige_camera.h"

#include "drivers/gige/description_url.h"
#include "drivers/gige/packet_size.h"
#include "hal/error.h"
#include "protocol/gvcp_registers.h"
#include "protocol/gvsp_chunks.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace opal::drivers::gige {

namespace gvcp = protocol::gvcp;
namespace reg = protocol::gvcp::reg;
using hal::DeviceError;
using hal::Duration;
using hal::ErrorKind;
using namespace std::chrono_literals;

namespace {

// Exact to 1 ns without overflow below 18 GHz.
Duration in_ns(std::uint64_t ticks, std::uint64_t hz) {
    if (hz == 0) return Duration{0};
    const std::uint64_t second = 1000000000;
    return Duration{static_cast<std::int64_t>(ticks / hz * second + ticks % hz * second / hz)};
}

std::string name_of(hal::UdpAddress device) {
    const std::string address = hal::to_string(device);
    return "camera gige://" + address.substr(0, address.find(':'));
}

}  // namespace

GigeCamera::GigeCamera(GigePorts ports, hal::UdpAddress device, hal::Clock& clock,
                       GigeOptions options)
    : ports_(std::move(ports)),
      clock_(clock),
      options_(std::move(options)),
      name_(name_of(device)),
      control_(*ports_.control, device, clock, name_, options_.control) {
    take_control();
    try {
        description_ = std::make_unique<genapi::Description>(fetch_description(control_));
        map_ = std::make_unique<genapi::NodeMap>(*description_, control_, clock_, name_);
        features_ = std::make_unique<genapi::CameraFeatures>(*map_, options_.features, name_);
        open_stream();
    } catch (const genapi::DescriptionError& error) {
        control_.write_register(reg::control_privilege, 0);
        fail(ErrorKind::corrupt, "open", error.what());
    } catch (...) {
        try {
            control_.write_register(reg::control_privilege, 0);
        } catch (const DeviceError&) {
            // The first fault is the one to tell.
        }
        throw;
    }
}

GigeCamera::~GigeCamera() {
    heartbeat_ = {};
    try {
        disarm();
        control_.write_register(reg::stream_port, 0);
        control_.write_register(reg::control_privilege, 0);
    } catch (const DeviceError&) {
        // A camera that is gone lets go by itself, when its heartbeat timeout has passed.
    }
}

void GigeCamera::fail(ErrorKind kind, const char* operation, const std::string& text) const {
    throw DeviceError(kind, name_, operation, text);
}

void GigeCamera::take_control() {
    try {
        control_.write_register(reg::control_privilege, gvcp::control_access);
    } catch (const DeviceError& error) {
        if (error.kind() != ErrorKind::refused) throw;
        std::string other = "another program";
        try {
            const std::uint32_t host = control_.read_register(reg::application_ip);
            const std::uint32_t port = control_.read_register(reg::application_port);
            if (host != 0)
                other = "the program at " +
                        hal::to_string({host, static_cast<std::uint16_t>(port & 0xFFFFu)});
        } catch (const DeviceError&) {
            // Exclusive control hides even this.
        }
        fail(ErrorKind::refused, "open",
             other + " controls the camera; close it there, or wait until its heartbeat ends");
    }
    const std::uint32_t capability = control_.read_register(reg::control_capability);
    can_resend_ = options_.resend && (capability & gvcp::can_resend) != 0;
    if (options_.own_threads) {
        control_.write_register(
            reg::heartbeat_timeout,
            static_cast<std::uint32_t>(
                std::chrono::duration_cast<std::chrono::milliseconds>(options_.heartbeat).count()));
        heartbeat_ = std::jthread([this](const std::stop_token& stop) { keep_alive(stop); });
    } else if (capability & gvcp::can_disable_heartbeat) {
        control_.write_register(reg::control_config,
                                control_.read_register(reg::control_config) | gvcp::heartbeat_off);
    }
    if (capability & gvcp::can_pending_ack)
        control_.write_register(reg::control_config,
                                control_.read_register(reg::control_config) | gvcp::pending_ack_on);
}

void GigeCamera::open_stream() {
    tick_hz_ = std::uint64_t{control_.read_register(reg::tick_frequency_high)} << 32 |
               control_.read_register(reg::tick_frequency_low);
    if (options_.extended_ids)
        control_.write_register(reg::stream_config,
                                control_.read_register(reg::stream_config) | gvcp::use_64_bit_ids);
    const hal::UdpAddress here = ports_.stream->local();
    control_.write_register(reg::stream_destination, here.host);
    control_.write_register(reg::stream_port, here.port);  // last: it opens the channel
    if (options_.packet_delay > Duration{0} && tick_hz_ > 0)
        control_.write_register(
            reg::stream_packet_delay,
            static_cast<std::uint32_t>(static_cast<double>(options_.packet_delay.count()) * 1e-9 *
                                       static_cast<double>(tick_hz_)));
    PacketSizeLimits limits;
    if (map_->has("GevSCPSPacketSize")) {
        const genapi::IntegerLimits said = map_->integer_limits("GevSCPSPacketSize");
        limits.min = static_cast<std::uint32_t>(std::clamp<std::int64_t>(said.min, 220, 1500));
        limits.max = static_cast<std::uint32_t>(std::clamp<std::int64_t>(said.max, 220, 16404));
        limits.step = static_cast<std::uint32_t>(std::clamp<std::int64_t>(said.inc, 1, 64));
    }
    limits.max = std::max(limits.min, std::min(limits.max, options_.path_mtu));
    if (options_.packet_size != 0) {
        control_.write_register(reg::stream_packet_size,
                                gvcp::do_not_fragment | options_.packet_size);
        packet_size_ = control_.read_register(reg::stream_packet_size) & gvcp::packet_size_mask;
    } else {
        packet_size_ = negotiate_packet_size(control_, *ports_.stream, clock_, limits);
    }
    receiver_ = std::make_unique<StreamReceiver>(*ports_.stream, clock_, control_.device(),
                                                 options_.own_threads);
}

// Every second, or three times per timeout: one lost answer does not lose the camera.
void GigeCamera::keep_alive(const std::stop_token& stop) {
    const Duration period = std::min<Duration>(1s, options_.heartbeat / 3);
    std::unique_lock lock(lost_mutex_);
    while (!stop.stop_requested()) {
        if (ending_.wait_for(lock, stop, period, [] { return false; })) return;
        if (stop.stop_requested()) return;
        lock.unlock();
        try {
            const std::uint32_t privilege = control_.read_register(reg::control_privilege);
            if ((privilege & (gvcp::control_access | gvcp::exclusive_access)) == 0) {
                lose(
                    "the camera has let go of us: it was restarted, or took our silence for "
                    "absence");
                return;
            }
        } catch (const DeviceError& error) {
            lose(error.what());
            return;
        }
        lock.lock();
    }
}

void GigeCamera::lose(std::string reason) {
    {
        const std::lock_guard lock(lost_mutex_);
        lost_ = std::move(reason);
    }
    if (receiver_) receiver_->interrupt();
}

void GigeCamera::require_alive(const char* operation) {
    const std::lock_guard lock(lost_mutex_);
    if (lost_) fail(ErrorKind::disconnected, operation, *lost_ + "; open the camera again");
}

hal::CameraSettings GigeCamera::configure(const hal::CameraSettings& wanted) {
    require_alive("configure");
    if (armed_)
        fail(ErrorKind::wrong_state, "configure", "the camera is armed; disarm() comes first");
    settings_ = features_->apply(wanted);
    configured_ = true;
    return settings_;
}

void GigeCamera::arm(std::uint64_t frames) {
    require_alive("arm");
    if (!configured_)
        fail(ErrorKind::wrong_state, "arm", "the camera has no settings; configure() comes first");
    if (armed_)
        fail(ErrorKind::wrong_state, "arm", "the camera is armed already; disarm() comes first");
    if (frames == 0)
        fail(ErrorKind::out_of_range, "arm", "room for 0 frames asked; at least 1 is needed");
    AssemblerOptions options;
    options.payload_bytes = features_->payload_bytes();
    options.packet_size = packet_size_;
    options.resend = can_resend_;
    receiver_->begin(options, frames);
    features_->start();
    armed_ = true;
}

void GigeCamera::trigger() {
    require_alive("trigger");
    if (settings_.trigger != hal::TriggerSource::software)
        fail(ErrorKind::wrong_state, "trigger",
             "the camera listens to its trigger line; configure() with TriggerSource::software "
             "comes first");
    if (!armed_)
        fail(ErrorKind::wrong_state, "trigger", "the camera is not armed; arm() comes first");
    features_->trigger();
}

bool GigeCamera::receive(hal::Frame& frame, hal::Deadline deadline) {
    if (!armed_)
        fail(ErrorKind::wrong_state, "receive", "the camera is not armed; arm() comes first");
    auto received = receiver_->receive(deadline);
    if (!received) {
        require_alive("receive");
        return false;
    }
    deliver(std::move(*received), frame);
    return true;
}

// The features of chunks tell about the frame received last.
void GigeCamera::attach_chunks(const Block& block) {
    map_->detach();
    if (!block.has_leader || !block.leader.with_chunks || !block.missing.empty()) return;
    const std::size_t size =
        block.has_trailer && block.trailer.chunk_size > 0
            ? std::min<std::size_t>(block.trailer.chunk_size, block.data.size())
            : block.data.size();
    protocol::gvsp::ChunkReader chunks(std::span(block.data).first(size));
    // The first chunk is the image itself.
    for (auto chunk = chunks.next(); chunk && !chunks.complete(); chunk = chunks.next())
        map_->attach(chunk->id, chunk->data);
}

void GigeCamera::deliver(ReceivedBlock received, hal::Frame& frame) {
    Block& block = received.block;
    const protocol::PixelCode code = features_->wire_code();
    const hal::Region& region = settings_.region;
    const std::size_t image = protocol::image_bytes(code, region.pixels());
    const protocol::gvsp::ImageInfo& sent = block.leader.image;
    const bool as_configured =
        !block.has_leader ||
        (sent.pixel_format == protocol::number_of(code) &&
         sent.size_x == static_cast<std::uint32_t>(region.columns) &&
         sent.size_y == static_cast<std::uint32_t>(region.rows) && sent.padding_x == 0);
    const bool short_trailer = block.has_trailer && block.trailer.size_y != 0 &&
                               block.trailer.size_y < static_cast<std::uint32_t>(region.rows);
    missing_ = block.missing;
    // An image of another shape cannot be put into this frame: nothing of it is used.
    if (!as_configured || block.data.size() < image || short_trailer) {
        std::fill(block.data.begin(), block.data.end(), std::byte{0});
        block.data.resize(std::max(block.data.size(), image));
        missing_.assign(1, MissingRange{0, image});
    }
    attach_chunks(block);
    frame.region = region;
    frame.format = settings_.format;
    if (const auto packing = protocol::packing_of(code)) {
        frame.reshape(region, settings_.format);
        protocol::unpack_pixels(*packing, std::span(block.data).first(image), frame.as_u16());
    } else {
        // The frame takes the block's storage, and the next block gets the frame's: no copy.
        block.data.resize(image);
        std::swap(frame.bytes, block.data);
    }
    receiver_->recycle(std::move(block.data));
    frame.frame_id = block.number;
    frame.device_time = in_ns(block.leader.timestamp, tick_hz_);
    frame.pattern.reset();
    const bool complete = block.has_leader && missing_.empty();
    frame.status = !complete                ? hal::FrameStatus::incomplete
                   : received.after_overrun ? hal::FrameStatus::overrun
                                            : hal::FrameStatus::complete;
}

void GigeCamera::disarm() {
    if (!armed_) return;
    armed_ = false;
    receiver_->end();
    features_->stop();
}

hal::CameraStatus GigeCamera::status() {
    require_alive("status");
    hal::CameraStatus status;
    status.armed = armed_;
    status.missed_triggers = features_->missed_triggers();
    status.temperature_c = features_->temperature_c();
    status.dead_time = features_->dead_time(settings_);
    return status;
}

}  // namespace opal::drivers::gige
