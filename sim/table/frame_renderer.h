// FrameRenderer: turns planned exposures into frames on worker threads, ahead of whoever takes
// them.
//
// A queue of fixed length, first in first out, with two ends: the newest jobs can be withdrawn when
// the plan changes. A job carries everything its frame depends on and owns the light it looks at,
// so neither the number of threads nor the order of work changes a byte, and a job withdrawn while
// it is being rendered is simply left alone: nobody waits for it. Only fetch() waits. Buffers are
// swapped, not copied; after the first rounds nothing is allocated.
//
// Small frames are rendered side by side, one a thread. A large one (Optics::shared_pixels) takes
// all threads' cores and the storage of a gigabyte, so there is one at a time.
//
// Calls come from one thread at a time, except fetch(), which may run beside the others.
#pragma once

#include "sim/physics/optics.h"

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace opal::sim {

class FrameRenderer {
public:
    struct Job {
        Exposure exposure;  // all but `segments`, which is set from the vector below
        std::vector<LightSegment> segments;
        std::vector<std::shared_ptr<const ChannelAmplitudes>> lights;  // what segments point at
    };
    struct Slot;

    // threads: how many render, the one that waits in fetch() included; 0: as many as the host has
    // cores. At least one renders ahead.
    FrameRenderer(const Optics& optics, int threads);
    ~FrameRenderer();
    FrameRenderer(const FrameRenderer&) = delete;
    FrameRenderer& operator=(const FrameRenderer&) = delete;

    // How many frames of this size wait at most: enough small ones that no thread runs out of work
    // while another has the core, and few large ones, since each waits in memory.
    static std::size_t most_jobs(std::size_t pixels, int threads);
    bool full(std::size_t pixels) const { return count_ >= most_jobs(pixels, threads_); }
    std::size_t size() const { return count_; }

    Job& next_job();  // to be filled; not while full()
    void submit();    // hands it to the workers
    // Takes the oldest job out of the queue; fetch() gives its frame. One at a time.
    Slot& claim_oldest();
    // Region, format and bytes of the claimed job's frame. Until it is there, the caller's thread
    // renders as well. Rethrows what rendering threw.
    void fetch(Slot& claimed, hal::Frame& frame);
    void drop_oldest();
    void drop_newest();

private:
    Slot*& queued(std::size_t age) { return queue_[(first_ + age) % queue_.size()]; }
    void work();
    static bool is_large(const Slot& slot);
    bool can_begin(const Slot& slot) const;
    Slot* oldest_waiting();
    void work_on(std::unique_lock<std::mutex>& lock, Slot& slot, Optics::Scratch& scratch);
    void render(Slot& slot, Optics::Scratch& scratch) const;
    void withdraw(Slot& slot);
    void release(Slot& slot);

    const Optics& optics_;
    const int threads_;  // at least 2: one renders ahead, one waits
    std::unique_ptr<Optics::Scratch> own_scratch_;
    std::unique_ptr<Optics::Scratch> large_scratch_;  // of whoever renders a large frame
    std::vector<Slot*> queue_;                        // a ring
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    Slot* next_ = nullptr;  // being filled

    // Guards slots, their stages and `stop_`; first_ and count_ change under it.
    std::mutex mutex_;
    std::vector<std::unique_ptr<Slot>> slots_;
    std::vector<Slot*> idle_;
    std::condition_variable work_to_do_;
    std::condition_variable frame_done_;
    bool stop_ = false;
    bool large_busy_ = false;  // a large frame is being rendered
    std::vector<std::thread> workers_;
};

}  // namespace opal::sim
