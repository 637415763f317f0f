// Rules between files: no source without a build, no link without a target, no citation without
// its entry in docs/references.md. See rules.h.
#include "tests/tidy/rules.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>

namespace opal::tests {
namespace {

namespace fs = std::filesystem;

// True if `text` has `name` as a whole: "table.cpp" is not in "optical_table.cpp".
bool names(std::string_view text, std::string_view name) {
    for (std::size_t at = text.find(name); at != std::string_view::npos;
         at = text.find(name, at + 1)) {
        const unsigned char before = at == 0 ? ' ' : static_cast<unsigned char>(text[at - 1]);
        if (std::isalnum(before) == 0 && before != '_') return true;
    }
    return false;
}

// A .cpp that no CMake file or script names is dead.
void check_orphan(const SourceTree& tree, const SourceFile& file,
                  std::vector<Violation>& violations) {
    if (!file.path.ends_with(".cpp")) return;
    const std::string name = fs::path(file.path).filename().string();
    const bool named =
        std::any_of(tree.files().begin(), tree.files().end(), [&](const SourceFile& other) {
            return (other.kind == FileKind::cmake || other.kind == FileKind::script) &&
                   names(other.text, name);
        });
    if (!named) {
        violations.push_back({file.path, 1, "orphan", "no CMakeLists.txt or script names it"});
    }
}

bool is_folder_of(const SourceTree& tree, const std::string& path) {
    return std::any_of(tree.files().begin(), tree.files().end(),
                       [&](const SourceFile& file) { return is_below(file.path, path); });
}

void check_links(const SourceTree& tree, const SourceFile& file,
                 std::vector<Violation>& violations) {
    static const std::regex link(R"(\]\(([^)#\s]+)(#[^)]*)?\))");
    if (file.kind != FileKind::markdown) return;
    bool quoted = false;  // inside a ``` block
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        const std::string& line = file.lines[i];
        if (line.starts_with("```")) quoted = !quoted;
        if (quoted) continue;
        for (auto it = std::sregex_iterator(line.begin(), line.end(), link);
             it != std::sregex_iterator(); ++it) {
            const std::string target = (*it)[1];
            if (target.find(':') != std::string::npos) continue;  // https: and the like
            std::string path =
                (fs::path(file.path).parent_path() / target).lexically_normal().generic_string();
            if (path.ends_with('/')) path.pop_back();
            if (tree.find(path) == nullptr && !is_folder_of(tree, path)) {
                violations.push_back({file.path, i + 1, "link", target + " is not in this tree"});
            }
        }
    }
}

// [Launay 2020, section 2; Cuche et al. 2000] in a comment or a document: each work's first author
// and year stand in bold in docs/references.md.
void check_citations(const SourceTree& tree, const SourceFile& file,
                     std::vector<Violation>& violations) {
    static const std::regex bracket(R"(\[([A-Z][^\[\]]* (?:19|20)\d\d\b[^\[\]]*)\])");
    static const std::regex work(R"((?:^|; )([A-Z]\w+)[A-Za-z&. ]* ((?:19|20)\d\d)\b)");
    if (file.kind != FileKind::cpp && file.kind != FileKind::markdown) return;
    const SourceFile* references = tree.find("docs/references.md");
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        const std::string& line = file.lines[i];
        const bool comment = file.kind != FileKind::cpp || line.find("//") != std::string::npos;
        std::smatch cited;
        if (!comment || !std::regex_search(line, cited, bracket)) continue;
        const std::string works = cited[1];
        for (auto it = std::sregex_iterator(works.begin(), works.end(), work);
             it != std::sregex_iterator(); ++it) {
            if ((*it)[1] == "RFC") continue;  // a number, not a year
            const std::string key = (*it)[1].str() + " " + (*it)[2].str();
            if (references == nullptr ||
                references->text.find("**" + key + "**") == std::string::npos) {
                violations.push_back(
                    {file.path, i + 1, "citation", key + " has no entry in docs/references.md"});
            }
        }
    }
}

}  // namespace

void check_references(const SourceTree& tree, const SourceFile& file,
                      std::vector<Violation>& violations) {
    check_orphan(tree, file, violations);
    check_links(tree, file, violations);
    check_citations(tree, file, violations);
}

std::vector<Violation> check_tree(const SourceTree& tree, const RuleBook& book) {
    std::vector<Violation> violations;
    for (const SourceFile& file : tree.files()) {
        check_text(file, violations);
        check_cpp(tree, file, book.layers, violations);
        check_purity(file, book.permissions, violations);
        check_references(tree, file, violations);
    }
    return violations;
}

}  // namespace opal::tests
