// VirtualClock: a counter that only waits move forward.
#include "sim/table/virtual_clock.h"

namespace opal::sim {

VirtualClock::VirtualClock(hal::Clock* pacer)
    : pacer_(pacer), pacer_start_(pacer ? pacer->now() : hal::Time{}) {}

hal::Time VirtualClock::now() const {
    return hal::Time{hal::Duration{now_ns_.load(std::memory_order_acquire)}};
}

void VirtualClock::wait_until(hal::Time when) {
    const auto target = when.time_since_epoch().count();
    auto current = now_ns_.load(std::memory_order_acquire);
    if (target <= current) return;
    if (pacer_) pacer_->wait_until(pacer_start_ + when.time_since_epoch());
    // Another thread may have moved the clock further meanwhile; time never goes back.
    while (current < target &&
           !now_ns_.compare_exchange_weak(current, target, std::memory_order_acq_rel)) {
    }
}

}  // namespace opal::sim
