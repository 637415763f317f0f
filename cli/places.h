// Places: where OPAL keeps things, after the XDG base directory specification.
#pragma once

#include <filesystem>
#include <string>

namespace opal::cli {

// $XDG_STATE_HOME/opal, or ~/.local/state/opal. Throws BadInput if neither is set.
std::filesystem::path state_folder();

// The calibration record of a bench, by its name: <state folder>/<name>.h5.
std::filesystem::path default_record(const std::string& bench_name);

// Makes the folder a file will be written to; throws std::runtime_error with the reason if it
// cannot.
void make_parent(const std::filesystem::path& file);

}  // namespace opal::cli
