// TmCompare: two measured matrices of one bench side by side, whatever way each was measured.
#pragma once

#include "cli/exit_code.h"
#include "cli/session.h"

#include <filesystem>

namespace opal::cli {

// Each a record or a matrix of intensities, one of them a record at least. exit_negative if they
// correlate by less than `wanted`.
ExitCode compare_matrices(const Session& session, const std::filesystem::path& a,
                          const std::filesystem::path& b, double wanted);

}  // namespace opal::cli
