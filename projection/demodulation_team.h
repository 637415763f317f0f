// DemodulationTeam: threads that turn frames into fields while the camera takes the next ones.
//
// submit() copies a frame into a free slot and returns. Every frame is worked on by one thread,
// alone, so the answer does not depend on how many there are. Going to sleep and being woken costs
// as much as a small frame, so small frames are collected before a thread is woken for them, and
// whoever has to wait, for a slot or for the end, works as well.
#pragma once

#include "hal/frame.h"

#include <cstddef>
#include <functional>
#include <memory>

namespace opal::projection {

class DemodulationTeam {
public:
    // work(index, frame, worker): called by one of `threads` threads, worker in [0, threads), or by
    // the caller of the functions below, worker `threads`. Never twice at once for one worker.
    using Work = std::function<void(std::size_t index, const hal::Frame& frame, int worker)>;
    DemodulationTeam(int threads, Work work);
    ~DemodulationTeam();  // drops what was not begun
    DemodulationTeam(const DemodulationTeam&) = delete;
    DemodulationTeam& operator=(const DemodulationTeam&) = delete;

    // Calls come from one thread at a time.
    void submit(std::size_t index, const hal::Frame& frame);
    // Returns when every submitted frame is done. Throws the first exception of `work`.
    void drain();
    void settle() noexcept;  // likewise, and forgets exceptions: for the way out of a failure

private:
    struct Shared;
    std::unique_ptr<Shared> shared_;
};

}  // namespace opal::projection
