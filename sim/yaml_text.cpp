// YamlText: see yaml_text.h.
#include "sim/yaml_text.h"

#include "sim/scene_file.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace opal::sim {

namespace {

YamlPlace place_of(const YAML::Mark& mark, const std::string& name) {
    return mark.is_null() ? YamlPlace{name} : YamlPlace{name, mark.line + 1, mark.column + 1};
}

// For counting documents.
class NoEvents final : public YAML::EventHandler {
public:
    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}
};

// YAML is text [YAML 1.2, 5.1]; the library takes a NUL inside for the end of some things and not
// of others, and can go on reading for ever.
void refuse_control_characters(const std::string& text, const std::string& name) {
    int line = 1;
    int column = 1;
    for (const char c : text) {
        const bool blank = c == '\t' || c == '\n' || c == '\r';
        if ((static_cast<unsigned char>(c) < ' ' && !blank) || c == '\x7f')
            fail(YamlPlace{name, line, column}, "",
                 fmt::format("not text: it holds a byte 0x{:02x}; allowed: YAML",
                             static_cast<unsigned char>(c)));
        column = c == '\n' ? 1 : column + 1;
        line += c == '\n' ? 1 : 0;
    }
}

}  // namespace

std::string YamlPlace::text() const {
    return line > 0 ? fmt::format("{}:{}:{}", name, line, column) : name;
}

YamlPlace place_of(const YAML::Node& node, const std::string& name) {
    return place_of(node.Mark(), name);
}

void fail(const YamlPlace& place, std::string_view path, std::string_view problem) {
    if (path.empty()) throw SceneError(fmt::format("{}: {}", place.text(), problem));
    throw SceneError(fmt::format("{}: {}: {}", place.text(), path, problem));
}

std::string shown(std::string_view scalar) {
    std::string out;
    for (const char c : scalar.substr(0, 60))
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return scalar.size() > 60 ? out + "..." : out;
}

std::string read_yaml_file(const std::string& path, std::string_view what) {
    constexpr std::uintmax_t largest = 1 << 20;
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error))
        throw SceneError(fmt::format("{}: not a file; {} is a YAML text file", path, what));
    if (const auto size = std::filesystem::file_size(path, error); !error && size > largest)
        throw SceneError(
            fmt::format("{}: {} bytes; {} file has at most {}", path, size, what, largest));
    std::ifstream file(path, std::ios::binary);
    // read() keeps an error of the disk as a state; stream iterators would throw it without a name.
    std::string text;
    char part[4096];
    while (file.read(part, sizeof part), file.gcount() > 0)
        text.append(part, static_cast<std::size_t>(file.gcount()));
    if (!file.is_open() || file.bad())
        throw SceneError(fmt::format("{}: cannot be read; check its permissions", path));
    return text;
}

std::vector<YAML::Node> parse_yaml_documents(const std::string& text, const std::string& name) {
    refuse_control_characters(text, name);
    try {
        // Not YAML::LoadAll: where the library gets stuck, at a comma before anything else say, it
        // finds empty documents until memory is full.
        std::istringstream stream(text);
        YAML::Parser parser(stream);
        NoEvents nobody;
        std::vector<YAML::Node> documents;
        while (documents.size() < 2 && parser.HandleNextDocument(nobody)) documents.emplace_back();
        if (!documents.empty()) documents.front() = YAML::Load(text);
        return documents;
    } catch (const YAML::Exception& error) {
        fail(place_of(error.mark, name), "", fmt::format("not YAML: {}", shown(error.msg)));
    }
}

}  // namespace opal::sim
