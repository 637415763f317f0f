// GigeCamera: control and heartbeat; frames from blocks.
#include "drivers/gige/gige_camera.h"

#include "drivers/gige/description_url.h"
#include "drivers/gige/packet_size.h"
#include "hal/error.h"
#include "protocol/gvcp_registers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
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
    assert(hz > 0);
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
        settle_control();
        read_description(fetch_description(control_), control_, options_.features);
        open_messages();
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
        if (messages_) control_.write_register(reg::message_port, 0);
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
}

// Who controls the camera, in its own words.
GigeCamera::Control GigeCamera::read_control() {
    Control control;
    control.privilege = control_.read_register(reg::control_privilege);
    if (!tells_application_) return control;
    control.application = {
        control_.read_register(reg::application_ip),
        static_cast<std::uint16_t>(control_.read_register(reg::application_port) & 0xFFFFu)};
    return control;
}

void GigeCamera::settle_control() {
    const std::uint32_t capability = control_.read_register(reg::control_capability);
    tells_application_ = (capability & gvcp::can_tell_application) != 0;
    try {
        ours_ = read_control();
    } catch (const ControlRefused&) {
        tells_application_ = false;  // whatever it says
        ours_ = read_control();
    }
    if ((ours_.privilege & gvcp::control_access) == 0)
        fail(ErrorKind::refused, "open",
             fmt::format("the camera accepted control, and its register 0xa00 then holds {:#x}",
                         ours_.privilege));
    can_resend_ = options_.resend && (capability & gvcp::can_resend) != 0;
    if (options_.own_threads) {
        settle_heartbeat();
        heartbeat_ = std::jthread([this](const std::stop_token& stop) { keep_alive(stop); });
    } else if (capability & gvcp::can_disable_heartbeat) {
        control_.write_register(reg::control_config,
                                control_.read_register(reg::control_config) | gvcp::heartbeat_off);
    }
    if (capability & gvcp::can_pending_ack)
        control_.write_register(reg::control_config,
                                control_.read_register(reg::control_config) | gvcp::pending_ack_on);
}

// What the camera makes of the timeout asked for is what counts.
void GigeCamera::settle_heartbeat() {
    const auto wanted =
        std::chrono::duration_cast<std::chrono::milliseconds>(options_.heartbeat).count();
    try {
        control_.write_register(reg::heartbeat_timeout, static_cast<std::uint32_t>(wanted));
        heartbeat_settable_ = true;
    } catch (const ControlRefused&) {
        // It keeps its own.
    }
    heartbeat_ms_ = control_.read_register(reg::heartbeat_timeout);
}

// The number of the event by which the camera tells of triggers it has missed, turned on.
std::optional<std::uint16_t> GigeCamera::missed_trigger_event() {
    genapi::NodeMap& map = features();
    if (!map.writable("EventSelector") || !map.has("EventNotification")) return std::nullopt;
    for (const std::string& event : map.symbols("EventSelector")) {
        const std::string number = "Event" + event;
        const bool missed = event.find("TriggerMissed") != std::string::npos ||
                            event.find("Overtrigger") != std::string::npos;
        if (!missed || !map.readable(number)) continue;
        map.set_symbol("EventSelector", event);
        if (!map.writable("EventNotification") || !map.offers("EventNotification", "On")) continue;
        map.set_symbol("EventNotification", "On");
        return static_cast<std::uint16_t>(map.integer(number));
    }
    return std::nullopt;
}

void GigeCamera::open_messages() {
    if (!ports_.messages) return;
    try {
        const std::uint32_t capability = control_.read_register(reg::control_capability);
        if ((capability & (gvcp::can_event | gvcp::can_event_data)) == 0 ||
            control_.read_register(reg::message_channels) == 0)
            return;
        const auto event = missed_trigger_event();
        if (!event) return;
        missed_event_ = *event;
        const hal::UdpAddress here = ports_.messages->local();
        control_.write_register(reg::message_destination, here.host);
        control_.write_register(reg::message_port, here.port);
    } catch (const DeviceError& error) {
        if (error.kind() == ErrorKind::timeout || error.kind() == ErrorKind::disconnected) throw;
        return;  // frames come without them
    }
    messages_ = std::make_unique<MessageChannel>(*ports_.messages, clock_, control_.device(),
                                                 options_.own_threads);
}

std::uint64_t GigeCamera::missed_trigger_events() {
    return messages_ ? messages_->counted() : 0;
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

// Why the camera is not ours any more; empty: it is.
std::string GigeCamera::check_control() {
    try {
        const Control now = read_control();
        if ((now.privilege & (gvcp::control_access | gvcp::exclusive_access)) == 0)
            return "the camera has let go of us: it was restarted, or took our silence for absence";
        if (now.application != ours_.application)
            return "the program at " + hal::to_string(now.application) +
                   " has taken control of the camera";
        // Where the camera does not tell who is in control, only they may write.
        if (!tells_application_ && heartbeat_settable_)
            control_.write_register(reg::heartbeat_timeout, heartbeat_ms_);
    } catch (const ControlRefused& error) {
        // A camera that is busy is there.
        if (is_busy(error.status())) return {};
        if (error.status() == gvcp::Status::access_denied)
            return "another program has taken control of the camera";
        return error.what();
    } catch (const DeviceError& error) {
        return error.what();
    }
    return {};
}

// Every second, or three times per timeout: one lost answer does not lose the camera.
void GigeCamera::keep_alive(const std::stop_token& stop) {
    const Duration third = std::chrono::milliseconds(heartbeat_ms_) / 3;
    const Duration period = heartbeat_ms_ == 0 ? Duration{1s} : std::min<Duration>(1s, third);
    std::unique_lock lock(lost_mutex_);
    while (!stop.stop_requested()) {
        if (ending_.wait_for(lock, stop, period, [] { return false; })) return;
        if (stop.stop_requested()) return;
        lock.unlock();
        if (std::string reason = check_control(); !reason.empty()) return lose(std::move(reason));
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
    options.begins_at_tick = camera_tick();
    options.stale_until = clock_.now() + options.patience;
    receiver_->begin(options, room);
    if (messages_) messages_->count(missed_event_);
}

// The camera's clock; 0 where it does not tell.
std::uint64_t GigeCamera::camera_tick() {
    if (tick_hz_ == 0) return 0;
    try {
        control_.write_register(reg::timestamp_control, gvcp::timestamp_latch);
        const std::uint64_t high = control_.read_register(reg::timestamp_high);
        return high << 32 | control_.read_register(reg::timestamp_low);
    } catch (const ControlRefused&) {
        return 0;
    }
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
    // A camera without a clock: the host's, when the frame's first packet came.
    frame.time = tick_hz_ == 0 ? block.first_packet.time_since_epoch()
                               : in_ns(block.leader.timestamp, tick_hz_);
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
