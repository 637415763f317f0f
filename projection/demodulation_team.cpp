// DemodulationTeam: a bounded queue of frame slots and its threads. See the header.
#include "projection/demodulation_team.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace opal::projection {

struct DemodulationTeam::Shared {
    struct Slot {
        std::size_t index = 0;
        hal::Frame frame;
    };

    explicit Shared(Work w) : work(std::move(w)) {}

    void run(int worker) {
        std::unique_lock lock(mutex);
        for (;;) {
            changed.wait(lock, [this] { return closing || !waiting.empty(); });
            if (closing) return;
            Slot* const slot = waiting.front();
            waiting.pop_front();
            lock.unlock();
            std::exception_ptr failure;
            try {
                work(slot->index, slot->frame, worker);
            } catch (...) {
                failure = std::current_exception();
            }
            lock.lock();
            if (failure && !first_failure) first_failure = failure;
            free.push_back(slot);
            changed.notify_all();
        }
    }

    void wait_until_idle(std::unique_lock<std::mutex>& lock) {
        changed.wait(lock, [this] { return free.size() == slots.size(); });
    }

    Work work;
    std::vector<Slot> slots;
    std::mutex mutex;  // guards what follows
    std::condition_variable changed;
    std::deque<Slot*> waiting;
    std::vector<Slot*> free;
    std::exception_ptr first_failure;
    bool closing = false;
    std::vector<std::thread> threads;
};

DemodulationTeam::DemodulationTeam(int threads, Work work)
    : shared_(std::make_unique<Shared>(std::move(work))) {
    if (threads <= 0) return;
    // One frame at work and one waiting for each thread, one being filled.
    shared_->slots.resize(2 * static_cast<std::size_t>(threads) + 1);
    for (auto& slot : shared_->slots) shared_->free.push_back(&slot);
    for (int t = 0; t < threads; ++t) {
        shared_->threads.emplace_back([shared = shared_.get(), t] { shared->run(t); });
    }
}

DemodulationTeam::~DemodulationTeam() {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->closing = true;
    }
    shared_->changed.notify_all();
    for (auto& thread : shared_->threads) thread.join();
}

void DemodulationTeam::submit(std::size_t index, const hal::Frame& frame) {
    if (shared_->threads.empty()) {
        shared_->work(index, frame, 0);
        return;
    }
    std::unique_lock lock(shared_->mutex);
    shared_->changed.wait(lock, [this] { return !shared_->free.empty(); });
    Shared::Slot* const slot = shared_->free.back();
    shared_->free.pop_back();
    lock.unlock();
    slot->index = index;
    try {
        slot->frame = frame;  // the vector's capacity is reused
    } catch (...) {
        lock.lock();
        shared_->free.push_back(slot);  // or drain() would wait for it for ever
        throw;
    }
    lock.lock();
    shared_->waiting.push_back(slot);
    lock.unlock();
    shared_->changed.notify_all();
}

void DemodulationTeam::drain() {
    std::unique_lock lock(shared_->mutex);
    shared_->wait_until_idle(lock);
    if (auto failure = std::exchange(shared_->first_failure, nullptr)) {
        std::rethrow_exception(failure);
    }
}

void DemodulationTeam::settle() noexcept {
    std::unique_lock lock(shared_->mutex);
    shared_->wait_until_idle(lock);
    shared_->first_failure = nullptr;
}

}  // namespace opal::projection
