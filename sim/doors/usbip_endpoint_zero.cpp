// UsbIpDevice: endpoint 0, where hosts ask what a device is and set it up.
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
    const auto instrument = [&] {
        const std::lock_guard acting(acting_);
        if (before_calls_) before_calls_();
        return on_control_ ? on_control_(setup, data) : std::nullopt;
    };
    const auto standard = [&] {
        const std::lock_guard lock(mutex_);
        return standard_answer(setup);
    };
    if ((setup.request_type & 0x60u) != 0) return instrument();
    if (setup.request == get_descriptor) {
        if (Answer described = instrument()) return described;
        return standard().value_or(std::nullopt);
    }
    const auto known = standard();
    if (!known) return instrument();
    // Halting and clearing is the door's work; the instrument hears of what is done.
    if (*known && (setup.request == clear_feature || setup.request == set_feature)) instrument();
    return *known;
}

std::optional<UsbGadget::Answer> UsbIpDevice::standard_answer(const Setup& setup) {
    const bool asks = setup.request == get_status || setup.request == get_descriptor ||
                      setup.request == get_configuration || setup.request == get_interface;
    if (((setup.request_type & 0x80u) != 0) != asks) return std::nullopt;
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
    const auto address = static_cast<std::uint8_t>(setup.index & 0xFFu);
    const auto found = queues_.find(address);
    if (found == queues_.end()) {
        // Endpoint 0 has a status; it is never halted.
        if ((address & 0x7Fu) == 0 && setup.request == get_status) return Answer(bytes_of({0, 0}));
        return Answer(std::nullopt);
    }
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

}  // namespace opal::sim
