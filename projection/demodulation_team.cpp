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

namespace {

// Many small frames may wait, so that no thread runs out of work while another has the core; few
// large ones, since each takes memory.
constexpr std::size_t most_slots = 64;
constexpr std::size_t pixels_waiting = std::size_t{1} << 20;
constexpr std::size_t collected = 8;  // of as many as may wait, one in so many wakes a thread

}  // namespace

struct DemodulationTeam::Shared {
    struct Slot {
        std::size_t index = 0;
        hal::Frame frame;
    };

    Shared(std::size_t team, Work w)
        : work(std::move(w)),
          fewest(2 * team + 1),  // one at work and one waiting for each thread, one being filled
          slots(std::max(most_slots, fewest)) {
        for (auto& slot : slots) free.push_back(&slot);
    }

    void run(int worker) {
        std::unique_lock lock(mutex);
        for (;;) {
            work_to_do.wait(lock, [this] { return closing || awake; });
            if (closing) return;
            work_on_oldest(lock, worker);
        }
    }

    // Does the oldest waiting frame with the lock released meanwhile.
    void work_on_oldest(std::unique_lock<std::mutex>& lock, int worker) {
        Slot* const slot = waiting.front();
        waiting.pop_front();
        if (waiting.empty()) awake = false;
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
        slot_free.notify_one();
    }

    std::size_t room_for(const hal::Frame& frame) const {
        const std::size_t pixels = std::max<std::size_t>(frame.region.pixels(), 1);
        return std::clamp(pixels_waiting / pixels, fewest, slots.size());
    }
    std::size_t taken() const { return slots.size() - free.size(); }

    // Until at most so many slots are taken; works meanwhile.
    void wait_for(std::unique_lock<std::mutex>& lock, std::size_t most_taken) {
        while (taken() > most_taken) {
            if (!waiting.empty()) {
                wake();
                work_on_oldest(lock, static_cast<int>(threads.size()));
            } else {
                slot_free.wait(lock);
            }
        }
    }

    void wake() {
        if (awake) return;
        awake = true;
        work_to_do.notify_all();
    }

    Work work;
    std::size_t fewest;
    std::vector<Slot> slots;
    std::mutex mutex;  // guards what follows
    std::condition_variable work_to_do;
    std::condition_variable slot_free;  // only the caller waits for it
    std::deque<Slot*> waiting;
    std::vector<Slot*> free;
    std::exception_ptr first_failure;
    bool awake = false;  // there is work, and the threads have been told
    bool closing = false;
    std::vector<std::thread> threads;
};

DemodulationTeam::DemodulationTeam(int threads, Work work)
    : shared_(std::make_unique<Shared>(static_cast<std::size_t>(std::max(threads, 0)),
                                       std::move(work))) {
    for (int t = 0; t < threads; ++t) {
        shared_->threads.emplace_back([shared = shared_.get(), t] { shared->run(t); });
    }
}

DemodulationTeam::~DemodulationTeam() {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->closing = true;
    }
    shared_->work_to_do.notify_all();
    for (auto& thread : shared_->threads) thread.join();
}

void DemodulationTeam::submit(std::size_t index, const hal::Frame& frame) {
    if (shared_->threads.empty()) {
        shared_->work(index, frame, 0);
        return;
    }
    const std::size_t room = shared_->room_for(frame);
    std::unique_lock lock(shared_->mutex);
    shared_->wait_for(lock, room - 1);
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
    if (collected * shared_->waiting.size() >= room) shared_->wake();
}

void DemodulationTeam::drain() {
    std::unique_lock lock(shared_->mutex);
    shared_->wait_for(lock, 0);
    if (auto failure = std::exchange(shared_->first_failure, nullptr)) {
        std::rethrow_exception(failure);
    }
}

void DemodulationTeam::settle() noexcept {
    std::unique_lock lock(shared_->mutex);
    shared_->wait_for(lock, 0);
    shared_->first_failure = nullptr;
}

}  // namespace opal::projection
