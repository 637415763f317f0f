// FrameRenderer: a ring of jobs, a pool of slots behind it, and the threads that work on them.
#include "sim/table/frame_renderer.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace opal::sim {
namespace {

int thread_count(int threads) {
    if (threads <= 0) threads = static_cast<int>(std::thread::hardware_concurrency());
    return std::max(threads, 2);
}

// Two jobs a thread keep all busy; two more cover the frame being taken and planned.
std::size_t fewest_jobs(int threads) {
    return 2 * static_cast<std::size_t>(threads) + 2;
}
constexpr std::size_t small_jobs = 64;
constexpr std::size_t pixels_ahead = std::size_t{1} << 20;

}  // namespace

struct FrameRenderer::Slot {
    enum Stage {
        idle,
        waiting,
        rendering,
        withdrawn,  // while it was being rendered: whoever does puts it back into the pool
        done,
    };
    Job job;
    hal::Frame frame;
    Stage stage = idle;
    std::exception_ptr failure;
};

FrameRenderer::FrameRenderer(const Optics& optics, int threads)
    : optics_(optics),
      threads_(thread_count(threads)),
      own_scratch_(optics.make_scratch()),
      large_scratch_(optics.make_scratch(threads > 0 ? threads : threads_)),
      queue_(most_jobs(1, threads_)) {
    // Whoever waits for a frame renders as well.
    for (int i = 1; i < threads_; ++i) workers_.emplace_back([this] { work(); });
}

FrameRenderer::~FrameRenderer() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    work_to_do_.notify_all();
    for (std::thread& worker : workers_) worker.join();
}

std::size_t FrameRenderer::most_jobs(std::size_t pixels, int threads) {
    const std::size_t fewest = fewest_jobs(thread_count(threads));
    return std::clamp(pixels_ahead / pixels, fewest, std::max(small_jobs, fewest));
}

FrameRenderer::Job& FrameRenderer::next_job() {
    assert(count_ < queue_.size());
    if (!next_) {
        const std::lock_guard lock(mutex_);
        if (idle_.empty()) {
            slots_.push_back(std::make_unique<Slot>());
            idle_.reserve(slots_.capacity());  // release() must not allocate
            idle_.push_back(slots_.back().get());
        }
        next_ = idle_.back();
        idle_.pop_back();
    }
    next_->job.segments.clear();
    next_->job.lights.clear();
    return next_->job;
}

void FrameRenderer::submit() {
    assert(next_);
    {
        const std::lock_guard lock(mutex_);
        next_->job.exposure.segments = next_->job.segments;
        next_->stage = Slot::waiting;
        queued(count_) = std::exchange(next_, nullptr);
        ++count_;
    }
    work_to_do_.notify_one();
}

FrameRenderer::Slot& FrameRenderer::claim_oldest() {
    const std::lock_guard lock(mutex_);
    assert(count_ > 0);
    Slot& oldest = *queued(0);
    first_ = (first_ + 1) % queue_.size();
    --count_;
    return oldest;
}

void FrameRenderer::fetch(Slot& claimed, hal::Frame& frame) {
    std::unique_lock lock(mutex_);
    // Whoever waits for a frame may as well work: going to sleep and being woken costs as much as
    // a small frame.
    while (claimed.stage != Slot::done) {
        if (Slot* const next = can_begin(claimed) ? &claimed : oldest_waiting()) {
            work_on(lock, *next, *own_scratch_);
        } else {
            frame_done_.wait(lock,
                             [&] { return claimed.stage == Slot::done || can_begin(claimed); });
        }
    }
    const std::exception_ptr failure = std::exchange(claimed.failure, nullptr);
    frame.region = claimed.frame.region;
    frame.format = claimed.frame.format;
    std::swap(frame.bytes, claimed.frame.bytes);
    release(claimed);
    if (failure) std::rethrow_exception(failure);
}

void FrameRenderer::drop_oldest() {
    Slot& oldest = claim_oldest();
    const std::lock_guard lock(mutex_);
    withdraw(oldest);
}

void FrameRenderer::drop_newest() {
    const std::lock_guard lock(mutex_);
    assert(count_ > 0);
    --count_;
    withdraw(*queued(count_));
}

// The slot is out of the queue: no worker begins with it after this.
void FrameRenderer::withdraw(Slot& slot) {
    if (slot.stage == Slot::rendering)
        slot.stage = Slot::withdrawn;
    else
        release(slot);
}

void FrameRenderer::release(Slot& slot) {
    slot.stage = Slot::idle;
    slot.failure = nullptr;
    slot.job.lights.clear();
    idle_.push_back(&slot);
}

bool FrameRenderer::is_large(const Slot& slot) {
    return slot.job.exposure.region.pixels() >= Optics::shared_pixels;
}

bool FrameRenderer::can_begin(const Slot& slot) const {
    return slot.stage == Slot::waiting && !(large_busy_ && is_large(slot));
}

FrameRenderer::Slot* FrameRenderer::oldest_waiting() {
    for (std::size_t age = 0; age < count_; ++age)
        if (can_begin(*queued(age))) return queued(age);
    return nullptr;
}

void FrameRenderer::work() {
    const auto scratch = optics_.make_scratch();
    std::unique_lock lock(mutex_);
    for (;;) {
        Slot* next = nullptr;
        work_to_do_.wait(lock, [&] { return stop_ || (next = oldest_waiting()) != nullptr; });
        if (stop_) return;
        work_on(lock, *next, *scratch);
        frame_done_.notify_one();
    }
}

// Renders one job with the lock released meanwhile.
void FrameRenderer::work_on(std::unique_lock<std::mutex>& lock, Slot& slot,
                            Optics::Scratch& scratch) {
    const bool large = is_large(slot);
    slot.stage = Slot::rendering;
    if (large) large_busy_ = true;
    lock.unlock();
    render(slot, large ? *large_scratch_ : scratch);
    lock.lock();
    if (large) {
        large_busy_ = false;
        work_to_do_.notify_one();
    }
    if (slot.stage == Slot::withdrawn)
        release(slot);
    else
        slot.stage = Slot::done;
}

void FrameRenderer::render(Slot& slot, Optics::Scratch& scratch) const {
    try {
        slot.frame.reshape(slot.job.exposure.region, slot.job.exposure.format);
        optics_.expose(slot.job.exposure, scratch, slot.frame);
    } catch (...) {
        slot.failure = std::current_exception();
    }
}

}  // namespace opal::sim
