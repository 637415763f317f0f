// UsbIpDevice: a UsbGadget whose host is whoever imported it over USB/IP: usually a Linux kernel.
// It keeps the queues of its endpoints, and answers the standard requests; descriptors only if the
// instrument does not. The instrument behind it sees what it sees at a MemoryUsb.
//
//   connection                      UsbIpDevice                instrument
//   Submit, OUT       --->          on_control, on_write --->
//   Submit, IN        --->  waits     <--- send(0x81, bytes)
//   Submitted, data   <---
//
// Rule: calls of the connection come from one thread; the instrument's from any.
#pragma once

#include "protocol/usbip.h"
#include "sim/doors/memory_usb.h"
#include "sim/doors/usb_descriptors.h"

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

namespace opal::sim {

class UsbIpDevice final : public UsbGadget {
public:
    struct Reply {
        protocol::usbip::UrbMessage message;
        std::vector<std::byte> data;  // of a read
    };
    // Takes a reply for sending; must not wait and must not call the device.
    using Sink = std::function<void(Reply)>;

    UsbIpDevice(hal::UsbDeviceInfo info, UsbPersonality personality);

    // Called before the instrument hears of anything: a table on the host's time catches up.
    void before_calls(std::function<void()> act);

    // For the instrument. unplug() ends the import; plug_in() makes another one possible. After
    // on_control({}) or on_write({}) nothing that was set before is running.
    void on_control(OnControl act) override;
    void on_write(OnWrite act) override;
    void send(std::uint8_t endpoint, std::span<const std::byte> bytes) override;
    std::size_t unread(std::uint8_t endpoint) const override;
    void flush(std::uint8_t endpoint) override;
    void stall(std::uint8_t endpoint) override;
    void unplug() override;
    void plug_in();

    // For the connection. connect(): false if it is unplugged or another host has it.
    bool connect(Sink sink);
    void disconnect();
    bool connected() const;  // and plugged in
    bool plugged_in() const;
    // False: more waits than any host would let wait, and this was not taken.
    bool submit(const protocol::usbip::Submit& message, std::span<const std::byte> data);
    void unlink(const protocol::usbip::Unlink& message);
    // Writes for which the instrument was busy, once more. True: some still wait.
    bool retry_writes();

    // As it is listed, without its place on the bus.
    protocol::usbip::Device description() const;
    const hal::UsbDeviceInfo& info() const { return info_; }

private:
    using Submit = protocol::usbip::Submit;
    struct Urb {
        Submit message;
        std::vector<std::byte> data;  // to be written, or read so far
    };
    struct Chunk {  // what one send() brought, and how much of it was read
        std::vector<std::byte> bytes;
        std::size_t begin = 0;
    };
    struct Queue {
        std::size_t packet_bytes = 64;
        bool halted = false;
        std::deque<Urb> urbs;
        std::deque<Chunk> chunks;  // IN
        std::size_t unread_bytes = 0;
        std::size_t unwritten_bytes = 0;  // OUT: of the urbs

        void forget();
    };
    struct Setup : hal::UsbSetup {
        std::uint16_t length = 0;
    };

    bool has_room_for(std::size_t bytes) const;
    void control(const Submit& message, std::span<const std::byte> data);
    Answer answer(const Setup& setup, std::span<const std::byte> data);
    // Nothing: not a standard request of this device, the instrument is asked.
    std::optional<Answer> standard_answer(const Setup& setup);
    Answer descriptor(std::uint8_t type, std::uint8_t index) const;
    std::optional<Answer> endpoint_answer(const Setup& setup);
    void write_waiting(std::uint8_t address);
    void read_waiting(Queue& queue);
    // True: the read is finished, with this status.
    static std::optional<std::int32_t> take_chunk(Queue& queue, Urb& urb);
    void finish(Queue& queue, std::int32_t status);
    void reply(const Submit& message, std::int32_t status, std::vector<std::byte> data);
    void reply_written(const Submit& message, std::int32_t status, std::uint32_t length);
    void reset();

    const hal::UsbDeviceInfo info_;
    const UsbPersonality personality_;
    std::recursive_mutex acting_;  // held while the instrument is called; before mutex_
    std::function<void()> before_calls_;
    OnControl on_control_;
    OnWrite on_write_;
    mutable std::mutex mutex_;
    bool plugged_ = true;
    bool taken_ = false;  // from connect() to disconnect()
    Sink sink_;           // empty once it is unplugged
    std::uint8_t configuration_ = 0;
    std::map<std::uint8_t, Queue> queues_;
};

}  // namespace opal::sim
