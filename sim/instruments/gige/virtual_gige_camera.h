// VirtualGigeCamera: a camera on the optical table that speaks GigE Vision, refusing what a real
// one refuses with the status codes a real one uses.
//
//   client --GVCP--> control port   registers, privilege, heartbeat
//   client <--GVSP-- stream port    frames of the table's sensor, test packets, packets again
//
// It reacts and never waits: whoever owns the ports hands it datagrams (handle()), and the table's
// clock calls it when a frame is ready or a heartbeat is due. The same on virtual and on real time.
#pragma once

#include "hal/udp_port.h"
#include "protocol/gvcp_identity.h"
#include "sim/instruments/genicam/camera_body.h"
#include "sim/instruments/gige/gige_messages.h"
#include "sim/instruments/gige/gige_stream.h"
#include "sim/table/optical_table.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace opal::sim {

struct GigeCameraOptions {
    std::string serial = "SIM-1";  // up to 16 characters
    std::string user_name;
    std::string model = "VirtualGigE";
    std::vector<std::string> pixel_formats;  // that it offers, by name; empty: all
    std::uint32_t subnet_mask = 0;  // of its address; 0: 255.0.0.0 on loopback, else 255.255.255.0
    StreamFaults faults;
    int threads = 0;                // that render frames; 0: all cores
    std::uint64_t first_block = 1;  // where block ids start, to see them wrap early
    std::uint32_t link_mbit = 0;    // packets leave no faster than this; 0: at once
};

class VirtualGigeCamera final : private CameraWire {
public:
    // The ports outlive the camera; their host is the address it gives as its own. `control` sends
    // acknowledges, `stream` everything else.
    VirtualGigeCamera(OpticalTable& table, const Scene& scene, hal::UdpPort& control,
                      hal::UdpPort& stream, GigeCameraOptions options = {});
    ~VirtualGigeCamera();
    VirtualGigeCamera(const VirtualGigeCamera&) = delete;
    VirtualGigeCamera& operator=(const VirtualGigeCamera&) = delete;

    // A datagram has come to the control port.
    void handle(hal::UdpAddress from, std::span<const std::byte> datagram);

    const protocol::gvcp::Identity& identity() const { return identity_; }
    std::optional<hal::UdpAddress> owner();
    void set_faults(const StreamFaults& faults);
    // As someone pulling the power plug: privilege, settings and stream are gone at once.
    void reboot();

private:
    using Status = protocol::gvcp::Status;
    struct Answered {
        hal::UdpAddress from;
        std::vector<std::byte> command;
        std::vector<std::byte> ack;
        hal::Duration at{0};
    };

    // Control (virtual_gige_camera.cpp).
    void acknowledge(hal::UdpAddress to, std::span<const std::byte> ack);
    hal::UdpAddress reachable(hal::UdpAddress from,
                              const protocol::gvcp::CommandDatagram& command) const;
    std::size_t answer(hal::UdpAddress from, const protocol::gvcp::CommandDatagram& command,
                       std::span<std::byte> ack);
    std::size_t answer_reads(hal::UdpAddress from, const protocol::gvcp::CommandDatagram& command,
                             std::span<std::byte> ack);
    std::size_t answer_writes(hal::UdpAddress from, const protocol::gvcp::CommandDatagram& command,
                              std::span<std::byte> ack);
    Status read_allowed(hal::UdpAddress from) const;
    Status write(hal::UdpAddress from, std::uint32_t address, std::uint32_t value);
    Status take_or_give_control(hal::UdpAddress from, std::uint32_t value);
    void release_control();
    void note_heartbeat();
    void watch_heartbeat();
    void check_heartbeat();
    bool repeated(hal::UdpAddress from, std::span<const std::byte> command);

    // Registers (gige_camera_settings.cpp).
    void fill_memory(const SensorScene& sensor);
    Status check_setting(std::uint32_t address, std::uint32_t value) const;
    void apply(std::uint32_t address, std::uint32_t value);
    void load_defaults() override;
    void restart() override;

    // Stream (gige_camera_sending.cpp).
    bool can_stream() const override;
    void send_frame(const hal::Frame& frame) override;
    void triggers_missed(std::uint64_t count) override;
    hal::Duration link_time(std::size_t payload_bytes) const override;
    void continue_sending();
    void send_event(std::uint16_t number, hal::UdpAddress to);
    void aim_stream();

    hal::UdpPort& control_;
    const GigeCameraOptions options_;
    protocol::gvcp::Identity identity_;
    CameraMemory memory_{CameraMemory::Order::big_endian};
    GigeStream stream_;

    std::optional<hal::UdpAddress> owner_;
    bool exclusive_ = false;
    hal::Duration last_heartbeat_{0};
    std::optional<hal::Duration> heartbeat_look_;  // when it is looked at next
    std::deque<Answered> answered_;
    hal::Duration timestamp_zero_{0};

    GigeMessages messages_;
    bool sending_ = false;  // continue_sending() will be called
    CameraBody body_;       // last: it is gone before what it works with
};

}  // namespace opal::sim
