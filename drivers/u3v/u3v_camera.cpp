// U3vCamera: opening, and the stream's registers.
#include "drivers/u3v/u3v_camera.h"

#include "drivers/u3v/manifest.h"
#include "hal/error.h"
#include "protocol/u3v_registers.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace opal::drivers::u3v {

namespace wire = protocol::u3v;
namespace abrm = protocol::u3v::abrm;
namespace sirm = protocol::u3v::sirm;
using hal::DeviceError;
using hal::ErrorKind;

namespace {

std::string name_of(const hal::UsbDeviceInfo& info) {
    return "camera u3v:" + (info.serial.empty() ? info.place : info.serial);
}

wire::Interfaces interfaces_of(const hal::UsbDeviceInfo& info) {
    const auto found = wire::find_interfaces(info.configuration);
    if (!found)
        throw DeviceError(ErrorKind::unsupported, name_of(info), "open",
                          fmt::format("{} {} at {} is no USB3 Vision camera", info.manufacturer,
                                      info.product, info.place));
    return *found;
}

std::size_t round_up(std::size_t bytes, std::size_t step) {
    return (bytes + step - 1) / step * step;
}

}  // namespace

OpenControl open_control(std::unique_ptr<hal::UsbDevice> usb, hal::Clock& clock,
                         ControlTiming timing) {
    const wire::Interfaces interfaces = interfaces_of(usb->info());
    usb->claim(interfaces.control.interface);
    OpenControl open{std::move(usb), nullptr};
    open.channel = std::make_unique<ControlChannel>(*open.usb, interfaces.control, clock,
                                                    name_of(open.usb->info()), timing);
    open.channel->learn_limits();
    return open;
}

U3vCamera::U3vCamera(std::unique_ptr<hal::UsbDevice> usb, hal::Clock& clock, U3vOptions options)
    : WireCamera(name_of(usb->info()), clock), interfaces_(interfaces_of(usb->info())) {
    largest_transfer_ = std::max(options.stream.largest_transfer, 1u << 16);
    if (!interfaces_.stream)
        fail(ErrorKind::unsupported, "open", "the camera has no stream interface");
    OpenControl open = open_control(std::move(usb), clock, options.control);
    usb_ = std::move(open.usb);
    control_ = std::move(open.channel);
    usb_->claim(interfaces_.stream->interface);
    const std::uint64_t sbrm = control_->read64(abrm::sbrm);
    if ((control_->read64(sbrm + wire::sbrm::capability) & wire::has_stream) == 0)
        fail(ErrorKind::unsupported, "open", "the camera says that it has no stream");
    sirm_ = control_->read64(sbrm + wire::sbrm::sirm);
    // What a program that did not end well may have left running.
    control_->write32(sirm_ + sirm::control, 0);
    read_description(fetch_description(*control_), *control_, options.features);
    receiver_ = std::make_unique<StreamReceiver>(
        *usb_, *interfaces_.stream, clock, name(), options.stream, [this](bool on) { enable(on); },
        options.own_threads);
}

U3vCamera::~U3vCamera() {
    try {
        disarm();
    } catch (const DeviceError&) {
        // It is gone, and its reads with it.
    }
}

StreamReader::Sizes U3vCamera::sizes_of_a_frame() {
    const std::uint32_t alignment = wire::alignment_of(control_->read32(sirm_ + sirm::info));
    const std::uint64_t payload = control_->read64(sirm_ + sirm::required_payload);
    const std::uint32_t leader = control_->read32(sirm_ + sirm::required_leader);
    const std::uint32_t trailer = control_->read32(sirm_ + sirm::required_trailer);
    constexpr std::uint32_t most = 1u << 16;  // of a leader, a trailer, an alignment
    if (alignment == 0 || alignment > most || payload == 0 || payload > (std::uint64_t{1} << 32) ||
        leader > most || trailer > most)
        fail(ErrorKind::corrupt, "arm",
             fmt::format("the camera wants leaders of {} bytes, frames of {}, trailers of {}, "
                         "multiples of {}; no stream is like that",
                         leader, payload, trailer, alignment));
    const std::size_t packet =
        std::bit_ceil(std::max<std::size_t>(64, interfaces_.stream->packet_bytes));
    const std::size_t step = std::max<std::size_t>(alignment, packet);
    StreamReader::Sizes sizes;
    sizes.payload = static_cast<std::size_t>(payload);
    sizes.plan = plan_transfers(payload, static_cast<std::uint32_t>(step), largest_transfer_);
    sizes.leader = round_up(std::max<std::size_t>(leader, wire::image_leader_size), step);
    sizes.trailer =
        round_up(std::max<std::size_t>(trailer, wire::image_and_chunks_trailer_size), step);
    return sizes;
}

// The stream's own register says how long a frame is; chunks and padding are in it.
void U3vCamera::begin_stream(std::size_t, std::uint64_t room) {
    const StreamReader::Sizes sizes = sizes_of_a_frame();
    if (programmed_ != sizes) {
        programmed_.reset();
        const auto set = [&](std::uint32_t offset, std::size_t value) {
            control_->write32(sirm_ + offset, static_cast<std::uint32_t>(value));
        };
        set(sirm::max_leader, sizes.leader);
        set(sirm::transfer_size, sizes.plan.size);
        set(sirm::transfer_count, sizes.plan.count);
        set(sirm::final_1, sizes.plan.last);
        set(sirm::final_2, 0);
        set(sirm::max_trailer, sizes.trailer);
        programmed_ = sizes;
    }
    receiver_->reset_endpoint();
    try {
        const std::lock_guard lock(stream_mutex_);
        control_->write32(sirm_ + sirm::control, sirm::stream_on);
        streaming_ = true;
    } catch (const DeviceError&) {
        programmed_.reset();  // it may have been reset in between
        throw;
    }
    receiver_->begin(sizes, room);
}

// Around a halt, on the thread that reads the stream: not after close_stream().
void U3vCamera::enable(bool on) {
    const std::lock_guard lock(stream_mutex_);
    if (streaming_) control_->write32(sirm_ + sirm::control, on ? sirm::stream_on : 0);
}

void U3vCamera::close_stream() {
    const std::lock_guard lock(stream_mutex_);
    streaming_ = false;
    control_->write32(sirm_ + sirm::control, 0);
}

hal::Duration U3vCamera::device_time() {
    control_->write32(abrm::timestamp_latch, 1);
    const std::uint64_t ticks = control_->read64(abrm::timestamp);
    const std::uint64_t ns_per_tick =
        std::max<std::uint64_t>(1, control_->read64(abrm::timestamp_increment));
    return hal::Duration{static_cast<std::int64_t>(ticks * ns_per_tick)};
}

}  // namespace opal::drivers::u3v
