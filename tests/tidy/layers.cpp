// Parses and answers layers.txt. See layers.h.
#include "tests/tidy/layers.h"

#include "tests/tidy/source_tree.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace opal::tests {
namespace {

// Headers of the C++ and C standard libraries have no dot and no slash.
bool is_standard(std::string_view include) {
    return include.find_first_of("./") == std::string_view::npos;
}

}  // namespace

Layers::Layers(std::string_view table) {
    std::istringstream in{std::string(table)};
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        line.resize(std::min(line.find('#'), line.size()));
        if (line.find_first_not_of(' ') == std::string::npos) continue;
        const std::size_t colon = line.find(':');
        const std::string folder = line.substr(0, colon);
        if (colon == std::string::npos || folder.empty() || folder.find(' ') != std::string::npos) {
            throw std::runtime_error("line " + std::to_string(number) +
                                     ": want \"folder: what it may include\", got \"" + line +
                                     "\"");
        }
        for (const Layer& layer : layers_) {
            if (layer.folder == folder) {
                throw std::runtime_error("line " + std::to_string(number) + ": " + folder +
                                         " is there already");
            }
        }
        Layer layer{folder, {}};
        std::istringstream entries(line.substr(colon + 1));
        for (std::string entry; entries >> entry;) layer.entries.push_back(entry);
        layers_.push_back(std::move(layer));
    }
}

const Layers::Layer* Layers::find(std::string_view file) const {
    const Layer* longest = nullptr;
    for (const Layer& layer : layers_) {
        if (is_below(file, layer.folder) &&
            (longest == nullptr || layer.folder.size() > longest->folder.size())) {
            longest = &layer;
        }
    }
    return longest;
}

bool Layers::allows(std::string_view file, std::string_view header) const {
    const Layer* layer = find(file);
    if (layer == nullptr) return false;
    return is_below(header, layer->folder) ||
           std::any_of(layer->entries.begin(), layer->entries.end(), [&](const std::string& entry) {
               return entry == "*" || entry == header || is_below(header, entry);
           });
}

bool Layers::allows_library(std::string_view file, std::string_view include) const {
    const Layer* layer = find(file);
    if (layer == nullptr) return false;
    const std::string first = "<" + std::string(include.substr(0, include.find('/'))) + ">";
    const auto has = [&](std::string_view entry) {
        return std::find(layer->entries.begin(), layer->entries.end(), entry) !=
               layer->entries.end();
    };
    return has("*") || has(first) || is_standard(include);
}

std::string Layers::allowed(std::string_view file) const {
    const Layer* layer = find(file);
    if (layer == nullptr) return "nothing";
    std::string all = layer->folder;
    for (const std::string& entry : layer->entries) all += " " + entry;
    return all;
}

}  // namespace opal::tests
