// Figure2: hidden activations of Cora's test papers in a plane, taught by backpropagation and by
// light [Launay 2020, figure 2].
#pragma once

#include "cli/reproduce/study.h"
#include "cli/reproduce/study_runner.h"
#include "cli/session.h"

#include <vector>

namespace opal::cli::reproduce {

// Trains `seeds` networks per column (bp, optical), draws the first of each.
std::vector<Document> make_figure2(Session& session, StudyRunner& runner,
                                   const StudyOptions& options);

}  // namespace opal::cli::reproduce
