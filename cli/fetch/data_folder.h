// DataFolder: where a fetched data set lives, after the XDG base directory specification.
#pragma once

#include <filesystem>
#include <string_view>

namespace opal::cli::fetch {

// $XDG_DATA_HOME/opal/NAME, or ~/.local/share/opal/NAME. Throws BadInput if XDG_DATA_HOME and HOME
// are not set.
std::filesystem::path data_folder(std::string_view dataset);

}  // namespace opal::cli::fetch
