// RunQueue: hands the runs of a study to the threads that do them.
//
// Rule: there is one bench, so runs through the light go one after the other, whatever the number
// of threads; digital runs go beside them. Which thread does a run changes no result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

namespace opal::cli::reproduce {

struct PlannedRun {
    std::size_t cell = 0;   // of the study
    std::size_t place = 0;  // among the cell's runs
    std::uint64_t seed = 0;
    bool light = false;
};

class RunQueue {
public:
    explicit RunQueue(std::vector<PlannedRun> runs);

    // The next run for a thread; nothing if none is left or all that are left wait for the light,
    // which whoever has it will take. Call done() afterwards.
    std::optional<PlannedRun> take(bool light_first);
    void done(const PlannedRun& run);
    // Nothing more is handed out.
    void close();

private:
    std::mutex mutex_;
    std::vector<PlannedRun> light_;  // both backwards: the next one is the last
    std::vector<PlannedRun> digital_;
    bool light_taken_ = false;
};

}  // namespace opal::cli::reproduce
