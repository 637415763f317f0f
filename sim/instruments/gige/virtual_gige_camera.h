// VirtualGigeCamera: a camera on the optical table that speaks GigE Vision, refusing what a real
// one refuses with the status codes a real one uses.
//
//   client --GVCP--> control port   registers, privilege, heartbeat
//   client <--GVSP-- stream port    frames of the table's sensor, test packets, packets again
//
// It reacts and never waits: whoever owns the ports hands it datagrams (handle()), and the table's
// clock calls it when a frame is ready or a heartbeat is due. The same on virtual and on real time.
#pragma once

#include "hal/camera.h"
#include "protocol/gvcp_identity.h"
#include "sim/instruments/gige/camera_memory.h"
#include "sim/instruments/gige/gige_stream.h"
#include "sim/table/triggered_sensor.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace opal::sim {

struct GigeCameraOptions {
    std::string serial = "SIM-1";  // up to 16 characters
    std::string user_name;
    std::string model = "VirtualGigE";
    StreamFaults faults;
    int threads = 0;                // that render frames; 0: all cores
    std::uint64_t first_block = 1;  // where block ids start, to see them wrap early
    std::uint32_t link_mbit = 0;    // packets leave no faster than this; 0: at once
};

class VirtualGigeCamera final : private TableWatcher {
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
    struct Life {
        std::mutex mutex;
        VirtualGigeCamera* camera = nullptr;  // nullptr: gone
    };
    struct Answered {
        hal::UdpAddress from;
        std::vector<std::byte> command;
        std::vector<std::byte> ack;
        hal::Duration at{0};
    };

    void before_change(hal::Duration) override {}
    void after_change(hal::Duration at) override;
    hal::Duration oldest_needed(hal::Duration at) override { return at; }

    void call_at(hal::Duration when, void (VirtualGigeCamera::*act)());
    hal::Duration now() const { return table_.now(); }

    // Control (virtual_gige_camera.cpp).
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
    void check_heartbeat();
    bool repeated(hal::UdpAddress from, std::span<const std::byte> command);

    // Registers (gige_camera_settings.cpp).
    void fill_memory();
    void set_defaults();
    Status check_setting(std::uint32_t address, std::uint32_t value) const;
    void apply(std::uint32_t address, std::uint32_t value);
    void refresh();
    hal::CameraSettings settings() const;
    hal::Duration readout() const;
    hal::Duration busy() const;

    // Acquisition (gige_camera_acquisition.cpp).
    void start_acquisition();
    void stop_acquisition();
    void schedule_frame();
    void frame_due();
    void free_run_due();
    void send_frame(const hal::Frame& frame);
    void continue_sending();
    void draw_test_pattern(hal::Frame& frame, std::uint64_t number) const;
    hal::UdpAddress stream_destination() const;

    OpticalTable& table_;
    const SensorScene scene_;
    hal::UdpPort& control_;
    const GigeCameraOptions options_;
    protocol::gvcp::Identity identity_;
    std::shared_ptr<Life> life_ = std::make_shared<Life>();
    CameraMemory memory_;
    GigeStream stream_;
    TriggeredSensor sensor_;

    std::optional<hal::UdpAddress> owner_;
    bool exclusive_ = false;
    hal::Duration last_heartbeat_{0};
    bool heartbeat_watched_ = false;
    std::deque<Answered> answered_;
    hal::Duration timestamp_zero_{0};

    bool acquiring_ = false;
    bool triggered_ = false;    // by line or software
    bool from_sensor_ = false;  // else a test pattern
    std::uint64_t frames_sent_ = 0;
    std::uint64_t frames_wanted_ = 0;  // 0: no end
    hal::Duration next_free_run_{0};
    std::uint64_t missed_before_ = 0;
    bool sending_ = false;                    // continue_sending() will be called
    std::optional<hal::Duration> frame_act_;  // when frame_due() is called; the table's lock
    hal::Frame frame_;
};

}  // namespace opal::sim
