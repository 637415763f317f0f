// RunQueue: two rows of runs and one bench. See run_queue.h.
#include "cli/reproduce/run_queue.h"

namespace opal::cli::reproduce {

RunQueue::RunQueue(std::vector<PlannedRun> runs) {
    for (std::size_t k = runs.size(); k-- > 0;) {
        (runs[k].light ? light_ : digital_).push_back(runs[k]);
    }
}

std::optional<PlannedRun> RunQueue::take(bool light_first) {
    const std::lock_guard lock(mutex_);
    const bool light_free = !light_taken_ && !light_.empty();
    const bool light = light_free && (light_first || digital_.empty());
    auto& row = light ? light_ : digital_;
    if (row.empty()) return std::nullopt;
    const PlannedRun next = row.back();
    row.pop_back();
    light_taken_ = light_taken_ || next.light;
    return next;
}

void RunQueue::done(const PlannedRun& run) {
    const std::lock_guard lock(mutex_);
    if (run.light) light_taken_ = false;
}

void RunQueue::close() {
    const std::lock_guard lock(mutex_);
    light_.clear();
    digital_.clear();
}

}  // namespace opal::cli::reproduce
