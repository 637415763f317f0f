// The team: helpers wait for a new generation of tasks, take task numbers from one counter, and
// report when nothing is left. See workers.h.
#include "dfa/workers.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace opal::dfa {

namespace {

// Sections of a training step follow each other within microseconds and waking a sleeping thread
// takes tens of them, so a helper looks this often before it sleeps (about 20 us).
constexpr int looks_before_sleep = 500;

void breathe() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
}

template <class T>
void wait_while(const std::atomic<T>& value, T old) {
    for (int look = 0; look < looks_before_sleep; ++look) {
        if (value.load(std::memory_order_acquire) != old) return;
        breathe();
    }
    while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

}  // namespace

struct Workers::Team {
    std::vector<std::thread> helpers;
    std::atomic<std::uint32_t> generation{0};  // rises when there is something to do, or to end
    std::atomic<int> busy{0};  // helpers that have not yet seen the end of the tasks
    std::atomic<Eigen::Index> next{0};
    bool ending = false;  // written before generation rises

    Eigen::Index tasks = 0;
    void* task = nullptr;
    Call call = nullptr;
    std::mutex error_mutex;
    std::exception_ptr error;

    void work(int worker) {
        for (;;) {
            const Eigen::Index index = next.fetch_add(1, std::memory_order_relaxed);
            if (index >= tasks) return;
            try {
                call(task, index, worker);
            } catch (...) {
                const std::lock_guard lock(error_mutex);
                if (!error) error = std::current_exception();
            }
        }
    }

    void help(int worker) {
        std::uint32_t seen = 0;
        for (;;) {
            wait_while(generation, seen);
            seen = generation.load(std::memory_order_acquire);
            if (ending) return;
            work(worker);
            if (busy.fetch_sub(1, std::memory_order_acq_rel) == 1) busy.notify_one();
        }
    }

    void announce() {
        generation.fetch_add(1, std::memory_order_release);
        generation.notify_all();
    }

    void dismiss() {
        ending = true;
        announce();
        for (std::thread& helper : helpers) helper.join();
        helpers.clear();
    }
};

Workers::Workers(int threads) : team_(std::make_unique<Team>()) {
    assert(threads >= 0);
    if (threads == 0) threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    try {
        for (int k = 1; k < threads; ++k) {
            team_->helpers.emplace_back([team = team_.get(), k] { team->help(k); });
        }
    } catch (...) {
        team_->dismiss();
        throw;
    }
}

Workers::~Workers() {
    team_->dismiss();
}

int Workers::threads() const {
    return static_cast<int>(team_->helpers.size()) + 1;
}

void Workers::share(Eigen::Index tasks, void* task, Call call) {
    Team& team = *team_;
    team.tasks = tasks;
    team.task = task;
    team.call = call;
    team.next.store(0, std::memory_order_relaxed);
    team.busy.store(static_cast<int>(team.helpers.size()), std::memory_order_relaxed);
    team.announce();
    team.work(0);
    for (int busy = team.busy.load(std::memory_order_acquire); busy != 0;
         busy = team.busy.load(std::memory_order_acquire)) {
        wait_while(team.busy, busy);
    }
    if (team.error) std::rethrow_exception(std::exchange(team.error, nullptr));
}

}  // namespace opal::dfa
