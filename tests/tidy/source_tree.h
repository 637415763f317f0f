// SourceTree: the text files of a checkout, as the tidy rules see them.
//
// Read once, never changed. Paths are relative to the top and use '/'. Build folders, reports and
// version control are not part of the tree.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace opal::tests {

enum class FileKind { cpp, cmake, script, yaml, markdown, other };

struct SourceFile {
    std::string path;
    FileKind kind = FileKind::other;
    std::string text;
    std::vector<std::string> lines;  // without line ends
    std::vector<std::string> code;   // cpp only: lines with comments and literals blanked out

    bool is_header() const { return path.ends_with(".h"); }
};

// is_below("sim/physics/medium.h", "sim") is true.
bool is_below(std::string_view path, std::string_view folder);

SourceFile make_source_file(std::string path, std::string text);

class SourceTree {
public:
    // Throws std::runtime_error if `top` is no readable folder.
    static SourceTree read(const std::filesystem::path& top);
    explicit SourceTree(std::vector<SourceFile> files);

    const std::vector<SourceFile>& files() const { return files_; }
    const SourceFile* find(std::string_view path) const;

private:
    std::vector<SourceFile> files_;  // sorted by path
};

}  // namespace opal::tests
