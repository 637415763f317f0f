// LibusbDevice: reads are queued in the kernel; whoever waits in reap() lets libusb handle their
// completions, so no thread is needed.
#include "drivers/libusb_device.h"

#include "drivers/libusb_error.h"
#include "drivers/libusb_handles.h"
#include "hal/error.h"

#include <fmt/format.h>
#include <libusb-1.0/libusb.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <new>
#include <set>
#include <utility>

namespace opal::drivers {

using hal::DeviceError;
using hal::ErrorKind;
using hal::UsbOutcome;
using hal::UsbTransfer;
using libusb::Context;
using libusb::Handle;

namespace {

// libusb's timeout: milliseconds, rounded up; 0 would mean for ever. Nothing left: 0, do not ask.
unsigned timeout_ms(hal::Deadline deadline) {
    const hal::SteadyClock clock;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.left(clock));
    return static_cast<unsigned>(std::min<std::int64_t>(left.count(), 3'600'000));
}

struct Endpoint {
    int interface = 0;
    bool interrupt = false;
    // A submitted read and libusb's side of it, which is used again.
    struct Read {
        UsbTransfer* transfer = nullptr;
        libusb_transfer* system = nullptr;
        // Set by whichever thread handles the event. libusb reads it too, under its own lock, so
        // that nobody waits for an event that another thread has just handled.
        int done_flag = 0;
        bool done() { return std::atomic_ref(done_flag).load() != 0; }
        void set_done(bool value) { std::atomic_ref(done_flag).store(value ? 1 : 0); }
        std::atomic<bool>* device_gone = nullptr;
    };
    std::deque<std::unique_ptr<Read>> waiting;  // in the order of submission
    std::vector<std::unique_ptr<Read>> spare;
};

void LIBUSB_CALL on_complete(libusb_transfer* system) {
    auto& read = *static_cast<Endpoint::Read*>(system->user_data);
    read.transfer->length = static_cast<std::size_t>(std::max(system->actual_length, 0));
    switch (system->status) {
        case LIBUSB_TRANSFER_COMPLETED:
            read.transfer->outcome = UsbOutcome::complete;
            break;
        case LIBUSB_TRANSFER_CANCELLED:
        case LIBUSB_TRANSFER_TIMED_OUT:
            read.transfer->outcome = UsbOutcome::cancelled;
            break;
        case LIBUSB_TRANSFER_STALL:
            read.transfer->outcome = UsbOutcome::stalled;
            break;
        case LIBUSB_TRANSFER_OVERFLOW:
            read.transfer->outcome = UsbOutcome::overflow;
            break;
        case LIBUSB_TRANSFER_NO_DEVICE:
            *read.device_gone = true;
            read.transfer->outcome = UsbOutcome::failed;
            break;
        case LIBUSB_TRANSFER_ERROR:
            read.transfer->outcome = UsbOutcome::failed;
            break;
    }
    read.set_done(true);
}

class LibusbDevice final : public hal::UsbDevice {
public:
    LibusbDevice(Context context, Handle handle, hal::UsbDeviceInfo info,
                 std::shared_ptr<void> node)
        : node_(std::move(node)),
          context_(std::move(context)),
          handle_(std::move(handle)),
          info_(std::move(info)) {
        libusb_set_auto_detach_kernel_driver(handle_.get(), 1);
        read_descriptors();
    }

    ~LibusbDevice() override {
        for (auto& [address, endpoint] : endpoints_)
            for (const auto& read : endpoint.waiting) libusb_cancel_transfer(read->system);
        // Rooms are the caller's: no read may be under way when this returns.
        const hal::SteadyClock clock;
        const auto deadline = hal::Deadline::after(clock, std::chrono::seconds(2));
        for (auto& [address, endpoint] : endpoints_) {
            for (auto& read : endpoint.waiting) {
                while (!read->done() && !deadline.passed(clock))
                    if (!events_work(
                            handle_events(std::chrono::milliseconds(100), read->done_flag)))
                        break;
                // A read that does not end is libusb's for good: closing the device below makes the
                // system forget it, but freeing it here would pull it from under libusb.
                if (read->done())
                    libusb_free_transfer(read->system);
                else
                    static_cast<void>(read.release());
            }
            for (const auto& read : endpoint.spare) libusb_free_transfer(read->system);
        }
        for (const int interface : claimed_) libusb_release_interface(handle_.get(), interface);
    }

    const hal::UsbDeviceInfo& info() const override { return info_; }
    hal::Time now() const override { return hal::SteadyClock{}.now(); }

    void claim(int interface) override {
        require_present("claim");
        if (claimed_.contains(interface)) return;
        const int result = libusb_claim_interface(handle_.get(), interface);
        // What the kernel says of an interface that does not exist when its drivers are detached.
        check(result == LIBUSB_ERROR_INVALID_PARAM ? LIBUSB_ERROR_NOT_FOUND : result, "claim");
        claimed_.insert(interface);
    }

    std::size_t control(const hal::UsbSetup& setup, std::span<std::byte> data,
                        hal::Deadline deadline) override {
        require_present("control");
        if (data.size() > 0xFFFF)
            fail(ErrorKind::out_of_range, "control",
                 fmt::format("{} bytes asked; at most 65535 are possible", data.size()));
        const unsigned timeout = timeout_ms(deadline);
        if (timeout == 0) check(LIBUSB_ERROR_TIMEOUT, "control");
        const int moved =
            libusb_control_transfer(handle_.get(), setup.request_type, setup.request, setup.value,
                                    setup.index, reinterpret_cast<unsigned char*>(data.data()),
                                    static_cast<std::uint16_t>(data.size()), timeout);
        check(moved, "control");
        return static_cast<std::size_t>(moved);
    }

    void write(std::uint8_t endpoint, std::span<const std::byte> bytes,
               hal::Deadline deadline) override {
        const Endpoint& e = find("write", endpoint);
        const unsigned timeout = timeout_ms(deadline);
        if (timeout == 0) check(LIBUSB_ERROR_TIMEOUT, "write");
        // libusb does not write through this pointer for OUT endpoints.
        auto* const data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data()));
        int moved = 0;
        const auto transfer = e.interrupt ? libusb_interrupt_transfer : libusb_bulk_transfer;
        const int result = transfer(handle_.get(), endpoint, data, static_cast<int>(bytes.size()),
                                    &moved, timeout);
        if (result == LIBUSB_ERROR_TIMEOUT)
            fail(ErrorKind::timeout, "write",
                 fmt::format("{} of {} bytes taken when the deadline passed", moved, bytes.size()));
        check(result, "write");
    }

    void submit(std::uint8_t endpoint, UsbTransfer& transfer) override {
        Endpoint& e = find("submit", endpoint);
        if (e.spare.empty()) {
            auto fresh = std::make_unique<Endpoint::Read>();
            fresh->system = libusb_alloc_transfer(0);
            if (!fresh->system) throw std::bad_alloc();
            fresh->device_gone = &gone_;
            e.spare.push_back(std::move(fresh));
        }
        Endpoint::Read& read = *e.spare.back();
        auto* const room = reinterpret_cast<unsigned char*>(transfer.room.data());
        const int size = static_cast<int>(transfer.room.size());
        if (e.interrupt)
            libusb_fill_interrupt_transfer(read.system, handle_.get(), endpoint, room, size,
                                           on_complete, &read, 0);
        else
            libusb_fill_bulk_transfer(read.system, handle_.get(), endpoint, room, size, on_complete,
                                      &read, 0);
        read.transfer = &transfer;
        read.set_done(false);
        transfer.length = 0;
        transfer.outcome = UsbOutcome::pending;
        check(libusb_submit_transfer(read.system), "submit");
        e.waiting.push_back(std::move(e.spare.back()));
        e.spare.pop_back();
    }

    UsbTransfer* reap(std::uint8_t endpoint, hal::Deadline deadline) override {
        const hal::SteadyClock clock;
        for (;;) {
            const auto found = endpoints_.find(endpoint);
            if (found == endpoints_.end() || found->second.waiting.empty()) {
                find("reap", endpoint);
                return nullptr;
            }
            Endpoint& e = found->second;
            if (e.waiting.front()->done()) {
                UsbTransfer* const transfer = e.waiting.front()->transfer;
                e.spare.push_back(std::move(e.waiting.front()));
                e.waiting.pop_front();
                return transfer;
            }
            const bool last_look = deadline.passed(clock);
            const int handled =
                handle_events(std::min<hal::Duration>(deadline.left(clock), std::chrono::hours(1)),
                              e.waiting.front()->done_flag);
            if (!events_work(handled) && !e.waiting.front()->done()) check(handled, "reap");
            if (last_look && !e.waiting.front()->done()) return nullptr;
        }
    }

    void cancel(std::uint8_t endpoint) override {
        for (const auto& read : find("cancel", endpoint).waiting)
            if (!read->done()) libusb_cancel_transfer(read->system);
    }

    void clear_halt(std::uint8_t endpoint) override {
        find("clear_halt", endpoint);
        check(libusb_clear_halt(handle_.get(), endpoint), "clear_halt");
    }

private:
    [[noreturn]] void fail(ErrorKind kind, const char* operation, const std::string& text) const {
        throw DeviceError(kind, info_.product + " " + info_.place, operation, text);
    }
    void check(int result, const char* operation) {
        if (result >= 0) return;
        if (result == LIBUSB_ERROR_NO_DEVICE) gone_ = true;
        throw_usb_error(result, info_.product + " " + info_.place, operation);
    }
    void require_present(const char* operation) {
        if (gone_) check(LIBUSB_ERROR_NO_DEVICE, operation);
    }
    // The endpoint of a present device with its interface claimed.
    Endpoint& find(const char* operation, std::uint8_t endpoint) {
        require_present(operation);
        const auto found = endpoints_.find(endpoint);
        if (found == endpoints_.end())
            fail(ErrorKind::out_of_range, operation,
                 fmt::format("endpoint {:#04x} is in no descriptor of this device", endpoint));
        if (!claimed_.contains(found->second.interface))
            fail(ErrorKind::wrong_state, operation,
                 fmt::format("endpoint {:#04x} belongs to interface {}; claim() comes first",
                             endpoint, found->second.interface));
        return found->second;
    }
    // Whether asking again makes sense: a signal or another thread's turn is no failure.
    static bool events_work(int result) {
        return result >= 0 || result == LIBUSB_ERROR_INTERRUPTED ||
               result == LIBUSB_ERROR_TIMEOUT || result == LIBUSB_ERROR_BUSY;
    }
    int handle_events(hal::Duration span, int& done) {
        const auto us = std::chrono::ceil<std::chrono::microseconds>(span).count();
        timeval limit{us / 1'000'000, us % 1'000'000};
        return libusb_handle_events_timeout_completed(context_.get(), &limit, &done);
    }

    void read_descriptors() {
        std::vector<std::byte> bytes(4096);
        const int length = libusb_get_descriptor(handle_.get(), LIBUSB_DT_CONFIG, 0,
                                                 reinterpret_cast<unsigned char*>(bytes.data()),
                                                 static_cast<int>(bytes.size()));
        if (length > 0) {
            bytes.resize(static_cast<std::size_t>(length));
            info_.configuration = std::move(bytes);
        }
        libusb_config_descriptor* config = nullptr;
        check(libusb_get_active_config_descriptor(libusb_get_device(handle_.get()), &config),
              "open");
        for (int i = 0; i < config->bNumInterfaces; ++i) {
            if (config->interface[i].num_altsetting < 1) continue;
            const libusb_interface_descriptor& setting = config->interface[i].altsetting[0];
            for (int k = 0; k < setting.bNumEndpoints; ++k) {
                Endpoint& e = endpoints_[setting.endpoint[k].bEndpointAddress];
                e.interface = setting.bInterfaceNumber;
                e.interrupt = (setting.endpoint[k].bmAttributes & 3) ==
                              LIBUSB_ENDPOINT_TRANSFER_TYPE_INTERRUPT;
            }
        }
        libusb_free_config_descriptor(config);
    }

    std::shared_ptr<void> node_;  // closed after the handle that wraps it
    Context context_;
    Handle handle_;
    hal::UsbDeviceInfo info_;
    std::atomic<bool> gone_{false};
    std::set<int> claimed_;
    std::map<std::uint8_t, Endpoint> endpoints_;  // fixed after construction
};

}  // namespace

std::unique_ptr<hal::UsbDevice> make_libusb_device(libusb::Context context, libusb::Handle handle,
                                                   hal::UsbDeviceInfo info,
                                                   std::shared_ptr<void> node) {
    return std::make_unique<LibusbDevice>(std::move(context), std::move(handle), std::move(info),
                                          std::move(node));
}

}  // namespace opal::drivers
