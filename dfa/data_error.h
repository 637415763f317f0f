// DataError: a data file that is not what it must be.
//
// One line: the file, what was found, what was expected. Thrown by every loader before anything is
// trained on doubtful data.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace opal::dfa {

class DataError : public std::runtime_error {
public:
    // what() reads "<file>: <found>, expected <expected>".
    DataError(const std::filesystem::path& file, const std::string& found,
              const std::string& expected)
        : std::runtime_error(file.string() + ": " + found + ", expected " + expected) {}
};

}  // namespace opal::dfa
