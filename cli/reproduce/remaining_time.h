// RemainingTime: how long the rest of a study will take, from the runs that are done.
//
// Runs of one kind (task and method) take about as long as each other; kinds that were not seen
// yet are not guessed but named. Runs share `jobs` threads, those through the light have one of
// them (run_queue.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace opal::cli::reproduce {

class RemainingTime {
public:
    explicit RemainingTime(int jobs) : jobs_(jobs) {}
    void plan(const std::string& kind, std::uint64_t runs, bool light) {
        kinds_[kind].left += runs;
        kinds_[kind].light = light;
    }
    void took(const std::string& kind, double seconds);
    std::string text()
        const;  // "12 min 10 s left", "12 min 10 s left and 3 runs of unknown length"

private:
    struct Kind {
        std::uint64_t left = 0;
        std::uint64_t done = 0;
        double seconds = 0;
        bool light = false;
    };
    int jobs_;
    std::map<std::string, Kind> kinds_;
};

}  // namespace opal::cli::reproduce
