// VirtualClock: the time of a simulated bench. It starts at 0 when the bench is made and moves only
// when someone waits, so a run gives the same frames whether the host is fast, slow or stopped in a
// debugger.
//
// Things can be asked to happen at a moment (call_at): a datagram arrives, an instrument is ready.
// They happen when a wait makes time pass that moment, in order, with now() standing at it.
//
// Given a pacer, a wait lasts as long on the host as on the bench: virtual time never runs ahead of
// the pacer's. It may fall behind it (the host was busy), and bytes are the same either way. What
// it is behind by more than `most_behind` it never catches up: to the bench, the host stood still.
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
    // Brings time to where the pacer's is, without waiting for it: what is due until then happens.
    // Gives up after `most_behind` of the pacer's time. Whatever comes in from the host's world is
    // handed over after this, so that two things lie as far apart on the bench as on the host.
    void catch_up();
    static constexpr hal::Duration most_behind = std::chrono::milliseconds(100);

private:
    hal::Time paced_now();  // of the pacer, as virtual time
    void pass(hal::Time until);
    void advance(hal::Time to);

    std::atomic<hal::Duration::rep> now_ns_{0};
    hal::Clock* pacer_;
    std::atomic<hal::Duration::rep> pacer_start_ns_{0};  // the pacer's time of virtual 0

    std::atomic<bool> agenda_empty_{true};
    std::mutex agenda_mutex_;
    std::multimap<hal::Time, std::function<void()>> agenda_;
    std::mutex acting_;  // held while acts happen: one after the other, whoever waits
    std::atomic<std::thread::id> actor_{};
};

}  // namespace opal::sim
