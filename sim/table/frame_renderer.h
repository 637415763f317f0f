// FrameRenderer: turns planned exposures into frames on worker threads, ahead of whoever takes
// them.
//
// A queue of fixed length, first in first out, with two ends: the newest jobs can be withdrawn when
// the plan changes. A job carries everything its frame depends on, so neither the number of threads
// nor the order of work changes a byte. One thread fills, takes and drops. Buffers are swapped, not
// copied; after the first round nothing is allocated.
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
    };

    // threads: how many render; 0: as many as the host has cores.
    FrameRenderer(const Optics& optics, int threads);
    ~FrameRenderer();
    FrameRenderer(const FrameRenderer&) = delete;
    FrameRenderer& operator=(const FrameRenderer&) = delete;

    bool full() const { return count_ == slots_.size(); }
    std::size_t size() const { return count_; }

    Job& next_job();  // to be filled; not while full()
    void submit();    // hands it to the workers
    // The oldest job's frame: region, format and bytes. Until it is there, the caller's thread
    // renders as well. Rethrows what rendering threw.
    void take(hal::Frame& frame);
    void drop_oldest();
    void drop_newest();

private:
    enum class Stage { idle, waiting, rendering, done };
    struct Slot {
        Job job;
        hal::Frame frame;
        Stage stage = Stage::idle;
        std::exception_ptr failure;
    };

    Slot& slot(std::size_t age) { return slots_[(first_ + age) % slots_.size()]; }
    void work();
    Slot* oldest_waiting();
    void work_on(std::unique_lock<std::mutex>& lock, Slot& slot, Optics::Scratch& scratch) const;
    void render(Slot& slot, Optics::Scratch& scratch) const;
    void settle(std::unique_lock<std::mutex>& lock, Slot& slot);

    const Optics& optics_;
    std::unique_ptr<Optics::Scratch> own_scratch_;
    std::vector<Slot> slots_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;

    std::mutex mutex_;  // guards stages and `stop_`; first_ and count_ change under it
    std::condition_variable work_to_do_;
    std::condition_variable frame_done_;
    bool stop_ = false;
    std::vector<std::thread> workers_;
};

}  // namespace opal::sim
