// Program: runs another program, feeds it text and takes its output, within a deadline.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace opal::cli {

// The standard output, or nothing if the program is missing, fails or is not done in time.
std::optional<std::string> run_program(const std::vector<std::string>& command,
                                       const std::string& input, std::chrono::seconds patience);

}  // namespace opal::cli
