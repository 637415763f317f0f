// GigeCamera: hal::Camera over GigE Vision. It holds the control privilege as long as it lives,
// keeps it with heartbeats, and puts frames together from the stream.
//
//   control port --GVCP--> camera:3956     features, heartbeat
//   stream port  <--GVSP-- camera          frames; packets that are missing are asked for again
#pragma once

#include "drivers/genapi/wire_camera.h"
#include "drivers/gige/control_channel.h"
#include "drivers/gige/message_channel.h"
#include "drivers/gige/stream_receiver.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace opal::drivers::gige {

struct GigeOptions {
    ControlTiming control;
    genapi::CameraFeatureOptions features;
    std::uint32_t packet_size = 0;  // of the whole IP datagram; 0: the largest that passes
    std::uint32_t path_mtu = 1500;  // of the interface: larger packets are not tried
    hal::Duration packet_delay{0};  // between packets, where several cameras share a link
    bool extended_ids = false;      // 64-bit block ids, where the camera has them
    bool resend = true;
    hal::Duration heartbeat = std::chrono::seconds(3);  // the camera lets go after this silence
    // False where time is virtual: no threads; heartbeats are turned off in the camera.
    bool own_threads = true;
};

// The ports of one camera; local().host is the address the camera sends to. Without `messages` the
// camera's events are not heard.
struct GigePorts {
    std::unique_ptr<hal::UdpPort> control;
    std::unique_ptr<hal::UdpPort> stream;
    std::unique_ptr<hal::UdpPort> messages;
};

class GigeCamera final : public genapi::WireCamera {
public:
    // Takes control of the camera. Throws DeviceError: timeout (nobody there), refused (another
    // program controls it), corrupt, unsupported.
    GigeCamera(GigePorts ports, hal::UdpAddress device, hal::Clock& clock, GigeOptions options);
    ~GigeCamera() override;
    GigeCamera(const GigeCamera&) = delete;
    GigeCamera& operator=(const GigeCamera&) = delete;

    AssemblerStatistics statistics() { return receiver_->statistics(); }
    std::uint32_t packet_size() const { return packet_size_; }
    hal::UdpPortStatus stream_status() { return ports_.stream->status(); }

private:
    // Who controls the camera.
    struct Control {
        std::uint32_t privilege = 0;
        hal::UdpAddress application;  // where the camera tells
    };

    void take_control();
    void settle_control();
    void settle_heartbeat();
    Control read_control();
    std::string check_control();
    void open_messages();
    std::optional<std::uint16_t> missed_trigger_event();
    void open_stream();
    std::uint16_t stream_source_port();
    std::uint64_t camera_tick();
    void keep_alive(const std::stop_token& stop);
    void lose(std::string reason);
    void require_alive(const char* operation) override;
    void begin_stream(std::size_t payload_bytes, std::uint64_t room) override;
    void end_stream() override { receiver_->end(); }
    std::uint64_t missed_trigger_events() override;
    std::optional<genapi::WireFrame> next_frame(hal::Deadline deadline) override;
    void recycle(std::vector<std::byte> data) override { receiver_->recycle(std::move(data)); }
    protocol::ByteOrder chunk_order() const override { return protocol::ByteOrder::big_endian; }

    GigePorts ports_;
    hal::Clock& clock_;
    const GigeOptions options_;
    ControlChannel control_;
    std::unique_ptr<StreamReceiver> receiver_;
    std::unique_ptr<MessageChannel> messages_;  // where missed triggers are told as events
    std::uint16_t missed_event_ = 0;
    std::uint64_t tick_hz_ = 0;
    std::uint32_t packet_size_ = 1500;
    bool can_resend_ = false;
    bool tells_application_ = false;
    Control ours_;  // when control was taken
    bool heartbeat_settable_ = false;
    std::uint32_t heartbeat_ms_ = 0;  // what the camera accepted; 0: it does not tell

    std::mutex lost_mutex_;
    std::condition_variable_any ending_;
    std::optional<std::string> lost_;  // why the camera is gone
    std::jthread heartbeat_;
};

}  // namespace opal::drivers::gige
