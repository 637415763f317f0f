// Reads a checkout and sorts its files into kinds. See source_tree.h.
#include "tests/tidy/source_tree.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace opal::tests {
namespace {

namespace fs = std::filesystem;

bool is_foreign_folder(const std::string& name) {
    return name == ".git" || name == ".cache" || name == ".vscode" || name == ".idea" ||
           name == "__pycache__" || name.starts_with("build") || name.starts_with("opal-demo");
}

FileKind kind_of(std::string_view path, std::string_view text) {
    const auto ends = [&](std::string_view end) { return path.ends_with(end); };
    if (ends(".h") || ends(".cpp") || ends(".cpp.in")) return FileKind::cpp;
    if (ends("CMakeLists.txt") || ends(".cmake") || ends(".cmake.in")) return FileKind::cmake;
    if (ends(".yaml") || ends(".yml") || ends(".clang-format")) return FileKind::yaml;
    if (ends(".md")) return FileKind::markdown;
    if (ends(".sh") || ends(".py") || ends(".txt") || ends(".in") || ends(".gitignore") ||
        text.starts_with("#!")) {
        return FileKind::script;
    }
    return FileKind::other;
}

std::vector<std::string> split_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

// The end of the literal that begins with the quote at `begin`: one past its closing quote.
std::size_t end_of_quoted(std::string_view text, std::size_t begin) {
    for (std::size_t i = begin + 1; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == text[begin] || text[i] == '\n') {
            return i + 1;
        }
    }
    return text.size();
}

std::size_t end_of_raw(std::string_view text, std::size_t quote) {
    const std::size_t open = text.find('(', quote);
    if (open == std::string_view::npos) return text.size();
    const std::string close = ")" + std::string(text.substr(quote + 1, open - quote - 1)) + "\"";
    const std::size_t end = text.find(close, open);
    return end == std::string_view::npos ? text.size() : end + close.size();
}

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// The text with comments and the insides of literals turned into spaces; line ends stay.
std::string blank_comments_and_literals(std::string_view text) {
    std::string code(text);
    const auto blank = [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end && i < code.size(); ++i) {
            if (code[i] != '\n') code[i] = ' ';
        }
    };
    std::size_t i = 0;
    while (i < text.size()) {
        const std::string_view rest = text.substr(i);
        std::size_t end = i + 1;
        if (rest.starts_with("//")) {
            end = std::min(text.find('\n', i), text.size());
            blank(i, end);
        } else if (rest.starts_with("/*")) {
            const std::size_t close = text.find("*/", i + 2);
            end = close == std::string_view::npos ? text.size() : close + 2;
            blank(i, end);
        } else if (rest.starts_with("R\"") && (i == 0 || !is_word(text[i - 1]))) {
            end = end_of_raw(text, i + 1);
            blank(i + 2, end - 1);
        } else if (rest[0] == '"') {
            end = end_of_quoted(text, i);
            blank(i + 1, end - 1);
        } else if (rest[0] == '\'' && (i == 0 || !is_word(text[i - 1]))) {
            end = end_of_quoted(text, i);  // a ' after a digit separates digits
            blank(i + 1, end - 1);
        }
        i = end;
    }
    return code;
}

std::string read_text(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path.string());
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

bool is_below(std::string_view path, std::string_view folder) {
    return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

SourceFile make_source_file(std::string path, std::string text) {
    SourceFile file;
    file.kind = kind_of(path, text);
    file.path = std::move(path);
    file.text = std::move(text);
    file.lines = split_lines(file.text);
    if (file.kind == FileKind::cpp) {
        file.code = split_lines(blank_comments_and_literals(file.text));
    }
    return file;
}

SourceTree SourceTree::read(const fs::path& top) {
    if (!fs::is_directory(top)) throw std::runtime_error(top.string() + " is not a folder");
    std::vector<SourceFile> files;
    for (auto it = fs::recursive_directory_iterator(top); it != fs::end(it); ++it) {
        if (it->is_directory()) {
            if (is_foreign_folder(it->path().filename().string())) it.disable_recursion_pending();
        } else if (it->is_regular_file()) {
            files.push_back(make_source_file(fs::relative(it->path(), top).generic_string(),
                                             read_text(it->path())));
        }
    }
    return SourceTree(std::move(files));
}

SourceTree::SourceTree(std::vector<SourceFile> files) : files_(std::move(files)) {
    std::sort(files_.begin(), files_.end(),
              [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
}

const SourceFile* SourceTree::find(std::string_view path) const {
    const auto it = std::lower_bound(
        files_.begin(), files_.end(), path,
        [](const SourceFile& file, std::string_view wanted) { return file.path < wanted; });
    return it != files_.end() && it->path == path ? &*it : nullptr;
}

}  // namespace opal::tests
