// VirtualClock: a counter that only waits move forward, stopping wherever something is to happen.
#include "sim/table/virtual_clock.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace opal::sim {
namespace {

// A paced wait looks up this often: another thread may have put something on the agenda meanwhile.
constexpr hal::Duration pace_step = std::chrono::milliseconds(1);

// Times beyond would overflow when a span is added. Only a wait without a real deadline gets there.
constexpr hal::Time end_of_time{std::chrono::hours(24 * 365 * 100)};

}  // namespace

VirtualClock::VirtualClock(hal::Clock* pacer, hal::Duration begin)
    : now_ns_(begin.count()),
      pacer_(pacer),
      pacer_start_ns_(pacer ? (pacer->now() - begin).time_since_epoch().count() : 0) {}

hal::Time VirtualClock::now() const {
    return hal::Time{hal::Duration{now_ns_.load(std::memory_order_acquire)}};
}

void VirtualClock::wait_until(hal::Time when) {
    do {
        pass(when);
    } while (now() < when);
}

void VirtualClock::call_at(hal::Time when, std::function<void()> act) {
    const std::lock_guard lock(agenda_mutex_);
    agenda_.emplace(when, std::move(act));
    agenda_empty_.store(false, std::memory_order_release);
}

void VirtualClock::run_due() {
    // An act that looks for more to do finds it when it has returned.
    if (actor_.load() == std::this_thread::get_id()) return;
    if (!agenda_empty_.load(std::memory_order_acquire)) pass(now());
}

void VirtualClock::wait_for_act(hal::Time latest) {
    pass(std::max(latest, now()));
}

hal::Time VirtualClock::paced_now() {
    const hal::Time host = pacer_->now();
    auto start = pacer_start_ns_.load();
    const auto latest = (host.time_since_epoch() - now().time_since_epoch() - most_behind).count();
    while (start < latest && !pacer_start_ns_.compare_exchange_weak(start, latest)) {
    }
    return host - hal::Duration{std::max(start, latest)};
}

void VirtualClock::catch_up() {
    if (!pacer_ || actor_.load() == std::this_thread::get_id()) return;
    const hal::Time target = paced_now();
    const hal::Time give_up = pacer_->now() + most_behind;
    while (now() < target && pacer_->now() < give_up) pass(target);
}

// Moves time to `until` or to the first act before it, and lets the acts of that moment happen.
void VirtualClock::pass(hal::Time until) {
    assert(actor_.load() != std::this_thread::get_id() && "an act must not wait");
    if (pacer_ && until > now()) {
        until = std::min(until, now() + pace_step);
        {
            const std::lock_guard lock(agenda_mutex_);
            if (!agenda_.empty()) until = std::max(now(), std::min(until, agenda_.begin()->first));
        }
        paced_now();
        pacer_->wait_until(until + hal::Duration{pacer_start_ns_.load()});
    }
    // On the host's time another thread may be in the middle of the last act on the agenda: time
    // stands still until it has returned, and what it asked for comes next.
    const bool nothing_due = agenda_empty_.load(std::memory_order_acquire);
    if (nothing_due && (!pacer_ || actor_.load() == std::thread::id{})) return advance(until);

    const std::lock_guard acting(acting_);
    std::unique_lock lock(agenda_mutex_);
    if (!agenda_.empty()) until = std::min(until, std::max(now(), agenda_.begin()->first));
    advance(until);
    while (!agenda_.empty() && agenda_.begin()->first <= until) {
        const auto act = std::move(agenda_.begin()->second);
        actor_.store(std::this_thread::get_id());  // before the agenda looks empty
        agenda_.erase(agenda_.begin());
        agenda_empty_.store(agenda_.empty(), std::memory_order_release);
        lock.unlock();
        try {
            act();
        } catch (...) {
            actor_.store({});
            throw;
        }
        actor_.store({});
        lock.lock();
    }
}

void VirtualClock::advance(hal::Time to) {
    assert(to < end_of_time && "a wait needs a deadline: nothing else ends it on virtual time");
    // Another thread may have moved the clock further meanwhile; time never goes back.
    const auto target = to.time_since_epoch().count();
    auto current = now_ns_.load(std::memory_order_acquire);
    while (current < target &&
           !now_ns_.compare_exchange_weak(current, target, std::memory_order_acq_rel)) {
    }
}

}  // namespace opal::sim
