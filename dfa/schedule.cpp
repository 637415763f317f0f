// Warm-up and decay. See schedule.h.
#include "dfa/schedule.h"

#include <cmath>

namespace opal::dfa {

double Schedule::rate(std::uint64_t step) const {
    if (step < warmup_steps) {
        return peak * static_cast<double>(step + 1) / static_cast<double>(warmup_steps);
    }
    if (decay == Decay::constant || steps <= warmup_steps) return peak;
    const double s =
        static_cast<double>(step - warmup_steps) / static_cast<double>(steps - warmup_steps);
    constexpr double pi = 3.14159265358979323846;
    const double low = final_fraction * peak;
    return low + (peak - low) * (1 + std::cos(pi * (s < 1 ? s : 1))) / 2;
}

}  // namespace opal::dfa
