// DemodulationTeam: threads that turn frames into fields while the camera takes the next ones.
//
// submit() copies a frame into a free slot and returns; it blocks while all slots are taken. Every
// frame is worked on by one thread, alone, so the answer does not depend on how many there are.
#pragma once

#include "hal/frame.h"

#include <cstddef>
#include <functional>
#include <memory>

namespace opal::projection {

class DemodulationTeam {
public:
    // work(index, frame, worker): called by one of `threads` threads, worker in [0, threads); with
    // 0 threads by submit() itself, worker 0.
    using Work = std::function<void(std::size_t index, const hal::Frame& frame, int worker)>;
    DemodulationTeam(int threads, Work work);
    ~DemodulationTeam();  // drops what was not begun
    DemodulationTeam(const DemodulationTeam&) = delete;
    DemodulationTeam& operator=(const DemodulationTeam&) = delete;

    void submit(std::size_t index, const hal::Frame& frame);
    // Waits until every submitted frame is done. Throws the first exception of `work`.
    void drain();
    void settle() noexcept;  // waits likewise and forgets exceptions: for the way out of a failure

private:
    struct Shared;
    std::unique_ptr<Shared> shared_;
};

}  // namespace opal::projection
