// Reads the environment. See data_folder.h.
#include "cli/fetch/data_folder.h"

#include "cli/exit_code.h"

#include <cstdlib>

namespace opal::cli::fetch {

std::filesystem::path data_folder(std::string_view dataset) {
    const char* const data = std::getenv("XDG_DATA_HOME");
    // Relative paths there are invalid and to be ignored [XDG Base Directory, 0.8].
    if (data != nullptr && *data == '/') return std::filesystem::path(data) / "opal" / dataset;
    const char* const home = std::getenv("HOME");
    if (home != nullptr && *home == '/') {
        return std::filesystem::path(home) / ".local" / "share" / "opal" / dataset;
    }
    throw BadInput("no place for data sets: set XDG_DATA_HOME or HOME, or name a folder with --to");
}

}  // namespace opal::cli::fetch
