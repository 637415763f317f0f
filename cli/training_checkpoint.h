// Checkpoint: the state of a training run in a file, so that a run that was killed goes on.
//
//   "OPALRUN1"   8 bytes
//   size         uint32 LE, of the header
//   header       JSON: the run's settings, the program, step and epochs, what the feedback carries
//                over, shapes of the arrays
//   arrays       float32 LE, row by row: weights, then the optimiser's moments
//   CRC-32       uint32 LE, of everything before it [RFC 1952, section 8]
//
// Written whole or not at all (files.h). A file belongs to one run: settings that differ in
// anything are refused.
#pragma once

#include "cli/training_feedback.h"
#include "cli/training_run.h"
#include "dfa/trainer.h"

#include <filesystem>
#include <optional>
#include <string>

namespace opal::cli {

struct SavedRun {
    dfa::TrainingState state;
    LegFeedback::Carried carried;
};

class Checkpoint {
public:
    // of: planned_run(), whose settings the file has to match.
    Checkpoint(std::filesystem::path file, const TrainingRun& of);

    void save(const dfa::TrainingState& state, const LegFeedback::Carried& carried) const;
    // Nothing if there is no file, or only one of another build: `stale` then says so. Throws
    // BadInput: the file, and what is wrong with it.
    std::optional<SavedRun> load(std::string& stale) const;

private:
    std::filesystem::path file_;
    std::string settings_;
};

}  // namespace opal::cli
