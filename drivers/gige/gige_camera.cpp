// GigeCamera: control and heartbeat; frames from blocks.
#include "drivers/gige/gige_camera.h"

#include "drivers/gige/description_url.h"
#include "drivers/gige/packet_size.h"
#include "hal/error.h"
#include "protocol/gvcp_registers.h"

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
    : WireCamera(name_of(device), clock),
      ports_(std::move(ports)),
      clock_(clock),
      options_(std::move(options)),
      control_(*ports_.control, device, clock, name(), options_.control) {
    take_control();
    try {
        read_description(fetch_description(control_), control_, options_.features);
        open_stream();
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
    if (features().has("GevSCPSPacketSize")) {
        const genapi::IntegerLimits said = features().integer_limits("GevSCPSPacketSize");
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
    auto receiver = std::make_unique<StreamReceiver>(*ports_.stream, clock_, control_.device(),
                                                     stream_source_port(), options_.own_threads);
    const std::lock_guard lock(lost_mutex_);  // the heartbeat may be lost already
    receiver_ = std::move(receiver);
}

// 0 where the camera does not tell.
std::uint16_t GigeCamera::stream_source_port() {
    try {
        return static_cast<std::uint16_t>(control_.read_register(reg::stream_source_port));
    } catch (const DeviceError& error) {
        if (error.kind() != ErrorKind::unsupported && error.kind() != ErrorKind::refused) throw;
        return 0;
    }
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
    const std::lock_guard lock(lost_mutex_);
    lost_ = std::move(reason);
    if (receiver_) receiver_->interrupt();
}

void GigeCamera::require_alive(const char* operation) {
    const std::lock_guard lock(lost_mutex_);
    if (lost_) fail(ErrorKind::disconnected, operation, *lost_ + "; open the camera again");
}

void GigeCamera::begin_stream(std::size_t payload_bytes, std::uint64_t room) {
    AssemblerOptions options;
    options.payload_bytes = payload_bytes;
    options.packet_size = packet_size_;
    options.resend = can_resend_;
    receiver_->begin(options, room);
}

std::optional<genapi::WireFrame> GigeCamera::next_frame(hal::Deadline deadline) {
    auto received = receiver_->receive(deadline);
    if (!received) return std::nullopt;
    Block& block = received->block;
    genapi::WireFrame frame;
    frame.number = block.number;
    frame.missing = std::move(block.missing);
    frame.announced = block.has_leader;
    const protocol::gvsp::ImageInfo& sent = block.leader.image;
    frame.pixel_format = sent.pixel_format;
    frame.size_x = sent.size_x;
    frame.size_y = sent.size_y;
    frame.padding_x = sent.padding_x;
    frame.time = in_ns(block.leader.timestamp, tick_hz_);
    frame.unusable = block.has_trailer && block.trailer.size_y != 0 &&
                     block.trailer.size_y < static_cast<std::uint32_t>(settings().region.rows);
    frame.after_overrun = received->after_overrun;
    if (block.has_leader && block.leader.with_chunks)
        frame.chunk_bytes = block.has_trailer && block.trailer.chunk_size > 0
                                ? block.trailer.chunk_size
                                : block.data.size();
    frame.data = std::move(block.data);
    return frame;
}

}  // namespace opal::drivers::gige
