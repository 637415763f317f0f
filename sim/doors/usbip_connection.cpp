// UsbIpConnection: bytes -> messages -> the device, and its replies back by a thread of their own,
// so that an instrument never waits for the network.
#include "sim/doors/usbip_connection.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

namespace opal::sim {

namespace usbip = protocol::usbip;
using namespace std::chrono_literals;

namespace {

constexpr hal::Duration round = 20ms;  // and how long a thread may take to notice its end
constexpr hal::Duration busy_round = 1ms;
constexpr hal::Duration request_patience = 5s;
constexpr hal::Duration write_patience = 10s;
// usbfs gives 16 MiB to all devices together unless told otherwise; more than 64 is no request.
constexpr std::size_t biggest_transfer = std::size_t{64} << 20;
// What may wait for a host that does not read: as much as usbfs is told to give on a bench, and
// more replies than a device lets transfers wait.
constexpr std::size_t most_reply_bytes = std::size_t{1} << 30;
constexpr std::size_t most_replies = 65536;
constexpr std::size_t small_reply = 16384;  // header and data in one write

// What came and was not used yet.
class Incoming {
public:
    Incoming(hal::TcpStream& stream, const hal::Clock& clock) : stream_(stream), clock_(clock) {}

    std::span<const std::byte> bytes() const {
        return std::span(room_).subspan(begin_, end_ - begin_);
    }
    void use(std::size_t count) { begin_ += count; }
    // Waits for more, at most `span`; what comes belongs to a message of `whole` bytes.
    void wait(std::size_t whole, hal::Duration span) {
        if (begin_ == end_) begin_ = end_ = 0;
        if (begin_ + whole > room_.size()) {
            std::move(room_.begin() + begin_, room_.begin() + end_, room_.begin());
            end_ -= begin_;
            begin_ = 0;
            room_.resize(std::max(room_.size(), whole));
        }
        end_ += static_cast<std::ptrdiff_t>(
            stream_.read(std::span(room_).subspan(end_), hal::Deadline::after(clock_, span)));
    }

private:
    hal::TcpStream& stream_;
    const hal::Clock& clock_;
    std::vector<std::byte> room_ = std::vector<std::byte>(65536);
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

class Outgoing {
public:
    Outgoing(hal::TcpStream& stream, const hal::Clock& clock)
        : thread_(
              [this, &stream, &clock](const std::stop_token& stop) { run(stop, stream, clock); }) {}

    void add(UsbIpDevice::Reply reply) {
        {
            const std::lock_guard lock(mutex_);
            waiting_bytes_ += reply.data.size();
            ++waiting_;
            if (waiting_bytes_ > most_reply_bytes || waiting_ > most_replies) failed_ = true;
            if (failed_) return;
            replies_.push_back(std::move(reply));
        }
        arrived_.notify_one();
    }
    bool failed() const { return failed_; }

private:
    void run(const std::stop_token& stop, hal::TcpStream& stream, const hal::Clock& clock) {
        std::deque<UsbIpDevice::Reply> replies;
        std::vector<std::byte> bytes;
        try {
            for (;;) {
                {
                    std::unique_lock lock(mutex_);
                    if (!arrived_.wait(lock, stop, [&] { return !replies_.empty(); })) return;
                    replies.swap(replies_);
                }
                const auto flush = [&](std::span<const std::byte> more) {
                    if (!more.empty())
                        stream.write(more, hal::Deadline::after(clock, write_patience));
                };
                bytes.clear();
                for (const auto& reply : replies) {
                    const auto header = encode(reply.message);
                    bytes.insert(bytes.end(), header.begin(), header.end());
                    if (bytes.size() + reply.data.size() <= small_reply) {
                        bytes.insert(bytes.end(), reply.data.begin(), reply.data.end());
                        continue;
                    }
                    flush(bytes);
                    flush(reply.data);
                    bytes.clear();
                }
                flush(bytes);
                const std::lock_guard lock(mutex_);
                for (const auto& reply : replies) waiting_bytes_ -= reply.data.size();
                waiting_ -= replies.size();
                replies.clear();
            }
        } catch (const std::exception&) {  // the host is gone, or there is no memory
            failed_ = true;
        }
    }

    std::mutex mutex_;
    std::condition_variable_any arrived_;
    std::deque<UsbIpDevice::Reply> replies_;
    std::size_t waiting_ = 0;  // also those being sent
    std::size_t waiting_bytes_ = 0;
    std::atomic<bool> failed_{false};
    std::jthread thread_;
};

// Until the device is unplugged, the host goes, or says what is no message.
void converse(UsbIpDevice& device, Incoming& incoming, const Outgoing& outgoing,
              const std::stop_token& stop) {
    bool writes_wait = false;
    std::size_t whole = usbip::urb_bytes;
    while (!stop.stop_requested() && device.connected() && !outgoing.failed()) {
        const auto bytes = incoming.bytes();
        if (bytes.size() < whole) {
            if (writes_wait) writes_wait = device.retry_writes();
            incoming.wait(whole, writes_wait ? busy_round : round);
            continue;
        }
        const auto message = usbip::decode_urb(bytes);
        if (!message) return;
        if (const auto* submit = std::get_if<usbip::Submit>(&*message)) {
            const bool isochronous = submit->packets != 0 && submit->packets != 0xFFFFFFFF;
            if (isochronous || submit->length > biggest_transfer) return;
            whole = usbip::urb_bytes + (submit->in ? 0 : submit->length);
            if (bytes.size() < whole) continue;
            const auto data = bytes.subspan(usbip::urb_bytes, whole - usbip::urb_bytes);
            if (!device.submit(*submit, data)) return;
            writes_wait = device.retry_writes();
        } else if (const auto* unlink = std::get_if<usbip::Unlink>(&*message)) {
            device.unlink(*unlink);
        } else {
            return;  // an answer to nothing
        }
        incoming.use(whole);
        whole = usbip::urb_bytes;
    }
}

}  // namespace

UsbIpConnection::UsbIpConnection(std::unique_ptr<hal::TcpStream> stream, const hal::Clock& clock,
                                 UsbIpOffer offer)
    : stream_(std::move(stream)),
      clock_(clock),
      offer_(std::move(offer)),
      thread_([this](const std::stop_token& stop) {
          try {
              serve(stop);
          } catch (const std::exception&) {  // the host is gone, or this one's means are at an end
          }
          stream_->close();
          ended_ = true;
      }) {}

void UsbIpConnection::serve(const std::stop_token& stop) {
    Incoming incoming(*stream_, clock_);
    const auto deadline = hal::Deadline::after(clock_, request_patience);
    const auto wait_for = [&](std::size_t count) {
        while (incoming.bytes().size() < count && !stop.stop_requested() &&
               !deadline.passed(clock_))
            incoming.wait(count, round);
        return incoming.bytes().size() >= count;
    };
    const auto send = [&](const std::vector<std::byte>& bytes) {
        stream_->write(bytes, hal::Deadline::after(clock_, write_patience));
    };
    if (!wait_for(usbip::operation_bytes)) return;
    const auto header = usbip::decode_operation(incoming.bytes());
    if (!header) return;
    incoming.use(usbip::operation_bytes);
    if (header->operation == usbip::Operation::list_request) {
        send(usbip::encode_list_reply(offer_.list()));
        return;
    }
    if (header->operation != usbip::Operation::import_request || !wait_for(usbip::bus_id_bytes))
        return;
    const auto bus_id = usbip::decode_bus_id(incoming.bytes());
    incoming.use(usbip::bus_id_bytes);
    UsbIpDevice* const device = bus_id ? offer_.find(*bus_id) : nullptr;
    std::optional<Outgoing> outgoing;
    // Replies can only follow what is read below, after the import has been confirmed.
    if (device == nullptr ||
        !device->connect([&](UsbIpDevice::Reply reply) { outgoing->add(std::move(reply)); })) {
        send(usbip::encode_import_refusal());
        return;
    }
    try {
        for (const auto& offered : offer_.list())
            if (offered.bus_id == *bus_id) send(usbip::encode_import_reply(offered));
        outgoing.emplace(*stream_, clock_);
        converse(*device, incoming, *outgoing, stop);
    } catch (const std::exception&) {  // the same; another host may have it
    }
    device->disconnect();
}

}  // namespace opal::sim
