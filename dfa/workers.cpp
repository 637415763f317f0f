// The team: helpers wait to be called, claim tasks from one ticket, and sleep when nothing is left.
// See workers.h.
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

// What there is to claim, in one word, so that claiming is one compare-and-swap:
//
//   | section number (24 bits) | tasks (20 bits) | next task (20 bits) |
//
// A helper that comes late, even by many sections, either claims a task of the section that is
// under way or finds nothing left. Nobody waits for it.
struct Ticket {
    static constexpr int bits = 20;
    static constexpr std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
    std::uint64_t word;

    std::uint64_t tasks() const { return word >> bits & mask; }
    std::uint64_t next() const { return word & mask; }
    std::uint64_t section() const { return word >> 2 * bits; }
    static std::uint64_t first_of(std::uint64_t section, std::uint64_t tasks) {
        return section << 2 * bits | tasks << bits;
    }
};

struct Workers::Team {
    std::vector<std::thread> helpers;
    std::atomic<std::uint32_t> calls{0};  // rises when there is something to do, or to end
    std::atomic<std::uint64_t> ticket{0};
    std::atomic<int> open{0};  // tasks of the section not yet finished
    std::atomic<bool> ending{false};

    // Of the section under way. Read only by those who hold one of its tasks: the section cannot
    // end, and these cannot change, before that task is finished.
    void* task = nullptr;
    Call call = nullptr;
    std::mutex error_mutex;
    std::exception_ptr error;

    void work(int worker) {
        std::uint64_t seen = ticket.load(std::memory_order_acquire);
        for (;;) {
            if (Ticket{seen}.next() >= Ticket{seen}.tasks()) return;
            if (!ticket.compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel,
                                              std::memory_order_acquire)) {
                continue;
            }
            try {
                call(task, static_cast<Eigen::Index>(Ticket{seen}.next()), worker);
            } catch (...) {
                const std::lock_guard lock(error_mutex);
                if (!error) error = std::current_exception();
            }
            if (open.fetch_sub(1, std::memory_order_acq_rel) == 1) open.notify_one();
            seen = ticket.load(std::memory_order_acquire);
        }
    }

    void help(int worker) {
        std::uint32_t seen = 0;
        while (!ending.load(std::memory_order_acquire)) {
            wait_while(calls, seen);
            seen = calls.load(std::memory_order_acquire);
            work(worker);
        }
    }

    void wake() {
        calls.fetch_add(1, std::memory_order_release);
        calls.notify_all();
    }

    void dismiss() {
        ending.store(true, std::memory_order_release);
        wake();
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
    assert(tasks <= static_cast<Eigen::Index>(Ticket::mask));
    Team& team = *team_;
    team.task = task;
    team.call = call;
    team.open.store(static_cast<int>(tasks), std::memory_order_relaxed);
    const std::uint64_t section = Ticket{team.ticket.load(std::memory_order_relaxed)}.section();
    team.ticket.store(Ticket::first_of(section + 1, static_cast<std::uint64_t>(tasks)),
                      std::memory_order_release);
    team.wake();
    team.work(0);
    for (int open = team.open.load(std::memory_order_acquire); open != 0;
         open = team.open.load(std::memory_order_acquire)) {
        wait_while(team.open, open);
    }
    if (team.error) std::rethrow_exception(std::exchange(team.error, nullptr));
}

}  // namespace opal::dfa
