// UsbIpDevice: the queues of its endpoints.
#include "sim/doors/usbip_device.h"

#include <algorithm>
#include <utility>

namespace opal::sim {

namespace usbip = protocol::usbip;

namespace {

// What may wait at the endpoints of one device: far more than drivers keep in flight.
constexpr std::size_t most_urbs = 16384;
constexpr std::size_t most_unwritten_bytes = std::size_t{256} << 20;

}  // namespace

UsbIpDevice::UsbIpDevice(hal::UsbDeviceInfo info, UsbPersonality personality)
    : info_(std::move(info)), personality_(std::move(personality)) {
    for (const UsbEndpoint& endpoint : endpoints_of(info_.configuration))
        queues_[endpoint.address].packet_bytes = endpoint.packet_bytes;
}

void UsbIpDevice::before_calls(std::function<void()> act) {
    const std::lock_guard acting(acting_);
    before_calls_ = std::move(act);
}

void UsbIpDevice::on_control(OnControl act) {
    const std::lock_guard acting(acting_);
    on_control_ = std::move(act);
}

void UsbIpDevice::on_write(OnWrite act) {
    const std::lock_guard acting(acting_);
    on_write_ = std::move(act);
}

void UsbIpDevice::send(std::uint8_t endpoint, std::span<const std::byte> bytes) {
    const std::lock_guard lock(mutex_);
    Queue& queue = queues_.at(endpoint);
    queue.chunks.push_back({{bytes.begin(), bytes.end()}, 0});
    queue.unread_bytes += bytes.size();
    read_waiting(queue);
}

std::size_t UsbIpDevice::unread(std::uint8_t endpoint) const {
    const std::lock_guard lock(mutex_);
    return queues_.at(endpoint).unread_bytes;
}

void UsbIpDevice::flush(std::uint8_t endpoint) {
    const std::lock_guard lock(mutex_);
    queues_.at(endpoint).forget();
}

void UsbIpDevice::Queue::forget() {
    chunks.clear();
    unread_bytes = 0;
}

void UsbIpDevice::stall(std::uint8_t endpoint) {
    const std::lock_guard lock(mutex_);
    Queue& queue = queues_.at(endpoint);
    queue.halted = true;
    queue.forget();
    while (!queue.urbs.empty()) finish(queue, usbip::status::stalled);
}

void UsbIpDevice::unplug() {
    const std::lock_guard lock(mutex_);
    plugged_ = false;
    sink_ = {};
    reset();
}

void UsbIpDevice::plug_in() {
    const std::lock_guard lock(mutex_);
    plugged_ = true;
}

bool UsbIpDevice::connect(Sink sink) {
    const std::lock_guard lock(mutex_);
    if (!plugged_ || taken_) return false;
    reset();
    taken_ = true;
    sink_ = std::move(sink);
    return true;
}

void UsbIpDevice::disconnect() {
    const std::lock_guard lock(mutex_);
    taken_ = false;
    sink_ = {};
    reset();
}

bool UsbIpDevice::connected() const {
    const std::lock_guard lock(mutex_);
    return static_cast<bool>(sink_);
}

bool UsbIpDevice::plugged_in() const {
    const std::lock_guard lock(mutex_);
    return plugged_;
}

void UsbIpDevice::reset() {
    configuration_ = 0;
    for (auto& [address, queue] : queues_) {
        queue.halted = false;
        queue.urbs.clear();
        queue.unwritten_bytes = 0;
        queue.forget();
    }
}

bool UsbIpDevice::has_room_for(std::size_t bytes) const {
    std::size_t urbs = 1;
    for (const auto& [address, queue] : queues_) {
        urbs += queue.urbs.size();
        bytes += queue.unwritten_bytes;
    }
    return urbs <= most_urbs && bytes <= most_unwritten_bytes;
}

bool UsbIpDevice::submit(const Submit& message, std::span<const std::byte> data) {
    if (message.endpoint == 0) {
        control(message, data);
        return true;
    }
    const auto address = static_cast<std::uint8_t>(message.endpoint | (message.in ? 0x80u : 0u));
    {
        const std::lock_guard lock(mutex_);
        const auto found = queues_.find(address);
        if (found == queues_.end() || found->second.halted) {
            reply(message, usbip::status::stalled, {});
            return true;
        }
        if (!has_room_for(data.size())) return false;
        found->second.unwritten_bytes += data.size();
        found->second.urbs.push_back({message, {data.begin(), data.end()}});
        if (message.in) read_waiting(found->second);
    }
    if (!message.in) write_waiting(address);
    return true;
}

void UsbIpDevice::unlink(const usbip::Unlink& message) {
    const std::lock_guard lock(mutex_);
    std::int32_t status = usbip::status::good;  // it was completed before
    for (auto& [address, queue] : queues_) {
        const auto same = [&](const Urb& urb) { return urb.message.sequence == message.unlinked; };
        const auto at = std::find_if(queue.urbs.begin(), queue.urbs.end(), same);
        if (at == queue.urbs.end()) continue;
        // What a read got so far would be lost with RET_UNLINK: as if it had ended a moment before.
        if (at->message.in && !at->data.empty())
            reply(at->message, usbip::status::connection_reset, std::move(at->data));
        else
            status = usbip::status::connection_reset;
        if (!at->message.in) queue.unwritten_bytes -= at->message.length;
        queue.urbs.erase(at);
        break;
    }
    if (sink_) sink_({usbip::Unlinked{message.sequence, status}, {}});
}

bool UsbIpDevice::retry_writes() {
    bool waiting = false;
    for (auto& [address, queue] : queues_) {
        if ((address & 0x80u) != 0) continue;
        write_waiting(address);
        const std::lock_guard lock(mutex_);
        waiting = waiting || !queue.urbs.empty();
    }
    return waiting;
}

// Hands over what hosts wrote, in order, until the instrument is busy. The connection's thread
// alone adds and takes writes, so the front stays the front while the instrument looks at it; only
// a stall or an unplugging empties the queue meanwhile.
void UsbIpDevice::write_waiting(std::uint8_t address) {
    const std::lock_guard acting(acting_);
    for (;;) {
        Urb urb;
        {
            const std::lock_guard lock(mutex_);
            Queue& queue = queues_.at(address);
            if (queue.urbs.empty()) return;
            urb.message = queue.urbs.front().message;
            urb.data.swap(queue.urbs.front().data);
        }
        if (before_calls_) before_calls_();
        const Verdict verdict = on_write_ ? on_write_(address, urb.data) : Verdict::busy;
        const std::lock_guard lock(mutex_);
        Queue& queue = queues_.at(address);
        if (queue.urbs.empty()) return;
        switch (verdict) {
            case Verdict::taken:
                finish(queue, usbip::status::good);
                break;
            case Verdict::busy:
                queue.urbs.front().data.swap(urb.data);
                return;
            case Verdict::stalled:
                queue.halted = true;
                while (!queue.urbs.empty()) finish(queue, usbip::status::stalled);
                return;
        }
    }
}

void UsbIpDevice::read_waiting(Queue& queue) {
    while (!queue.urbs.empty() && !queue.chunks.empty())
        if (const auto status = take_chunk(queue, queue.urbs.front())) finish(queue, *status);
}

// A read ends with a short packet or when it is full; a packet that does not fit is lost with it.
std::optional<std::int32_t> UsbIpDevice::take_chunk(Queue& queue, Urb& urb) {
    Chunk& chunk = queue.chunks.front();
    const std::size_t left = chunk.bytes.size() - chunk.begin;
    const std::size_t room = urb.message.length - urb.data.size();
    const std::size_t fits = left <= room ? left : room / queue.packet_bytes * queue.packet_bytes;
    if (fits == left && chunk.begin == 0 && urb.data.empty()) {
        urb.data = std::move(chunk.bytes);
    } else {
        const auto from = chunk.bytes.begin() + static_cast<std::ptrdiff_t>(chunk.begin);
        urb.data.insert(urb.data.end(), from, from + static_cast<std::ptrdiff_t>(fits));
    }
    chunk.begin += fits;
    queue.unread_bytes -= fits;
    if (fits < left && fits < room) {
        const std::size_t lost = std::min(queue.packet_bytes, left - fits);
        chunk.begin += lost;
        queue.unread_bytes -= lost;
        if (chunk.begin == chunk.bytes.size()) queue.chunks.pop_front();
        return usbip::status::overflow;
    }
    const bool short_packet = fits == left && (left % queue.packet_bytes != 0 || left == 0);
    if (fits == left) queue.chunks.pop_front();
    if (short_packet && fits < room && (urb.message.flags & usbip::short_not_ok) != 0)
        return usbip::status::short_read;
    if (short_packet || fits == room) return usbip::status::good;
    return std::nullopt;
}

void UsbIpDevice::finish(Queue& queue, std::int32_t status) {
    Urb urb = std::move(queue.urbs.front());
    queue.urbs.pop_front();
    if (!urb.message.in) queue.unwritten_bytes -= urb.message.length;
    if (urb.message.in)
        reply(urb.message, status, std::move(urb.data));
    else
        reply_written(urb.message, status, status == usbip::status::good ? urb.message.length : 0);
}

void UsbIpDevice::reply(const Submit& message, std::int32_t status, std::vector<std::byte> data) {
    const auto length = static_cast<std::uint32_t>(data.size());
    if (sink_) sink_({usbip::Submitted{message.sequence, status, length}, std::move(data)});
}

void UsbIpDevice::reply_written(const Submit& message, std::int32_t status, std::uint32_t length) {
    if (sink_) sink_({usbip::Submitted{message.sequence, status, length}, {}});
}

usbip::Device UsbIpDevice::description() const {
    usbip::Device device;
    device.speed = personality_.speed;
    device.vendor_id = info_.vendor_id;
    device.product_id = info_.product_id;
    device.release = personality_.release;
    device.class_code = personality_.class_code;
    device.subclass = personality_.subclass;
    device.protocol = personality_.protocol;
    device.configuration = 1;
    device.configurations = 1;
    for (const UsbInterface& i : interfaces_of(info_.configuration))
        device.interfaces.push_back({i.class_code, i.subclass, i.protocol});
    return device;
}

}  // namespace opal::sim
