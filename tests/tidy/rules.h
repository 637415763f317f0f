// Rules: what every file of this tree keeps to, as functions from files to violations.
//
// CONTRIBUTING.md says why each rule exists. Every rule has a fixture in tidy_test.cpp that breaks
// it, so that none can fall silent.
#pragma once

#include "tests/tidy/layers.h"
#include "tests/tidy/source_tree.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace opal::tests {

struct Violation {
    std::string path;
    std::size_t line = 1;
    std::string rule;
    std::string message;

    std::string text() const {  // as compilers print it
        return path + ":" + std::to_string(line) + ": " + rule + ": " + message;
    }
};

// permissions.txt: file -> words the purity rule lets it use.
using Permissions = std::map<std::string, std::set<std::string>>;
Permissions parse_permissions(std::string_view table);  // throws std::runtime_error: "line N: ..."

struct RuleBook {
    Layers layers;
    Permissions permissions;
};

inline constexpr std::size_t max_lines = 400;
inline constexpr std::size_t max_width = 100;
inline constexpr std::size_t max_width_docs = 120;

// length, width, tab, space, newline, unfinished, name, purpose
void check_text(const SourceFile& file, std::vector<Violation>& violations);
// once, using, namespace, include, layer, library
void check_cpp(const SourceTree& tree, const SourceFile& file, const Layers& layers,
               std::vector<Violation>& violations);
// purity
void check_purity(const SourceFile& file, const Permissions& permissions,
                  std::vector<Violation>& violations);
// orphan, link, citation
void check_references(const SourceTree& tree, const SourceFile& file,
                      std::vector<Violation>& violations);

// All of the above on all files, in the order of the tree.
std::vector<Violation> check_tree(const SourceTree& tree, const RuleBook& book);

}  // namespace opal::tests
