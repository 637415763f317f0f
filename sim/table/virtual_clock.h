// VirtualClock: the time of a simulated bench. It starts at 0 when the bench is made and moves only
// when someone waits, so a run gives the same frames whether the host is fast, slow or stopped in a
// debugger.
//
// Things can be asked to happen at a moment (call_at): a datagram arrives, an instrument is ready.
// They happen when a wait makes time pass that moment, in order, with now() standing at it.
//
// Given a pacer, a wait lasts as long on the host as on the bench: virtual time never runs ahead of
// the pacer's. It may fall behind it (the host was busy), and bytes are the same either way.
#pragma once

#include "hal/clock.h"

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace opal::sim {

class VirtualClock final : public hal::Clock {
public:
    // `pacer` outlives the clock; nullptr: waits cost nothing. `begin`: what now() says at first.
    explicit VirtualClock(hal::Clock* pacer = nullptr, hal::Duration begin = {});

    hal::Time now() const override;
    void wait_until(hal::Time when) override;

    // Calls `act` when time reaches `when` (at the next wait if that is past), from the thread
    // whose wait gets there. Acts of one moment happen in the order they were asked for. An act may
    // ask for others but must not wait on this clock.
    void call_at(hal::Time when, std::function<void()> act);
    // Lets what is due by now happen, without making time pass.
    void run_due();
    // Waits until acts have happened or `latest` is reached, whichever comes first. May return
    // early.
    void wait_for_act(hal::Time latest);

private:
    void pass(hal::Time until);
    void advance(hal::Time to);

    std::atomic<hal::Duration::rep> now_ns_{0};
    hal::Clock* pacer_;
    hal::Time pacer_start_{};

    std::atomic<bool> agenda_empty_{true};
    std::mutex agenda_mutex_;
    std::multimap<hal::Time, std::function<void()>> agenda_;
    std::mutex acting_;  // held while acts happen: one after the other, whoever waits
    std::atomic<std::thread::id> actor_{};
};

}  // namespace opal::sim
