// VirtualU3vCamera: a camera on the optical table that speaks USB3 Vision, refusing what a real one
// refuses with the status codes a real one uses.
//
//   host --bulk OUT 0x01--> commands      <--bulk IN 0x81-- acknowledges
//   host <--bulk IN 0x82-- leader, payload in the transfers the host has programmed, trailer
//   host --control--> descriptors, halting and clearing endpoints
//
// It reacts and never waits: the door (UsbGadget) hands it what the host sends, and the table's
// clock calls it when a frame is ready. The same on virtual and on real time.
#pragma once

#include "protocol/u3v_control.h"
#include "protocol/u3v_interfaces.h"
#include "sim/doors/memory_usb.h"
#include "sim/doors/usb_descriptors.h"
#include "sim/instruments/genicam/camera_body.h"
#include "sim/instruments/u3v/u3v_faults.h"
#include "sim/table/optical_table.h"

#include <cstdint>
#include <string>
#include <vector>

namespace opal::sim {

struct U3vCameraOptions {
    std::string serial = "SIM-1";  // up to 63 characters
    std::string user_name;
    std::string model = "VirtualU3V";
    std::uint8_t speed = protocol::u3v::super_speed;
    U3vFaults faults;
    int threads = 0;                                    // that render frames; 0: all cores
    std::uint32_t max_response_ms = 300;                // it says so, whatever it does
    std::uint32_t alignment_bits = 10;                  // transfers are multiples of 2^this bytes
    std::size_t buffer_bytes = std::size_t{128} << 20;  // frames nobody has read yet
    std::uint64_t exposures_before = 0;                 // in its life: noise is drawn by number
    // Frames nobody has read survive the end of the stream and a CLEAR_FEATURE of an endpoint that
    // is not halted: whoever opens the stream next reads them, unless it sets the halt first.
    bool keeps_unread = false;
    double link_bytes_per_s = 0;  // the sensor waits for its frame to travel; 0: as fast as it may
};

class VirtualU3vCamera final : private CameraWire {
public:
    static constexpr std::uint8_t command_endpoint = 0x01;
    static constexpr std::uint8_t ack_endpoint = 0x81;
    static constexpr std::uint8_t stream_endpoint = 0x82;
    // A vendor and a product for tests that never leave the house [pid.codes, 1209:0001].
    static constexpr std::uint16_t vendor_id = 0x1209;
    static constexpr std::uint16_t product_id = 0x0001;

    static constexpr std::uint32_t sbrm_address = 0x10000;
    static constexpr std::uint32_t sirm_address = 0x20000;

    // What a host sees of it before it is opened: make the door with this.
    static hal::UsbDeviceInfo usb_info(const U3vCameraOptions& options = {});
    static UsbPersonality usb_personality(const U3vCameraOptions& options = {});

    // The door outlives the camera.
    VirtualU3vCamera(OpticalTable& table, const Scene& scene, UsbGadget& usb,
                     U3vCameraOptions options = {});
    ~VirtualU3vCamera();
    VirtualU3vCamera(const VirtualU3vCamera&) = delete;
    VirtualU3vCamera& operator=(const VirtualU3vCamera&) = delete;

    void set_faults(const U3vFaults& faults);
    // Of the next frame, and of the next command; whatever the shares of `faults` say.
    void spoil_next_frame(U3vFaults::Fate fate);
    void spoil_next_reply(U3vFaults::Reply reply, hal::Duration late);
    // Frames that were not sent because the host left too many unread, since acquisition started.
    std::uint64_t dropped_frames();
    std::uint64_t exposures_taken() { return body_.exposures_taken(); }  // up to the last stop

private:
    using Status = protocol::u3v::Status;

    // Control (virtual_u3v_camera.cpp).
    UsbGadget::Verdict take_command(std::span<const std::byte> bytes);
    std::size_t answer(const protocol::u3v::CommandPacket& command, std::span<std::byte> ack);
    void reply(std::uint16_t id, std::vector<std::byte> ack);
    Status read(std::uint64_t address, std::span<std::byte> into);
    Status write(std::uint64_t address, std::span<const std::byte> bytes);
    Status write_word(std::uint32_t address, std::uint32_t value);

    // USB itself (u3v_camera_usb.cpp).
    UsbGadget::Answer take_setup(const hal::UsbSetup& setup);
    UsbGadget::Answer descriptor(std::uint16_t value) const;
    void halt(std::uint8_t endpoint);
    void clear_halt(std::uint8_t endpoint);

    // Registers (u3v_camera_registers.cpp).
    void fill_memory(const SensorScene& sensor);
    Status check(std::uint32_t address, std::uint32_t value) const;
    Status check_stream_sizes() const;
    void apply(std::uint32_t address, std::uint32_t value);
    void refresh();
    void set_wide(std::uint32_t address, std::uint64_t value);
    void load_defaults() override {}  // a host writes the stream's sizes before each stream
    void restart() override;

    // Stream (u3v_camera_stream.cpp).
    bool stream_on() const;
    bool can_stream() const override { return stream_on(); }
    hal::Duration link_time(std::size_t payload_bytes) const override;
    void send_frame(const hal::Frame& frame) override;
    void send_payload(std::span<const std::byte> payload);

    UsbGadget& usb_;
    const U3vCameraOptions options_;
    U3vFaults faults_;
    U3vFaults::Fate next_fate_ = U3vFaults::Fate::fine;
    U3vFaults::Reply next_reply_ = U3vFaults::Reply::fine;
    hal::Duration next_reply_late_{0};
    CameraMemory memory_{CameraMemory::Order::little_endian};
    std::vector<std::byte> last_ack_;
    std::uint64_t commands_ = 0;
    std::uint64_t dropped_ = 0;
    bool halted_ = false;  // the stream endpoint
    std::vector<std::byte> payload_;
    CameraBody body_;  // last: it is gone before what it works with
};

}  // namespace opal::sim
