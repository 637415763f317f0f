// U3vCamera: hal::Camera over USB3 Vision. It claims the camera's interfaces as long as it lives
// and puts frames together from the stream.
//
//   control interface  <--GenCP--> registers    features, what transfers the stream consists of
//   stream interface   <--bulk IN-- camera      frames, straight into their storage
#pragma once

#include "drivers/genapi/wire_camera.h"
#include "drivers/u3v/control_channel.h"
#include "drivers/u3v/stream_receiver.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace opal::drivers::u3v {

struct U3vOptions {
    ControlTiming control;
    StreamOptions stream;
    genapi::CameraFeatureOptions features;
    // False where time is virtual: no thread reads ahead of receive().
    bool own_threads = true;
};

class U3vCamera final : public genapi::WireCamera {
public:
    // Throws DeviceError: unsupported (no USB3 Vision camera), refused (in use), timeout, corrupt.
    // `clock`: that of the device; outlives the camera.
    U3vCamera(std::unique_ptr<hal::UsbDevice> usb, hal::Clock& clock, U3vOptions options = {});
    ~U3vCamera() override;
    U3vCamera(const U3vCamera&) = delete;
    U3vCamera& operator=(const U3vCamera&) = delete;

    // The camera's clock now, by its latch; the same clock as Frame::device_time.
    hal::Duration device_time();
    StreamStatistics statistics() { return receiver_->statistics(); }
    const ControlChannel& control() const { return *control_; }
    const hal::UsbDeviceInfo& usb() const { return usb_->info(); }

private:
    void require_alive(const char*) override {}  // a call to a device that is gone says so
    void begin_stream(std::size_t payload_bytes, std::uint64_t room) override;
    void end_stream() override { receiver_->end(); }
    void close_stream() override;
    std::optional<genapi::WireFrame> next_frame(hal::Deadline deadline) override {
        return receiver_->receive(deadline);
    }
    void recycle(std::vector<std::byte> data) override { receiver_->recycle(std::move(data)); }
    protocol::ByteOrder chunk_order() const override { return protocol::ByteOrder::little_endian; }
    StreamReader::Sizes sizes_of_a_frame();
    void enable(bool on);

    protocol::u3v::Interfaces interfaces_;
    std::unique_ptr<StreamReceiver> receiver_;
    std::unique_ptr<hal::UsbDevice> usb_;  // gone before the rooms of its reads are
    std::unique_ptr<ControlChannel> control_;
    std::uint32_t largest_transfer_ = 0;
    std::uint64_t sirm_ = 0;  // address of the stream's registers
    std::optional<StreamReader::Sizes> programmed_;
    std::mutex stream_mutex_;  // of the register that switches the stream
    bool streaming_ = false;
};

// The interfaces of an opened device, claimed, and its registers: for reading features without a
// camera's stream.
struct OpenControl {
    std::unique_ptr<hal::UsbDevice> usb;
    std::unique_ptr<ControlChannel> channel;
};
OpenControl open_control(std::unique_ptr<hal::UsbDevice> usb, hal::Clock& clock,
                         ControlTiming timing = {});

}  // namespace opal::drivers::u3v
