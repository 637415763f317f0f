// CameraBody: what a virtual GenICam camera does whatever wire it hangs on: the feature registers
// and what follows from them, exposures of the table's sensor, test patterns, and the payload a
// frame becomes. The wire (CameraWire) reads and writes CameraMemory for its client and sends what
// it is handed.
//
//   client --wire--> CameraMemory --check(), apply()--> CameraBody --send_frame()--> wire
//
// It reacts and never waits: the table's clock calls it when a frame is ready. Rule: everything
// happens under mutex(); the wire locks it when its client wants something.
#pragma once

#include "hal/camera.h"
#include "protocol/pixel_code.h"
#include "sim/instruments/genicam/camera_memory.h"
#include "sim/table/triggered_sensor.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace opal::sim {

// Calls come under the body's mutex, from the client's or the clock's thread.
class CameraWire {
public:
    virtual ~CameraWire() = default;
    virtual bool can_stream() const = 0;  // somebody will take frames
    virtual void send_frame(const hal::Frame& frame) = 0;
    // How long the link takes for a frame. The sensor is not ready for another before.
    virtual hal::Duration link_time(std::size_t payload_bytes) const {
        (void)payload_bytes;
        return hal::Duration{0};
    }
    // So many edges came while the sensor was busy.
    virtual void triggers_missed(std::uint64_t count) { (void)count; }
    virtual void load_defaults() = 0;  // of the wire's own settings
    virtual void restart() = 0;        // as after pulling the plug
};

class CameraBody final : private TableWatcher {
public:
    using Status = protocol::gvcp::Status;

    // All outlive the body: make it the last member of its wire. Adds its registers to `memory`.
    CameraBody(OpticalTable& table, const SensorScene& sensor, CameraMemory& memory,
               CameraWire& wire, int threads, std::uint64_t exposures_before = 0);
    ~CameraBody();
    CameraBody(const CameraBody&) = delete;
    CameraBody& operator=(const CameraBody&) = delete;

    std::mutex& mutex() { return life_->mutex; }
    // Under the mutex, unless the body is gone by then. May be called under the table's lock: only
    // asks the clock.
    void call_at(hal::Duration when, std::function<void()> act);
    hal::Duration now() const { return table_.now(); }

    // Whether a value that its register can hold may be written now; every register of the body
    // and, if it shapes frames, of the wire.
    Status check(std::uint32_t address, std::uint32_t value) const;
    void apply(std::uint32_t address);  // checked and written before
    void refresh();                     // registers that follow from others
    void set_defaults();
    void stop();
    bool acquiring() const { return acquiring_; }
    std::uint64_t exposures_taken();  // up to the last stop(), those before it was made included
    // Registers that a frame's shape hangs on, and whether they stay as they are for now.
    static bool shapes_frames(std::uint32_t address);
    bool locked() const;

    hal::CameraSettings settings() const;
    protocol::PixelCode wire_code() const;
    std::size_t payload_bytes() const;
    bool with_chunks() const;
    // The frame as it goes over the wire: packed, and with its chunks.
    void write_payload(const hal::Frame& frame, std::vector<std::byte>& payload) const;

private:
    struct Life {
        std::mutex mutex;
        bool over = false;
    };

    void before_change(hal::Duration) override {}
    void after_change(hal::Duration at) override;
    hal::Duration oldest_needed(hal::Duration at) override { return at; }

    // Registers (camera_body.cpp).
    void add_registers();
    std::uint32_t sensor_black_milli_dn() const;
    bool has_chunk(std::uint32_t selected) const;
    void adjust(hal::Frame& frame) const;  // gain and black level
    hal::Duration readout() const;
    hal::Duration busy() const;
    void append_chunk(std::vector<std::byte>& data, std::uint32_t id,
                      std::span<const std::byte> value) const;

    // Acquisition (camera_body_acquisition.cpp).
    void start();
    void schedule_frame();
    void frame_due();
    void tell_missed();
    void free_run_due();
    void send(hal::Frame& frame);
    void draw_test_pattern(hal::Frame& frame, std::uint64_t number) const;

    OpticalTable& table_;
    const SensorScene scene_;
    CameraMemory& memory_;
    CameraWire& wire_;
    std::shared_ptr<Life> life_ = std::make_shared<Life>();
    TriggeredSensor sensor_;

    bool acquiring_ = false;
    bool triggered_ = false;    // by line or software
    bool from_sensor_ = false;  // else a test pattern
    std::uint64_t frames_sent_ = 0;
    std::uint64_t frames_wanted_ = 0;  // 0: no end
    hal::Duration next_free_run_{0};
    std::uint64_t missed_before_ = 0;
    std::uint64_t missed_told_ = 0;           // of this acquisition
    std::optional<hal::Duration> frame_act_;  // when frame_due() is called; the table's lock
    hal::Frame frame_;
};

}  // namespace opal::sim
