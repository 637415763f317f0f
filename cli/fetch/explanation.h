// Explanation: how to place the files of a data set by hand, for machines without internet.
#pragma once

#include "cli/fetch/dataset.h"

#include <filesystem>
#include <string>

namespace opal::cli::fetch {

// Names, lengths, SHA-256, where to get them and where to put them; ends with a line end.
std::string explanation(const Dataset& dataset, const std::filesystem::path& folder);

}  // namespace opal::cli::fetch
