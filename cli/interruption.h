// Interruption: Ctrl-C and its kin (SIGTERM, SIGHUP, SIGQUIT, and Ctrl-Z, since a suspended program
// would leave its laser on) as a polite request to stop; a crash as the last moment to turn it off.
//
// The signals are blocked in every thread and one thread waits for them, so nothing of ours ever
// runs in a handler but handing the signal over. The first one requests a stop: whatever runs
// notices at its next frame or batch, unwinds, and guards on the stack turn the laser off. The
// second one does not wait for that: the laser is turned off from the waiting thread and the
// program ends.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

namespace opal::cli {

class Interruption {
public:
    // Construct before any other thread starts: threads inherit what is blocked.
    Interruption();
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;

    std::stop_token token() const;
    int signal() const;  // the first that came; 0: none

    // `act` is called from the waiting thread at the first signal, and must only print.
    void on_first(std::function<void()> act);

    // While it lives, `act` is the last way out: called from the waiting thread at the second
    // signal or after a crash, before the program ends. Must not wait for the thread that was
    // interrupted.
    class LastWay {
    public:
        LastWay(Interruption& interruption, std::function<void()> act);
        ~LastWay();
        LastWay(const LastWay&) = delete;
        LastWay& operator=(const LastWay&) = delete;

    private:
        Interruption& interruption_;
    };

private:
    struct Waiter;
    std::unique_ptr<Waiter> waiter_;
};

}  // namespace opal::cli
