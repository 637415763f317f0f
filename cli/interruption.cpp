// Interruption: one thread waits for the signals all others block. See interruption.h.
#include "cli/interruption.h"

#include "cli/exit_code.h"

#include <unistd.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <mutex>
#include <thread>
#include <utility>

namespace opal::cli {

namespace {

// What people and systems stop a program with. Ctrl-Z too: a suspended program would keep its laser
// on with nobody watching.
constexpr std::array stops{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

// How a program dies of its own bugs: an assertion, an exception nobody caught, a bad address.
constexpr std::array crashes{SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

#if defined(__SANITIZE_ADDRESS__)
constexpr bool crashes_are_ours = false;  // the sanitizer reports them
#else
constexpr bool crashes_are_ours = true;
#endif

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : stops) sigaddset(&set, signal);
    return set;
}

// What ends the waiting thread when the program is done.
constexpr int wake_signal = SIGUSR2;

// Libraries start threads before main() runs (OpenBLAS does) that block nothing. Whichever thread
// gets a signal hands it to the waiting one.
std::atomic<pthread_t> waiting_thread;
std::atomic<int> crashed = 0;  // by which signal

void hand_over(int signal) {
    const int kept = errno;
    pthread_kill(waiting_thread.load(), signal);
    errno = kept;
}

// The crashed thread can be trusted with nothing but telling the waiting one, which turns the laser
// off and ends the program. If that one is stuck, the crash takes its usual course after a while.
void crash(int signal) {
    constexpr timespec patience{5, 0};
    std::signal(signal, SIG_DFL);
    crashed = signal;
    pthread_kill(waiting_thread.load(), wake_signal);
    nanosleep(&patience, nullptr);
    raise(signal);
}

void set_action(void (*on_stop)(int), void (*on_crash)(int)) {
    struct sigaction wanted {};
    wanted.sa_flags = SA_RESTART;
    sigfillset(&wanted.sa_mask);
    wanted.sa_handler = on_stop;
    for (const int signal : stops) sigaction(signal, &wanted, nullptr);
    wanted.sa_handler = on_crash;
    if (!crashes_are_ours) return;
    for (const int signal : crashes) sigaction(signal, &wanted, nullptr);
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
                if (crashed != 0) end_after_crash();
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

    void end_after_crash() {
        const std::lock_guard lock(mutex);
        if (last_way) last_way();
        ::kill(::getpid(), crashed);  // its default action by now: core dump, exit status
        ::_exit(exit_interrupted + crashed);
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
    set_action(hand_over, crash);
}

Interruption::~Interruption() {
    set_action(SIG_DFL, SIG_DFL);
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
