// Description: what a camera says about itself, XML as it is or zipped, as nodes that can be found
// by name. Stands between the file read from the camera and NodeMap.
//
// Cameras differ in what they get wrong, so unknown elements are skipped and noted; a node that
// makes no sense fails when it is used, not before. Files made to do harm are refused: entities,
// archives that unpack to more than a camera ever sent, endless nesting.
#pragma once

#include "drivers/genapi/node.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace opal::drivers::genapi {

// One line: what is wrong with the file, and what would be right.
struct DescriptionError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The XML of a file as cameras send it: the file itself, or the member of a ZIP archive. Throws
// DescriptionError.
std::string unpack_description(std::span<const std::byte> file);

class Description {
public:
    // Throws DescriptionError.
    explicit Description(std::string_view xml);
    ~Description();
    Description(const Description&) = delete;
    Description& operator=(const Description&) = delete;

    std::string_view model_name() const;
    std::string_view vendor_name() const;
    int schema_major() const;
    int schema_minor() const;

    const std::vector<Node>& nodes() const;
    const Node* find(std::string_view name) const;  // nullptr: no such node
    std::size_t index_of(const Node& node) const;
    // What was skipped, for people; the first hundred.
    const std::vector<std::string>& notes() const;

private:
    struct Content;
    std::unique_ptr<Content> content_;
};

}  // namespace opal::drivers::genapi
