// SteadyClock: the one place of the contracts that reads the host's clock and sleeps.
#include "hal/clock.h"

#include <thread>

namespace opal::hal {

Time SteadyClock::now() const {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

void SteadyClock::wait_until(Time when) {
    // sleep_until resumes after a signal with the same absolute time.
    while (now() < when) std::this_thread::sleep_until(when);
}

}  // namespace opal::hal
