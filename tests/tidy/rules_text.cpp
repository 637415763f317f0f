// Rules any text file keeps to: length, width, whitespace, names, and a first line that says what
// the file is. See rules.h.
#include "tests/tidy/rules.h"

#include <algorithm>
#include <array>

namespace opal::tests {
namespace {

bool is_code(FileKind kind) {
    return kind == FileKind::cpp || kind == FileKind::cmake || kind == FileKind::script ||
           kind == FileKind::yaml;
}

// Characters, not bytes: continuation bytes of UTF-8 do not count.
std::size_t width_of(std::string_view line) {
    return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

// Tables and addresses cannot be wrapped.
bool may_be_wide(const SourceFile& file, std::string_view line) {
    return (file.kind == FileKind::markdown && line.starts_with('|')) ||
           line.find("://") != std::string_view::npos;
}

// Written in two halves, or this file would break its own rule.
const std::array<std::string, 3> unfinished_marks{
    "TO"
    "DO",
    "FIX"
    "ME",
    "XX"
    "X:"};

void check_lines(const SourceFile& file, std::vector<Violation>& violations) {
    const bool docs = file.kind == FileKind::markdown;
    const std::size_t limit = docs ? max_width_docs : max_width;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        const std::string& line = file.lines[i];
        const auto report = [&](const char* rule, const std::string& message) {
            violations.push_back({file.path, i + 1, rule, message});
        };
        if (width_of(line) > limit && !may_be_wide(file, line)) {
            report("width",
                   std::to_string(width_of(line)) + " columns, at most " + std::to_string(limit));
        }
        if (line.find('\t') != std::string::npos) report("tab", "a tab; use spaces");
        if (line.ends_with(' ') || line.ends_with('\r')) {
            report("space", "space or carriage return at the end of the line");
        }
        for (const std::string& mark : unfinished_marks) {
            if (line.find(mark) != std::string::npos) {
                report("unfinished", mark + " marks unfinished work; finish it or open an issue");
            }
        }
    }
}

void check_name(const SourceFile& file, std::vector<Violation>& violations) {
    static const std::array<std::string_view, 7> vague{"util", "utils",  "utility", "common",
                                                       "misc", "helper", "helpers"};
    std::string_view rest = file.path;
    while (!rest.empty()) {
        const std::size_t end = rest.find_first_of("/._-");
        const std::string_view word = rest.substr(0, end);
        if (std::find(vague.begin(), vague.end(), word) != vague.end()) {
            violations.push_back({file.path, 1, "name",
                                  "\"" + std::string(word) + "\" says nothing; name the noun"});
        }
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
}

// The first line that is not the interpreter's must be a comment with something to say.
void check_purpose(const SourceFile& file, std::vector<Violation>& violations) {
    const std::size_t at = !file.lines.empty() && file.lines[0].starts_with("#!") ? 1 : 0;
    const std::string_view first = at < file.lines.size() ? file.lines[at] : std::string_view();
    const bool docs = file.kind == FileKind::markdown;
    const bool docstring = file.path.ends_with(".py") && first.starts_with("\"\"\"");
    const std::string_view mark = file.kind == FileKind::cpp ? "// " : docstring ? "\"\"\"" : "# ";
    const std::size_t least = mark.size() + (docs ? 3 : 15);
    if (!first.starts_with(mark) || first.size() < least) {
        violations.push_back({file.path, at + 1, "purpose",
                              docs ? "must begin with a title: \"# ...\""
                                   : "must begin with a comment that says what the file is: \"" +
                                         std::string(mark) + "...\""});
    }
}

}  // namespace

void check_text(const SourceFile& file, std::vector<Violation>& violations) {
    check_name(file, violations);
    if (!is_code(file.kind) && file.kind != FileKind::markdown) return;
    if (is_code(file.kind) && file.lines.size() > max_lines) {
        violations.push_back({file.path, max_lines + 1, "length",
                              std::to_string(file.lines.size()) + " lines, at most " +
                                  std::to_string(max_lines) + "; split the file by its nouns"});
    }
    check_purpose(file, violations);
    check_lines(file, violations);
    if (!file.text.empty() && (!file.text.ends_with('\n') || file.text.ends_with("\n\n"))) {
        violations.push_back({file.path, std::max<std::size_t>(file.lines.size(), 1), "newline",
                              "must end with exactly one line end"});
    }
}

}  // namespace opal::tests
