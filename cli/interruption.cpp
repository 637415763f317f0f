// Interruption: one thread waits for the signals all others block. See interruption.h.
#include "cli/interruption.h"

#include "cli/exit_code.h"

#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <thread>
#include <utility>

namespace opal::cli {

namespace {

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
    return set;
}

// What ends the waiting thread when the program is done.
constexpr int wake_signal = SIGUSR2;

// Libraries start threads before main() runs (OpenBLAS does) that block nothing. Whichever thread
// gets a signal hands it to the waiting one.
std::atomic<pthread_t> waiting_thread;

void hand_over(int signal) {
    const int kept = errno;
    pthread_kill(waiting_thread.load(), signal);
    errno = kept;
}

void set_action(void (*action)(int)) {
    struct sigaction wanted {};
    wanted.sa_handler = action;
    wanted.sa_flags = SA_RESTART;
    sigfillset(&wanted.sa_mask);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &wanted, nullptr);
}

}  // namespace

struct Interruption::Waiter {
    void run() {
        sigset_t set = stop_signals();
        sigaddset(&set, wake_signal);
        for (;;) {
            int caught = 0;
            if (sigwait(&set, &caught) != 0) continue;
            if (caught == wake_signal) {
                if (closing) return;
                continue;
            }
            int none = 0;
            if (first.compare_exchange_strong(none, caught)) {
                {
                    const std::lock_guard lock(mutex);
                    if (announce) announce();
                }
                source.request_stop();
                continue;
            }
            const std::lock_guard lock(mutex);
            if (last_way) last_way();
            ::_exit(exit_interrupted + first);
        }
    }

    std::stop_source source;
    std::atomic<int> first = 0;
    std::atomic<bool> closing = false;
    std::mutex mutex;  // guards the two functions
    std::function<void()> announce;
    std::function<void()> last_way;
    std::thread thread;
};

Interruption::Interruption() : waiter_(std::make_unique<Waiter>()) {
    sigset_t set = stop_signals();
    sigaddset(&set, wake_signal);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // A reader that went away is a failed write, not a death with the laser on.
    std::signal(SIGPIPE, SIG_IGN);
    waiter_->thread = std::thread([waiter = waiter_.get()] { waiter->run(); });
    waiting_thread = waiter_->thread.native_handle();
    set_action(hand_over);
}

Interruption::~Interruption() {
    set_action(SIG_DFL);
    waiter_->closing = true;
    pthread_kill(waiter_->thread.native_handle(), wake_signal);
    waiter_->thread.join();
}

std::stop_token Interruption::token() const {
    return waiter_->source.get_token();
}

int Interruption::signal() const {
    return waiter_->first;
}

void Interruption::on_first(std::function<void()> act) {
    const std::lock_guard lock(waiter_->mutex);
    waiter_->announce = std::move(act);
}

Interruption::LastWay::LastWay(Interruption& interruption, std::function<void()> act)
    : interruption_(interruption) {
    const std::lock_guard lock(interruption_.waiter_->mutex);
    interruption_.waiter_->last_way = std::move(act);
}

Interruption::LastWay::~LastWay() {
    const std::lock_guard lock(interruption_.waiter_->mutex);
    interruption_.waiter_->last_way = nullptr;
}

}  // namespace opal::cli
