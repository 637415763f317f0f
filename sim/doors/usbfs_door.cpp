// UsbfsDoor: usbfs's ioctls as transfers of a UsbIpDevice.
#include "sim/doors/usbfs_door.h"

#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace opal::sim {

namespace usbip = protocol::usbip;

namespace {

// Standard requests [USB 2.0, table 9-4].
constexpr hal::UsbSetup get_device_descriptor{0x80, 6, 0x0100, 0};
constexpr std::uint16_t device_descriptor_bytes = 18;
constexpr std::uint8_t set_configuration = 9;
constexpr std::uint8_t clear_feature = 1;
constexpr std::uint8_t to_endpoint = 0x02;
constexpr std::size_t setup_bytes = 8;
// What programs may have under way [Linux, usbfs_memory_mb], and what a transfer takes of it: its
// data, struct async, struct urb, and a struct scatterlist for each 16 KiB.
constexpr std::size_t most_lent_bytes = std::size_t{16} << 20;
constexpr std::size_t lent_for(std::size_t bytes) {
    constexpr std::size_t piece = 16384;
    return bytes + 344 + (bytes > piece ? (bytes + piece - 1) / piece * 32 : 0);
}
// What this door can do [Linux, USBDEVFS_CAP_*].
constexpr std::uint32_t capabilities =
    USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_REAP_AFTER_DISCONNECT;

// The caller's memory: its ioctls name structures the kernel does not bring along.
bool read_memory(pid_t caller, std::uint64_t place, std::span<std::byte> into) {
    if (into.empty()) return true;
    const iovec here{into.data(), into.size()};
    const iovec there{reinterpret_cast<void*>(place), into.size()};
    return ::process_vm_readv(caller, &here, 1, &there, 1, 0) == static_cast<ssize_t>(into.size());
}
bool write_memory(pid_t caller, std::uint64_t place, std::span<const std::byte> bytes) {
    if (bytes.empty()) return true;
    const iovec here{const_cast<std::byte*>(bytes.data()), bytes.size()};
    const iovec there{reinterpret_cast<void*>(place), bytes.size()};
    return ::process_vm_writev(caller, &here, 1, &there, 1, 0) ==
           static_cast<ssize_t>(bytes.size());
}
template <typename T>
bool read_value(pid_t caller, std::uint64_t place, T& value) {
    return read_memory(caller, place, std::as_writable_bytes(std::span(&value, 1)));
}
template <typename T>
bool write_value(pid_t caller, std::uint64_t place, const T& value) {
    return write_memory(caller, place, std::as_bytes(std::span(&value, 1)));
}

std::array<std::byte, setup_bytes> encode(const hal::UsbSetup& setup, std::uint16_t length) {
    const auto low = [](unsigned value) { return static_cast<std::byte>(value & 0xFFu); };
    return {
        low(setup.request_type), low(setup.request),     low(setup.value), low(setup.value >> 8u),
        low(setup.index),        low(setup.index >> 8u), low(length),      low(length >> 8u)};
}

template <typename T>
FuseIoctlResult answer_with(const T& value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    return {0, {bytes.begin(), bytes.end()}};
}

}  // namespace

UsbfsDoor::UsbfsDoor(UsbIpDevice& device, const std::string& file) : device_(device) {
    for (const UsbEndpoint& endpoint : endpoints_of(device.info().configuration))
        endpoints_[endpoint.address] = endpoint.interface;
    for (const UsbInterface& interface : interfaces_of(device.info().configuration))
        interfaces_.insert(interface.number);
    device_.connect([this](UsbIpDevice::Reply reply) { take(std::move(reply)); });
    enumerate();
    FuseFileActs acts;
    acts.content = [this] { return std::span<const std::byte>(descriptors_); };
    acts.ioctl = [this](const FuseIoctl& call) { return act(call); };
    acts.ready = [this] { return ready(); };
    acts.closed = [this] { close(); };
    acts.idle = [this] { look_after(); };
    try {
        file_ = std::make_unique<FuseFile>(file, std::move(acts));
    } catch (...) {
        device_.disconnect();
        throw;
    }
    const std::lock_guard lock(mutex_);
    file_to_wake_ = file_.get();
}

UsbfsDoor::~UsbfsDoor() {
    device_.disconnect();
    {
        const std::lock_guard lock(mutex_);
        file_to_wake_ = nullptr;
    }
    file_.reset();
}

// What a kernel does with a device that was plugged in.
void UsbfsDoor::enumerate() {
    control(get_device_descriptor, device_descriptor_bytes, {}, descriptors_);
    const auto& configuration = device_.info().configuration;
    std::vector<std::byte> none;
    // Its number is the sixth byte [USB 2.0, table 9-10].
    control({0x00, set_configuration, std::to_integer<std::uint16_t>(configuration.at(5)), 0}, 0,
            {}, none);
    descriptors_.insert(descriptors_.end(), configuration.begin(), configuration.end());
}

std::uint32_t UsbfsDoor::ready() {
    const std::lock_guard lock(mutex_);
    std::uint32_t events = finished_.empty() ? 0 : POLLOUT | POLLWRNORM;
    if (gone_) events |= POLLERR | POLLHUP;
    return events;
}

FuseIoctlResult UsbfsDoor::act(const FuseIoctl& call) {
    const bool reaps = call.command == USBDEVFS_REAPURB || call.command == USBDEVFS_REAPURBNDELAY;
    if (!reaps && !device_.connected()) {
        lose_device();
        return {-ENODEV};
    }
    std::uint32_t number = 0;
    switch (call.command) {
        case USBDEVFS_GET_CAPABILITIES:
            return answer_with(capabilities);
        case USBDEVFS_CONNECTINFO: {
            usbdevfs_connectinfo info{};
            info.devnum = 1;
            return {write_value(call.caller, call.argument, info) ? 0 : -EFAULT};
        }
        case USBDEVFS_GET_SPEED:
            return {static_cast<int>(device_.description().speed)};
        case USBDEVFS_SUBMITURB:
            return {submit(call)};
        case USBDEVFS_DISCARDURB:
            return {discard(call.argument)};
        // Of the one that waits too: only the other is ever asked by libusb.
        case USBDEVFS_REAPURB:
        case USBDEVFS_REAPURBNDELAY:
            return {reap(call)};
        case USBDEVFS_CONTROL:
            return {control(call)};
        case USBDEVFS_CLAIMINTERFACE:
            if (!read_value(call.caller, call.argument, number)) return {-EFAULT};
            return {claim(number, -ENOENT)};
        case USBDEVFS_DISCONNECT_CLAIM: {
            usbdevfs_disconnect_claim wanted{};
            if (!read_value(call.caller, call.argument, wanted)) return {-EFAULT};
            return {claim(wanted.interface, -EINVAL)};
        }
        case USBDEVFS_RELEASEINTERFACE:
            if (!read_value(call.caller, call.argument, number)) return {-EFAULT};
            return {claimed_.erase(static_cast<int>(number)) > 0 ? 0 : -EINVAL};
        case USBDEVFS_CLEAR_HALT: {
            if (!read_value(call.caller, call.argument, number)) return {-EFAULT};
            std::vector<std::byte> none;
            return {control({to_endpoint, clear_feature, 0, static_cast<std::uint16_t>(number)}, 0,
                            {}, none)};
        }
        case USBDEVFS_IOCTL:
            return {-ENODATA};  // no kernel driver has any interface
        default:
            return {-ENOTTY};
    }
}

int UsbfsDoor::claim(std::uint32_t interface, int missing) {
    if (!interfaces_.contains(static_cast<int>(interface))) return missing;
    claimed_.insert(static_cast<int>(interface));
    return 0;
}

int UsbfsDoor::submit(const FuseIoctl& call) {
    usbdevfs_urb asked{};
    if (!read_value(call.caller, call.argument, asked)) return -EFAULT;
    if (asked.buffer_length < 0) return -EINVAL;
    Urb urb;
    urb.place = call.argument;
    urb.buffer = reinterpret_cast<std::uint64_t>(asked.buffer);
    urb.room = static_cast<std::uint32_t>(asked.buffer_length);
    urb.in = (asked.endpoint & 0x80u) != 0;
    usbip::Submit message;
    if (asked.type == USBDEVFS_URB_TYPE_CONTROL) {
        if (urb.room < setup_bytes) return -EINVAL;
        if (!read_memory(call.caller, urb.buffer, std::span<std::byte>(message.setup)))
            return -EFAULT;
        urb.in = (std::to_integer<unsigned>(message.setup[0]) & 0x80u) != 0;
        urb.buffer += setup_bytes;
        urb.room -= static_cast<std::uint32_t>(setup_bytes);
    } else {
        const auto found = endpoints_.find(asked.endpoint);
        if (found == endpoints_.end()) return -ENOENT;
        claimed_.insert(found->second);
    }
    std::vector<std::byte> data(urb.in ? 0 : urb.room);
    if (!read_memory(call.caller, urb.buffer, std::span<std::byte>(data))) return -EFAULT;
    message.sequence = ++sequence_;
    message.in = urb.in;
    message.endpoint = asked.endpoint & 0x0Fu;
    message.length = urb.room;
    const std::size_t taken = lent_for(urb.room);
    {
        const std::lock_guard lock(mutex_);
        if (lent_bytes_ + taken > most_lent_bytes) return -ENOMEM;
        lent_bytes_ += taken;
        under_way_.emplace(message.sequence, std::move(urb));
    }
    if (device_.submit(message, data)) return 0;
    const std::lock_guard lock(mutex_);
    under_way_.erase(message.sequence);
    lent_bytes_ -= taken;
    return -ENOMEM;
}

int UsbfsDoor::discard(std::uint64_t place) {
    usbip::Unlink message;
    {
        const std::lock_guard lock(mutex_);
        const auto found = std::find_if(under_way_.begin(), under_way_.end(),
                                        [&](const auto& u) { return u.second.place == place; });
        if (found == under_way_.end()) return -EINVAL;
        // What usbfs says of a discarded transfer, however it ends.
        found->second.status = -ENOENT;
        message.unlinked = found->first;
    }
    message.sequence = ++sequence_;
    device_.unlink(message);
    const std::lock_guard lock(mutex_);
    const auto left = under_way_.find(message.unlinked);
    if (left == under_way_.end()) return 0;
    finished_.push_back(std::move(left->second));
    under_way_.erase(left);
    if (file_to_wake_ != nullptr) file_to_wake_->notify();
    return 0;
}

void UsbfsDoor::take(UsbIpDevice::Reply reply) {
    const auto* const done = std::get_if<usbip::Submitted>(&reply.message);
    if (done == nullptr) return;
    const std::lock_guard lock(mutex_);
    if (awaited_ != 0 && done->sequence == awaited_) {
        awaited_ = 0;
        answer_ = std::move(reply);
        return;
    }
    const auto found = under_way_.find(done->sequence);
    if (found == under_way_.end()) return;
    Urb& urb = found->second;
    if (urb.status == 0) urb.status = done->status;
    urb.length = done->length;
    urb.data = std::move(reply.data);
    finished_.push_back(std::move(urb));
    under_way_.erase(found);
    if (file_to_wake_ != nullptr) file_to_wake_->notify();
}

int UsbfsDoor::reap(const FuseIoctl& call) {
    Urb urb;
    {
        const std::lock_guard lock(mutex_);
        if (finished_.empty()) return gone_ ? -ENODEV : -EAGAIN;
        urb = std::move(finished_.front());
        finished_.pop_front();
        lent_bytes_ -= lent_for(urb.room);
    }
    // The thread that submitted it may have ended since; its process is the same.
    usbdevfs_urb told{};
    if (!read_value(call.caller, urb.place, told)) return -EFAULT;
    told.status = urb.status;
    told.actual_length = static_cast<int>(urb.length);
    const auto data = std::span<const std::byte>(urb.data).first(
        std::min<std::size_t>(urb.data.size(), urb.room));
    const bool written = write_memory(call.caller, urb.buffer, data) &&
                         write_value(call.caller, urb.place, told) &&
                         write_value(call.caller, call.argument, urb.place);
    return written ? 0 : -EFAULT;
}

std::int32_t UsbfsDoor::control(const hal::UsbSetup& setup, std::uint16_t length,
                                std::span<const std::byte> out, std::vector<std::byte>& in) {
    usbip::Submit message;
    message.sequence = ++sequence_;
    message.in = (setup.request_type & 0x80u) != 0;
    message.length = length;
    message.setup = encode(setup, length);
    {
        const std::lock_guard lock(mutex_);
        awaited_ = message.sequence;
        answer_.reset();
    }
    device_.submit(message, out);
    const std::lock_guard lock(mutex_);
    awaited_ = 0;
    if (!answer_) return -ENODEV;
    const auto& done = std::get<usbip::Submitted>(answer_->message);
    in = std::move(answer_->data);
    return done.status < 0 ? done.status : static_cast<std::int32_t>(done.length);
}

int UsbfsDoor::control(const FuseIoctl& call) {
    usbdevfs_ctrltransfer asked{};
    if (call.in.size() < sizeof asked) return -EFAULT;
    std::memcpy(&asked, call.in.data(), sizeof asked);
    const hal::UsbSetup setup{asked.bRequestType, asked.bRequest, asked.wValue, asked.wIndex};
    const auto place = reinterpret_cast<std::uint64_t>(asked.data);
    const bool in = (asked.bRequestType & 0x80u) != 0;
    std::vector<std::byte> out(in ? 0 : asked.wLength);
    if (!read_memory(call.caller, place, std::span<std::byte>(out))) return -EFAULT;
    std::vector<std::byte> got;
    const std::int32_t result = control(setup, asked.wLength, out, got);
    if (result < 0) return result;
    got.resize(std::min<std::size_t>(got.size(), asked.wLength));
    return write_memory(call.caller, place, got) ? result : -EFAULT;
}

void UsbfsDoor::look_after() {
    device_.retry_writes();
    if (!device_.connected()) lose_device();
}

void UsbfsDoor::lose_device() {
    const std::lock_guard lock(mutex_);
    if (gone_) return;
    gone_ = true;
    for (auto& [sequence, urb] : under_way_) {
        urb.status = -ESHUTDOWN;
        finished_.push_back(std::move(urb));
    }
    under_way_.clear();
    if (file_to_wake_ != nullptr) file_to_wake_->notify();
}

// A program that closes the node leaves nothing behind.
void UsbfsDoor::close() {
    std::vector<std::uint32_t> left;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [sequence, urb] : under_way_) left.push_back(sequence);
        under_way_.clear();
        finished_.clear();
        lent_bytes_ = 0;
    }
    for (const std::uint32_t sequence : left) {
        usbip::Unlink message;
        message.sequence = ++sequence_;
        message.unlinked = sequence;
        device_.unlink(message);
    }
    claimed_.clear();
}

}  // namespace opal::sim
