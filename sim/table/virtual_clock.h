// VirtualClock: the time of a simulated bench. It starts at 0 when the bench is made and moves only
// when someone waits, so a run gives the same frames whether the host is fast, slow or stopped in a
// debugger.
//
// Given a pacer, a wait lasts as long on the host as on the bench: virtual time never runs ahead of
// the pacer's. It may fall behind it (the host was busy), and bytes are the same either way.
#pragma once

#include "hal/clock.h"

#include <atomic>

namespace opal::sim {

class VirtualClock final : public hal::Clock {
public:
    // `pacer` outlives the clock; nullptr: waits cost nothing.
    explicit VirtualClock(hal::Clock* pacer = nullptr);

    hal::Time now() const override;
    void wait_until(hal::Time when) override;

private:
    std::atomic<hal::Duration::rep> now_ns_{0};
    hal::Clock* pacer_;
    hal::Time pacer_start_{};
};

}  // namespace opal::sim
