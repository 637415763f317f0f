// Layers: the table "who may include what" of layers.txt.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace opal::tests {

class Layers {
public:
    // Throws std::runtime_error with "line N: ..." if the table is malformed.
    explicit Layers(std::string_view table);

    // True if `file` lies below a folder of the table.
    bool knows(std::string_view file) const { return find(file) != nullptr; }
    // `header`: a path of this repository.
    bool allows(std::string_view file, std::string_view header) const;
    // `include`: what stands between < and >.
    bool allows_library(std::string_view file, std::string_view include) const;
    // For messages: the right-hand side of the line that counts for `file`.
    std::string allowed(std::string_view file) const;

private:
    struct Layer {
        std::string folder;
        std::vector<std::string> entries;
    };
    const Layer* find(std::string_view file) const;

    std::vector<Layer> layers_;
};

}  // namespace opal::tests
