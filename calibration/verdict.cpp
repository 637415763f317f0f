// Verdict: see verdict.h.
#include "calibration/verdict.h"

#include <fmt/format.h>

#include <algorithm>

namespace opal::calibration {

std::string text_of(const Measured& m) {
    if (!(m.sigma > 0) || !std::isfinite(m.sigma)) return fmt::format("{:.4g}", m.value);
    const int decimals = std::clamp(1 - static_cast<int>(std::floor(std::log10(m.sigma))), 0, 12);
    return fmt::format("{:.{}f} +- {:.{}f}", m.value, decimals, m.sigma, decimals);
}

}  // namespace opal::calibration
