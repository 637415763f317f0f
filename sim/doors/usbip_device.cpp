// UsbIpDevice: endpoint 0 and the queues of the others.
#include "sim/doors/usbip_device.h"

#include "protocol/little_endian.h"

#include <algorithm>
#include <utility>

namespace opal::sim {

namespace usbip = protocol::usbip;

namespace {

// Standard requests [USB 2.0, table 9-4; USB 3.2, table 9-5].
enum Request : std::uint8_t {
    get_status = 0,
    clear_feature = 1,
    set_feature = 3,
    get_descriptor = 6,
    get_configuration = 8,
    set_configuration = 9,
    get_interface = 10,
    set_interface = 11,
    set_exit_latency = 48,
    set_isochronous_delay = 49,
};
enum Recipient : std::uint8_t { to_device = 0, to_interface = 1, to_endpoint = 2 };
enum Descriptor : std::uint8_t { device = 1, configuration = 2, text = 3, object_store = 15 };
constexpr std::uint16_t endpoint_halt = 0;

std::vector<std::byte> bytes_of(std::initializer_list<unsigned> values) {
    std::vector<std::byte> bytes;
    for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}

}  // namespace

UsbIpDevice::UsbIpDevice(hal::UsbDeviceInfo info, UsbPersonality personality)
    : info_(std::move(info)), personality_(std::move(personality)) {
    for (const UsbEndpoint& endpoint : endpoints_of(info_.configuration))
        queues_[endpoint.address].packet_bytes = endpoint.packet_bytes;
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
    read_waiting(queue);
}

void UsbIpDevice::stall(std::uint8_t endpoint) {
    const std::lock_guard lock(mutex_);
    Queue& queue = queues_.at(endpoint);
    queue.halted = true;
    queue.chunks.clear();
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
        queue.chunks.clear();
    }
}

void UsbIpDevice::submit(const Submit& message, std::span<const std::byte> data) {
    if (message.endpoint == 0) {
        control(message, data);
        return;
    }
    const auto address = static_cast<std::uint8_t>(message.endpoint | (message.in ? 0x80u : 0u));
    {
        const std::lock_guard lock(mutex_);
        const auto found = queues_.find(address);
        if (found == queues_.end() || found->second.halted) {
            reply(message, usbip::status::stalled, {});
            return;
        }
        found->second.urbs.push_back({message, {data.begin(), data.end()}});
        if (message.in) read_waiting(found->second);
    }
    if (!message.in) write_waiting(address);
}

void UsbIpDevice::unlink(const usbip::Unlink& message) {
    const std::lock_guard lock(mutex_);
    bool found = false;
    for (auto& [address, queue] : queues_) {
        const auto same = [&](const Urb& urb) { return urb.message.sequence == message.unlinked; };
        const auto at = std::find_if(queue.urbs.begin(), queue.urbs.end(), same);
        if (at == queue.urbs.end()) continue;
        queue.urbs.erase(at);
        found = true;
        break;
    }
    const std::int32_t status = found ? usbip::status::connection_reset : usbip::status::good;
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
    if (fits < left && fits < room) {
        chunk.begin += std::min(queue.packet_bytes, left - fits);
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

void UsbIpDevice::control(const Submit& message, std::span<const std::byte> data) {
    Setup setup;
    setup.request_type = std::to_integer<std::uint8_t>(message.setup[0]);
    setup.request = std::to_integer<std::uint8_t>(message.setup[1]);
    setup.value = protocol::load_le16(&message.setup[2]);
    setup.index = protocol::load_le16(&message.setup[4]);
    setup.length = protocol::load_le16(&message.setup[6]);
    Answer answered = answer(setup, data);
    const std::lock_guard lock(mutex_);
    if (!answered) {
        reply(message, usbip::status::stalled, {});
    } else if (message.in) {
        const std::size_t most = std::min<std::size_t>(setup.length, message.length);
        answered->resize(std::min(answered->size(), most));
        reply(message, usbip::status::good, std::move(*answered));
    } else {
        reply_written(message, usbip::status::good, static_cast<std::uint32_t>(data.size()));
    }
}

UsbGadget::Answer UsbIpDevice::answer(const Setup& setup, std::span<const std::byte> data) {
    if ((setup.request_type & 0x60u) == 0) {
        const std::lock_guard lock(mutex_);
        if (auto known = standard_answer(setup)) return *known;
    }
    const std::lock_guard acting(acting_);
    return on_control_ ? on_control_(setup, data) : std::nullopt;
}

std::optional<UsbGadget::Answer> UsbIpDevice::standard_answer(const Setup& setup) {
    const auto recipient = static_cast<Recipient>(setup.request_type & 0x1Fu);
    const auto done = Answer(std::vector<std::byte>{});
    if (recipient == to_endpoint) return endpoint_answer(setup);
    switch (setup.request) {
        case get_status: {
            const bool self_powered = recipient == to_device && info_.configuration.size() > 7 &&
                                      (info_.configuration[7] & std::byte{0x40}) != std::byte{0};
            return Answer(bytes_of({self_powered ? 1u : 0u, 0}));
        }
        case clear_feature:
        case set_feature:  // waking up and power states, which are never entered
        case set_exit_latency:
        case set_isochronous_delay:
            return done;
        case get_descriptor:
            if (recipient != to_device) return std::nullopt;
            return descriptor(static_cast<std::uint8_t>(setup.value >> 8),
                              static_cast<std::uint8_t>(setup.value & 0xFFu));
        case get_configuration:
            return Answer(bytes_of({configuration_}));
        case set_configuration:
            if (setup.value > 1) return Answer(std::nullopt);
            configuration_ = static_cast<std::uint8_t>(setup.value);
            for (auto& [address, queue] : queues_) queue.halted = false;
            return done;
        case get_interface:
            return Answer(bytes_of({0}));
        case set_interface:
            return setup.value == 0 ? done : Answer(std::nullopt);
        default:
            return std::nullopt;
    }
}

std::optional<UsbGadget::Answer> UsbIpDevice::endpoint_answer(const Setup& setup) {
    const auto found = queues_.find(static_cast<std::uint8_t>(setup.index & 0xFFu));
    if (found == queues_.end()) return Answer(std::nullopt);
    Queue& queue = found->second;
    switch (setup.request) {
        case get_status:
            return Answer(bytes_of({queue.halted ? 1u : 0u, 0}));
        case clear_feature:
        case set_feature:
            if (setup.value != endpoint_halt) return Answer(std::nullopt);
            queue.halted = setup.request == set_feature;
            if (queue.halted)
                while (!queue.urbs.empty()) finish(queue, usbip::status::stalled);
            return Answer(std::vector<std::byte>{});
        default:
            return std::nullopt;
    }
}

UsbGadget::Answer UsbIpDevice::descriptor(std::uint8_t type, std::uint8_t index) const {
    switch (type) {
        case device:
            return device_descriptor(info_, personality_);
        case configuration:
            if (index != 0) return std::nullopt;
            return info_.configuration;
        case object_store:
            if (personality_.speed < usbip::Speed::super) return std::nullopt;
            return object_store_descriptor();
        case text: {
            if (index == 0) return language_descriptor();
            if (index == 1 && !info_.manufacturer.empty())
                return string_descriptor(info_.manufacturer);
            if (index == 2 && !info_.product.empty()) return string_descriptor(info_.product);
            if (index == 3 && !info_.serial.empty()) return string_descriptor(info_.serial);
            const auto found = personality_.strings.find(index);
            if (found == personality_.strings.end()) return std::nullopt;
            return string_descriptor(found->second);
        }
        default:
            return std::nullopt;
    }
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
