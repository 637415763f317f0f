// FrameRenderer: a ring of jobs and the threads that work on it.
#include "sim/table/frame_renderer.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace opal::sim {
namespace {

std::size_t thread_count(int threads) {
    if (threads > 0) return static_cast<std::size_t>(threads);
    return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

FrameRenderer::FrameRenderer(const Optics& optics, int threads)
    : optics_(optics),
      own_scratch_(optics.make_scratch()),
      // Two jobs a thread keep all busy; two more cover the frame being taken and planned.
      slots_(2 * thread_count(threads) + 2) {
    workers_.reserve(thread_count(threads));
    for (std::size_t i = 0; i < thread_count(threads); ++i)
        workers_.emplace_back([this] { work(); });
}

FrameRenderer::~FrameRenderer() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    work_to_do_.notify_all();
    for (std::thread& worker : workers_) worker.join();
}

FrameRenderer::Job& FrameRenderer::next_job() {
    assert(!full());
    Slot& next = slot(count_);
    next.job.segments.clear();
    return next.job;
}

void FrameRenderer::submit() {
    {
        const std::lock_guard lock(mutex_);
        Slot& next = slot(count_);
        next.job.exposure.segments = next.job.segments;
        next.stage = Stage::waiting;
        ++count_;
    }
    work_to_do_.notify_one();
}

void FrameRenderer::take(hal::Frame& frame) {
    std::unique_lock lock(mutex_);
    assert(count_ > 0);
    Slot& oldest = slot(0);
    // Whoever waits for a frame may as well work: going to sleep and being woken costs as much as
    // a small frame.
    while (oldest.stage != Stage::done) {
        Slot* const next = oldest_waiting();
        if (!next) break;
        work_on(lock, *next, *own_scratch_);
    }
    settle(lock, oldest);
    const std::exception_ptr failure = std::exchange(oldest.failure, nullptr);
    frame.region = oldest.frame.region;
    frame.format = oldest.frame.format;
    std::swap(frame.bytes, oldest.frame.bytes);
    oldest.stage = Stage::idle;
    first_ = (first_ + 1) % slots_.size();
    --count_;
    if (failure) std::rethrow_exception(failure);
}

void FrameRenderer::drop_oldest() {
    std::unique_lock lock(mutex_);
    assert(count_ > 0);
    settle(lock, slot(0));
    slot(0).stage = Stage::idle;
    slot(0).failure = nullptr;
    first_ = (first_ + 1) % slots_.size();
    --count_;
}

void FrameRenderer::drop_newest() {
    std::unique_lock lock(mutex_);
    assert(count_ > 0);
    Slot& newest = slot(count_ - 1);
    settle(lock, newest);
    newest.stage = Stage::idle;
    newest.failure = nullptr;
    --count_;
}

// No worker touches the slot after this. A waiting job is simply withdrawn by its new stage.
void FrameRenderer::settle(std::unique_lock<std::mutex>& lock, Slot& slot) {
    frame_done_.wait(lock, [&] { return slot.stage != Stage::rendering; });
}

FrameRenderer::Slot* FrameRenderer::oldest_waiting() {
    for (std::size_t age = 0; age < count_; ++age)
        if (slot(age).stage == Stage::waiting) return &slot(age);
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
                            Optics::Scratch& scratch) const {
    slot.stage = Stage::rendering;
    lock.unlock();
    render(slot, scratch);
    lock.lock();
    slot.stage = Stage::done;
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
