// MemoryUsb: endpoints as queues of packets, and transfers that end as on a bus.
#include "sim/doors/memory_usb.h"

#include "hal/error.h"
#include "sim/doors/usb_descriptors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace opal::sim {

using hal::DeviceError;
using hal::ErrorKind;
using hal::UsbOutcome;
using hal::UsbTransfer;

namespace {

struct Endpoint {
    int interface = 0;
    std::size_t packet_bytes = 64;
    bool halted = false;
    std::deque<std::vector<std::byte>> packets;  // IN: sent by the gadget, not read yet
    std::size_t unread_bytes = 0;                // in them
    std::deque<UsbTransfer*> waiting;            // submitted
    std::deque<UsbTransfer*> finished;           // to be reaped
};

std::map<std::uint8_t, Endpoint> queues_of(const std::vector<std::byte>& configuration) {
    std::map<std::uint8_t, Endpoint> endpoints;
    for (const UsbEndpoint& described : endpoints_of(configuration)) {
        Endpoint& endpoint = endpoints[described.address];
        endpoint.interface = described.interface;
        endpoint.packet_bytes = described.packet_bytes;
    }
    return endpoints;
}

// Both sides share it; acts on the agenda keep it alive.
struct Bus {
    Bus(VirtualClock& c, hal::UsbDeviceInfo i, hal::Duration t)
        : clock(c),
          info(std::move(i)),
          transfer_time(t),
          endpoints(queues_of(info.configuration)) {}

    VirtualClock& clock;
    const hal::UsbDeviceInfo info;
    const hal::Duration transfer_time;
    std::mutex mutex;
    bool plugged = true;
    std::set<int> claimed;
    std::map<std::uint8_t, Endpoint> endpoints;
    UsbGadget::OnControl on_control;
    UsbGadget::OnWrite on_write;

    // Moves packets into waiting transfers as far as both go. Called with the lock held.
    static void move_packets(Endpoint& endpoint) {
        while (!endpoint.waiting.empty()) {
            UsbTransfer& transfer = *endpoint.waiting.front();
            if (endpoint.halted) {
                finish(endpoint, UsbOutcome::stalled);
                continue;
            }
            if (endpoint.packets.empty()) return;
            const std::vector<std::byte> packet = std::move(endpoint.packets.front());
            endpoint.packets.pop_front();
            endpoint.unread_bytes -= packet.size();
            const auto room = transfer.room.subspan(transfer.length);
            std::copy_n(packet.begin(), std::min(packet.size(), room.size()), room.begin());
            transfer.length += std::min(packet.size(), room.size());
            if (packet.size() > room.size())
                finish(endpoint, UsbOutcome::overflow);
            else if (packet.size() < endpoint.packet_bytes || packet.size() == room.size())
                finish(endpoint, UsbOutcome::complete);
        }
    }

    static void forget_packets(Endpoint& endpoint) {
        endpoint.packets.clear();
        endpoint.unread_bytes = 0;
    }

    static void finish(Endpoint& endpoint, UsbOutcome outcome) {
        endpoint.waiting.front()->outcome = outcome;
        endpoint.finished.push_back(endpoint.waiting.front());
        endpoint.waiting.pop_front();
    }
};

class Host final : public hal::UsbDevice {
public:
    explicit Host(std::shared_ptr<Bus> bus) : bus_(std::move(bus)) {}
    ~Host() override {
        // The rooms of reads under way are the caller's: nothing may be written to them later.
        const std::lock_guard lock(bus_->mutex);
        for (auto& [address, endpoint] : bus_->endpoints) {
            while (!endpoint.waiting.empty()) Bus::finish(endpoint, UsbOutcome::cancelled);
            endpoint.finished.clear();
        }
        bus_->claimed.clear();
    }

    const hal::UsbDeviceInfo& info() const override { return bus_->info; }
    hal::Time now() const override { return bus_->clock.now(); }

    void claim(int interface) override {
        const std::lock_guard lock(bus_->mutex);
        require_plugged("claim");
        const bool exists =
            std::any_of(bus_->endpoints.begin(), bus_->endpoints.end(),
                        [&](const auto& e) { return e.second.interface == interface; });
        if (!exists) fail(ErrorKind::out_of_range, "claim", interfaces_text(interface));
        bus_->claimed.insert(interface);
    }

    std::size_t control(const hal::UsbSetup& setup, std::span<std::byte> data,
                        hal::Deadline deadline) override {
        UsbGadget::OnControl act;
        {
            const std::lock_guard lock(bus_->mutex);
            require_plugged("control");
            act = bus_->on_control;
        }
        spend_transfer("control", deadline);
        const bool in = (setup.request_type & 0x80u) != 0;
        const UsbGadget::Answer answer =
            act ? act(setup, in ? std::span<const std::byte>{} : data) : std::nullopt;
        if (!answer)
            fail(ErrorKind::refused, "control",
                 fmt::format("request {:#04x} (type {:#04x}) stalled; the device does not know it "
                             "or its values",
                             setup.request, setup.request_type));
        if (!in) return data.size();
        const std::size_t count = std::min(data.size(), answer->size());
        std::copy_n(answer->begin(), count, data.begin());
        return count;
    }

    void write(std::uint8_t endpoint, std::span<const std::byte> bytes,
               hal::Deadline deadline) override {
        for (;;) {
            UsbGadget::OnWrite act;
            {
                const std::lock_guard lock(bus_->mutex);
                if (find("write", endpoint).halted) fail_stalled("write", endpoint);
                act = bus_->on_write;
            }
            spend_transfer("write", deadline);
            const auto verdict = act ? act(endpoint, bytes) : UsbGadget::Verdict::busy;
            if (verdict == UsbGadget::Verdict::taken) return;
            if (verdict == UsbGadget::Verdict::stalled) {
                const std::lock_guard lock(bus_->mutex);
                find("write", endpoint).halted = true;
                fail_stalled("write", endpoint);
            }
        }
    }

    void submit(std::uint8_t endpoint, UsbTransfer& transfer) override {
        const std::lock_guard lock(bus_->mutex);
        Endpoint& e = find("submit", endpoint);
        transfer.length = 0;
        transfer.outcome = UsbOutcome::pending;
        e.waiting.push_back(&transfer);
        // The data come when the bus has had time to move them.
        bus_->clock.call_at(bus_->clock.now() + bus_->transfer_time, [bus = bus_, endpoint] {
            const std::lock_guard inner(bus->mutex);
            Bus::move_packets(bus->endpoints.at(endpoint));
        });
    }

    UsbTransfer* reap(std::uint8_t endpoint, hal::Deadline deadline) override {
        for (;;) {
            bus_->clock.run_due();
            {
                const std::lock_guard lock(bus_->mutex);
                const auto found = bus_->endpoints.find(endpoint);
                if (found != bus_->endpoints.end() && !found->second.finished.empty()) {
                    UsbTransfer* const transfer = found->second.finished.front();
                    found->second.finished.pop_front();
                    return transfer;
                }
                if (find("reap", endpoint).waiting.empty()) return nullptr;
            }
            if (deadline.passed(bus_->clock)) return nullptr;
            bus_->clock.wait_for_act(deadline.at);
        }
    }

    void cancel(std::uint8_t endpoint) override {
        const std::lock_guard lock(bus_->mutex);
        Endpoint& e = find("cancel", endpoint);
        while (!e.waiting.empty()) Bus::finish(e, UsbOutcome::cancelled);
    }

    void clear_halt(std::uint8_t endpoint) override {
        UsbGadget::OnControl act;
        {
            const std::lock_guard lock(bus_->mutex);
            find("clear_halt", endpoint).halted = false;
            act = bus_->on_control;
        }
        // To an endpoint: CLEAR_FEATURE of ENDPOINT_HALT [USB 2.0, section 9.4.1].
        if (act) act({0x02, 1, 0, endpoint}, {});
    }

private:
    [[noreturn]] void fail(ErrorKind kind, const char* operation, const std::string& text) const {
        throw DeviceError(kind, bus_->info.product + " " + bus_->info.place, operation, text);
    }
    [[noreturn]] void fail_stalled(const char* operation, std::uint8_t endpoint) const {
        fail(ErrorKind::refused, operation,
             fmt::format("endpoint {:#04x} is stalled; clear_halt() comes first", endpoint));
    }
    void require_plugged(const char* operation) const {
        if (!bus_->plugged) fail(ErrorKind::disconnected, operation, "the device was unplugged");
    }
    std::string interfaces_text(int asked) const {
        std::set<int> known;
        for (const auto& [address, endpoint] : bus_->endpoints) known.insert(endpoint.interface);
        std::string list;
        for (const int i : known) list += fmt::format("{}{}", list.empty() ? "" : ", ", i);
        return fmt::format("interface {} asked; there are: {}", asked, list);
    }
    // The endpoint of a plugged device with its interface claimed.
    Endpoint& find(const char* operation, std::uint8_t endpoint) const {
        require_plugged(operation);
        const auto found = bus_->endpoints.find(endpoint);
        if (found == bus_->endpoints.end())
            fail(ErrorKind::out_of_range, operation,
                 fmt::format("endpoint {:#04x} is in no descriptor of this device", endpoint));
        if (!bus_->claimed.contains(found->second.interface))
            fail(ErrorKind::wrong_state, operation,
                 fmt::format("endpoint {:#04x} belongs to interface {}; claim() comes first",
                             endpoint, found->second.interface));
        return found->second;
    }
    void spend_transfer(const char* operation, hal::Deadline deadline) const {
        const hal::Time done = bus_->clock.now() + bus_->transfer_time;
        bus_->clock.wait_until(std::min(done, std::max(deadline.at, bus_->clock.now())));
        const std::lock_guard lock(bus_->mutex);
        require_plugged(operation);
        if (done > deadline.at)
            fail(ErrorKind::timeout, operation, "the device did not take it by the deadline");
    }

    std::shared_ptr<Bus> bus_;
};

class Gadget final : public UsbGadget {
public:
    explicit Gadget(std::shared_ptr<Bus> bus) : bus_(std::move(bus)) {}
    ~Gadget() override { unplug(); }

    void on_control(OnControl act) override {
        const std::lock_guard lock(bus_->mutex);
        bus_->on_control = std::move(act);
    }
    void on_write(OnWrite act) override {
        const std::lock_guard lock(bus_->mutex);
        bus_->on_write = std::move(act);
    }
    void send(std::uint8_t endpoint, std::span<const std::byte> bytes) override {
        {
            const std::lock_guard lock(bus_->mutex);
            Endpoint& e = bus_->endpoints.at(endpoint);
            std::size_t begin = 0;
            do {
                const auto part =
                    bytes.subspan(begin, std::min(e.packet_bytes, bytes.size() - begin));
                e.packets.emplace_back(part.begin(), part.end());
                e.unread_bytes += part.size();
                begin += part.size();
            } while (begin < bytes.size());
        }
        bus_->clock.call_at(bus_->clock.now() + bus_->transfer_time, [bus = bus_, endpoint] {
            const std::lock_guard inner(bus->mutex);
            Bus::move_packets(bus->endpoints.at(endpoint));
        });
    }
    std::size_t unread(std::uint8_t endpoint) const override {
        const std::lock_guard lock(bus_->mutex);
        return bus_->endpoints.at(endpoint).unread_bytes;
    }
    void flush(std::uint8_t endpoint) override {
        const std::lock_guard lock(bus_->mutex);
        Bus::forget_packets(bus_->endpoints.at(endpoint));
    }
    void stall(std::uint8_t endpoint) override {
        const std::lock_guard lock(bus_->mutex);
        Endpoint& e = bus_->endpoints.at(endpoint);
        e.halted = true;
        Bus::forget_packets(e);
        Bus::move_packets(e);
    }
    void unplug() override {
        const std::lock_guard lock(bus_->mutex);
        bus_->plugged = false;
        bus_->on_control = {};
        bus_->on_write = {};
        for (auto& [address, endpoint] : bus_->endpoints)
            while (!endpoint.waiting.empty()) Bus::finish(endpoint, UsbOutcome::failed);
    }

private:
    std::shared_ptr<Bus> bus_;
};

}  // namespace

MemoryUsb make_memory_usb(VirtualClock& clock, hal::UsbDeviceInfo info,
                          hal::Duration transfer_time) {
    assert(transfer_time > hal::Duration{0} && "a busy device would be asked for ever in no time");
    auto bus = std::make_shared<Bus>(clock, std::move(info), transfer_time);
    return {std::make_unique<Host>(bus), std::make_unique<Gadget>(bus)};
}

}  // namespace opal::sim
