// FrameStore: frames that have come and were not fetched yet, with room for so many, and the
// storage that frames come in. Stands between the thread that reads the stream and the one that
// calls receive().
#pragma once

#include "drivers/genapi/wire_camera.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <vector>

namespace opal::drivers::u3v {

// Safe to use from several threads.
class FrameStore {
public:
    void begin(std::uint64_t room);
    void end();  // drops what is there

    // Of this size; its content is whatever it held before.
    std::vector<std::byte> storage(std::size_t bytes);
    void recycle(std::vector<std::byte> data);

    // A frame without room is dropped, and the next one says so.
    void store(genapi::WireFrame frame);
    // What went wrong in reading; comes out behind the frames that came before.
    void fail(std::exception_ptr fault);

    // The oldest frame. Rethrows the fault behind the last one.
    std::optional<genapi::WireFrame> take();
    // Until there is something to take.
    void wait(hal::Deadline deadline);

private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<genapi::WireFrame> frames_;
    std::vector<std::vector<std::byte>> pool_;
    std::uint64_t room_ = 0;
    bool overrun_ = false;
    std::exception_ptr fault_;
};

}  // namespace opal::drivers::u3v
