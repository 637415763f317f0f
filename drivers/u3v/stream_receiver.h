// StreamReceiver: reads the stream on a thread of its own while the camera is armed, or inside
// receive() where time is virtual and a waiting thread would make it pass.
#pragma once

#include "drivers/u3v/frame_store.h"
#include "drivers/u3v/stream_reader.h"

#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace opal::drivers::u3v {

class StreamReceiver {
public:
    // As of StreamReader; `clock` outlives the receiver's use too.
    StreamReceiver(hal::UsbDevice& usb, const protocol::u3v::Channel& endpoint, hal::Clock& clock,
                   std::string name, StreamOptions options, StreamReader::Enable enable,
                   bool own_thread);
    StreamReceiver(const StreamReceiver&) = delete;
    StreamReceiver& operator=(const StreamReceiver&) = delete;

    // Before begin().
    void reset_endpoint() { reader_.reset_endpoint(); }
    // A new run with room for so many frames. After it has thrown, end() comes next.
    void begin(const StreamReader::Sizes& sizes, std::uint64_t room);
    void end();
    // The oldest frame, or nothing when the deadline passed. Faults of the stream come out here.
    std::optional<genapi::WireFrame> receive(hal::Deadline deadline);
    void recycle(std::vector<std::byte> data) { store_.recycle(std::move(data)); }
    StreamStatistics statistics();

private:
    struct Publish;
    bool pump(hal::Deadline deadline);
    void run(const std::stop_token& stop);

    hal::Clock& clock_;
    const bool own_thread_;
    FrameStore store_;
    StreamReader reader_;
    std::mutex statistics_mutex_;
    StreamStatistics statistics_;
    std::jthread thread_;
};

}  // namespace opal::drivers::u3v
