// Places: the XDG base directories from the environment. See places.h.
#include "cli/places.h"

#include "cli/exit_code.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace opal::cli {

std::filesystem::path state_folder() {
    const char* const state = std::getenv("XDG_STATE_HOME");
    // Relative paths there are invalid and to be ignored [XDG Base Directory, 0.8].
    if (state != nullptr && *state == '/') return std::filesystem::path(state) / "opal";
    const char* const home = std::getenv("HOME");
    if (home != nullptr && *home == '/') {
        return std::filesystem::path(home) / ".local" / "state" / "opal";
    }
    throw BadInput(
        "no place for calibration records: set XDG_STATE_HOME or HOME, or name a file with "
        "--calibration");
}

std::filesystem::path default_record(const std::string& bench_name) {
    std::string safe = bench_name;
    std::replace_if(
        safe.begin(), safe.end(),
        [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '_' && c != '.'; },
        '-');
    return state_folder() / (safe + ".h5");
}

void make_parent(const std::filesystem::path& file) {
    const auto folder = file.parent_path();
    if (folder.empty()) return;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        throw std::runtime_error(
            fmt::format("cannot make the folder {}: {}", folder.string(), error.message()));
    }
}

}  // namespace opal::cli
