// MemoryNetwork: a table of ports and datagrams on their way between them.
#include "sim/doors/memory_network.h"

#include "hal/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <deque>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace opal::sim {

using hal::DeviceError;
using hal::ErrorKind;
using hal::UdpAddress;

namespace {

struct Datagram {
    UdpAddress from;
    std::vector<std::byte> bytes;
};

// What a socket's buffer is charged beyond the bytes, so that empty datagrams fill it too.
constexpr std::size_t overhead_bytes = 256;

struct Inbox {
    UdpAddress local;
    MemoryUdpOptions options;
    std::deque<Datagram> arrived;
    std::size_t used_bytes = 0;
    std::uint64_t dropped = 0;
    std::function<void()> act;
};

}  // namespace

struct MemoryNetwork::State {
    State(VirtualClock& c, hal::Duration l) : clock(c), latency(l) {}

    VirtualClock& clock;
    const hal::Duration latency;
    std::mutex mutex;
    bool up = true;
    std::map<std::pair<std::uint32_t, std::uint16_t>, std::shared_ptr<Inbox>> ports;

    void deliver(UdpAddress to, const Datagram& datagram) {
        std::vector<std::function<void()>> acts;
        {
            const std::lock_guard lock(mutex);
            for (const auto& [key, inbox] : ports) {
                const bool addressed = to.host == hal::everyone ? inbox->options.hears_broadcast
                                                                : inbox->local.host == to.host;
                if (!addressed || inbox->local.port != to.port) continue;
                const std::size_t charge = datagram.bytes.size() + overhead_bytes;
                if (inbox->used_bytes + charge > inbox->options.receive_buffer_bytes) {
                    ++inbox->dropped;
                    continue;
                }
                inbox->used_bytes += charge;
                inbox->arrived.push_back(datagram);
                if (inbox->act) acts.push_back(inbox->act);
            }
        }
        for (const auto& act : acts) act();
    }
};

namespace {

class Port final : public MemoryUdpPort {
public:
    Port(std::shared_ptr<MemoryNetwork::State> network, std::shared_ptr<Inbox> inbox)
        : network_(std::move(network)), inbox_(std::move(inbox)) {}
    ~Port() override {
        const std::lock_guard lock(network_->mutex);
        inbox_->act = {};
        network_->ports.erase({inbox_->local.host, inbox_->local.port});
    }

    UdpAddress local() const override { return inbox_->local; }

    void send(UdpAddress to, std::span<const std::byte> bytes) override {
        require_network("send");
        const std::size_t unfragmented = inbox_->options.largest_unfragmented;
        const std::size_t largest = unfragmented > 0 ? std::min(unfragmented, hal::largest_datagram)
                                                     : hal::largest_datagram;
        if (bytes.size() > largest)
            throw DeviceError(ErrorKind::out_of_range, name(), "send",
                              fmt::format("{} bytes asked; a datagram here carries at most {}",
                                          bytes.size(), largest));
        Datagram datagram{inbox_->local, {bytes.begin(), bytes.end()}};
        network_->clock.call_at(network_->clock.now() + network_->latency,
                                [network = network_, to, datagram = std::move(datagram)] {
                                    network->deliver(to, datagram);
                                });
    }

    std::size_t receive(std::span<hal::UdpArrival> arrivals, hal::Deadline deadline) override {
        if (arrivals.empty()) return 0;
        VirtualClock& clock = network_->clock;
        for (;;) {
            clock.run_due();
            if (const std::size_t count = take(arrivals)) return count;
            require_network("receive");
            if (deadline.passed(clock)) return 0;
            clock.wait_for_act(deadline.at);
        }
    }

    hal::UdpPortStatus status() override {
        const std::lock_guard lock(network_->mutex);
        return {inbox_->options.receive_buffer_bytes, inbox_->dropped};
    }

    void on_arrival(std::function<void()> act) override {
        const std::lock_guard lock(network_->mutex);
        inbox_->act = std::move(act);
    }

private:
    std::string name() const { return "udp " + hal::to_string(inbox_->local); }

    void require_network(const char* operation) const {
        const std::lock_guard lock(network_->mutex);
        if (!network_->up)
            throw DeviceError(ErrorKind::disconnected, name(), operation, "the network is gone");
    }

    std::size_t take(std::span<hal::UdpArrival> arrivals) {
        const std::lock_guard lock(network_->mutex);
        const std::size_t count = std::min(arrivals.size(), inbox_->arrived.size());
        for (std::size_t i = 0; i < count; ++i) {
            const Datagram& datagram = inbox_->arrived.front();
            hal::UdpArrival& arrival = arrivals[i];
            const std::span<const std::byte> bytes(datagram.bytes);
            const auto first = bytes.first(std::min(arrival.room.size(), bytes.size()));
            const auto rest = bytes.subspan(first.size());
            const auto more = rest.first(std::min(arrival.more.size(), rest.size()));
            std::copy(first.begin(), first.end(), arrival.room.begin());
            std::copy(more.begin(), more.end(), arrival.more.begin());
            arrival.length = first.size() + more.size();
            arrival.truncated = arrival.length < bytes.size();
            arrival.from = datagram.from;
            inbox_->used_bytes -= datagram.bytes.size() + overhead_bytes;
            inbox_->arrived.pop_front();
        }
        return count;
    }

    std::shared_ptr<MemoryNetwork::State> network_;
    std::shared_ptr<Inbox> inbox_;
};

}  // namespace

MemoryNetwork::MemoryNetwork(VirtualClock& clock, hal::Duration latency)
    : state_(std::make_shared<State>(clock, latency)) {}

MemoryNetwork::~MemoryNetwork() {
    const std::lock_guard lock(state_->mutex);
    state_->up = false;
}

std::unique_ptr<MemoryUdpPort> MemoryNetwork::open_udp(UdpAddress local, MemoryUdpOptions options) {
    assert(local.host != hal::any_host && local.host != hal::everyone);
    const std::lock_guard lock(state_->mutex);
    if (local.port == 0) {
        local.port = 49152;  // the first port free for such use [RFC 6335, section 6]
        while (state_->ports.contains({local.host, local.port}) && local.port < 65535) ++local.port;
    }
    auto inbox = std::make_shared<Inbox>();
    inbox->local = local;
    inbox->options = options;
    if (!state_->ports.emplace(std::pair{local.host, local.port}, inbox).second)
        throw DeviceError(ErrorKind::refused, "udp " + hal::to_string(local), "open",
                          "the port is in use; another or 0 is possible");
    return std::make_unique<Port>(state_, std::move(inbox));
}

}  // namespace opal::sim
