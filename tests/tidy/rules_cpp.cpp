// Rules of C++ files: one include style, the layers, one namespace per folder. See rules.h.
#include "tests/tidy/rules.h"

#include <algorithm>
#include <regex>

namespace opal::tests {
namespace {

std::string top_folder(std::string_view path) {
    return std::string(path.substr(0, path.find('/')));
}

void check_include(const SourceTree& tree, const SourceFile& file, std::size_t line,
                   const std::string& quote, const std::string& target, const Layers& layers,
                   std::vector<Violation>& violations) {
    const auto report = [&](const char* rule, const std::string& message) {
        violations.push_back({file.path, line, rule, message});
    };
    if (quote == "<") {
        if (!layers.allows_library(file.path, target)) {
            report("library", "<" + target + "> is not among what this folder may use: " +
                                  layers.allowed(file.path));
        }
    } else if (tree.find(target) == nullptr) {
        report("include", "\"" + target + "\" is no file of this tree; give the path from the " +
                              "top, and use <> for libraries");
    } else if (!layers.allows(file.path, target)) {
        report("layer", "may not include \"" + target +
                            "\"; this folder may include: " + layers.allowed(file.path));
    }
}

// Includes are read from the raw lines, since their quotes are literals; the code lines tell
// whether they are commented out.
void check_includes(const SourceTree& tree, const SourceFile& file, const Layers& layers,
                    std::vector<Violation>& violations) {
    static const std::regex include(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        std::smatch match;
        if (file.code[i].find("include") != std::string::npos &&
            std::regex_search(file.lines[i], match, include)) {
            check_include(tree, file, i + 1, match[1], match[2], layers, violations);
        }
    }
}

void check_namespaces(const SourceFile& file, std::vector<Violation>& violations) {
    static const std::regex opening(R"(^\s*(?:inline\s+)?namespace\s+([A-Za-z_][\w:]*)\s*\{)");
    static const std::regex using_directive(R"(^\s*using\s+namespace\b)");
    const std::string wanted = "opal::" + top_folder(file.path);
    bool found = false;
    for (std::size_t i = 0; i < file.code.size(); ++i) {
        std::smatch match;
        if (file.is_header() && std::regex_search(file.code[i], using_directive)) {
            violations.push_back({file.path, i + 1, "using",
                                  "a header must not bring names into its readers' scope"});
        }
        if (!std::regex_search(file.code[i], match, opening)) continue;
        const std::string name = match[1];
        if (name == wanted || name.starts_with(wanted + "::")) {
            found = true;
        } else if (name == "std" || name == "opal" || name.starts_with("opal::")) {
            violations.push_back({file.path, i + 1, "namespace",
                                  "opens " + name + "; this folder's namespace is " + wanted});
        }
    }
    if (file.is_header() && !found) {
        violations.push_back({file.path, 1, "namespace", "a header declares in " + wanted});
    }
}

}  // namespace

void check_cpp(const SourceTree& tree, const SourceFile& file, const Layers& layers,
               std::vector<Violation>& violations) {
    if (file.kind != FileKind::cpp) return;
    if (!layers.knows(file.path)) {
        violations.push_back({file.path, 1, "layer",
                              "its folder is not in tests/tidy/layers.txt; add a line there"});
        return;
    }
    // Highway includes a header once per instruction set; such a header guards itself.
    const bool included_often = file.text.find("#ifdef HWY_TARGET_TOGGLE") != std::string::npos ||
                                file.text.find("defined(HWY_TARGET_TOGGLE)") != std::string::npos;
    if (file.is_header() && !included_often &&
        std::count(file.code.begin(), file.code.end(), "#pragma once") != 1) {
        violations.push_back({file.path, 1, "once", "a header says #pragma once, once"});
    }
    check_includes(tree, file, layers, violations);
    if (!is_below(file.path, "tests") && !is_below(file.path, "bench")) {
        check_namespaces(file, violations);
    }
}

}  // namespace opal::tests
