// RemainingTime: mean times the runs that are left. See remaining_time.h.
#include "cli/reproduce/remaining_time.h"

#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>

namespace opal::cli::reproduce {

void RemainingTime::took(const std::string& kind, double seconds) {
    Kind& k = kinds_[kind];
    --k.left;
    ++k.done;
    k.seconds += seconds;
}

std::string RemainingTime::text() const {
    double seconds = 0, light = 0;
    std::uint64_t unknown = 0;
    for (const auto& [name, kind] : kinds_) {
        if (kind.done > 0) {
            const double left =
                static_cast<double>(kind.left) * kind.seconds / static_cast<double>(kind.done);
            seconds += left;
            if (kind.light) light += left;
        } else {
            unknown += kind.left;
        }
    }
    std::string text = duration_text(std::max(light, seconds / jobs_)) + " left";
    if (unknown > 0) text += fmt::format(" and {} runs of unknown length", unknown);
    return text;
}

}  // namespace opal::cli::reproduce
