// YamlText: a YAML file as far as scenes and fault schedules read it alike: from the disk to a
// tree, with the place of a mistake. What the keys mean is the readers' own.
//
// Rule: messages stay one line, whatever the file holds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace YAML {
class Node;
}

namespace opal::sim {

// Where in which file; line and column count from 1, 0 if unknown.
struct YamlPlace {
    std::string name;
    int line = 0;
    int column = 0;

    std::string text() const;  // "lab.yaml:3:7"
};

// Of a node; a tree made by nobody's file has the name alone.
YamlPlace place_of(const YAML::Node& node, const std::string& name);

// Throws SceneError: "PLACE: PATH: PROBLEM", without an empty path.
[[noreturn]] void fail(const YamlPlace& place, std::string_view path, std::string_view problem);

// What a person sees of a scalar, cut and without control characters.
std::string shown(std::string_view scalar);

// The whole file, at most 1 MiB: these have a hundred lines. `what` such a file is: "a scene".
// Throws SceneError that names what is in the way.
std::string read_yaml_file(const std::string& path, std::string_view what);

// The first of its documents, and an empty one if there are more; `name` as in messages. Throws
// SceneError with the place for what is no YAML.
std::vector<YAML::Node> parse_yaml_documents(const std::string& text, const std::string& name);

}  // namespace opal::sim
