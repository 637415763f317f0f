// Scene files: walking the YAML tree with yaml-cpp's marks, one strict step per node.
#include "sim/scene_file.h"

#include "sim/scene_fields.h"
#include "sim/scene_hints.h"
#include "sim/yaml_text.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>
#include <system_error>
#include <type_traits>

namespace opal::sim {
namespace {

using Place = YamlPlace;

// The whole text has to be the number. `unit_written` says that only a unit follows it.
template <typename Number>
std::optional<Number> number_from(std::string_view text, bool& unit_written) {
    Number value{};
    const char* const end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    unit_written = false;
    if (result.ec != std::errc{}) return std::nullopt;
    if (result.ptr == end) return value;
    const std::string_view rest(result.ptr, static_cast<std::size_t>(end - result.ptr));
    const auto first = rest.find_first_not_of(' ');
    unit_written = first != std::string_view::npos &&
                   (std::isalpha(static_cast<unsigned char>(rest[first])) || rest[first] == '%');
    return std::nullopt;
}

[[noreturn]] void fail_value(const Place& place, const SceneField& field, std::string_view scalar,
                             std::string_view problem) {
    fail(place, field.path,
         fmt::format("'{}' {}; allowed: {}", shown(scalar), problem, field.allowed_text()));
}

template <typename Number>
Number read_number(const Place& place, const SceneField& field, const std::string& scalar,
                   bool quoted) {
    if (quoted) fail_value(place, field, scalar, "is text, not a number; leave out the quotes");
    bool unit_written = false;
    const auto value = number_from<Number>(scalar, unit_written);
    if (!value && unit_written)
        fail_value(place, field, scalar,
                   field.unit.empty() ? "carries a unit; this key has none"
                                      : fmt::format("carries a unit; the key already says {}, "
                                                    "write the number alone",
                                                    field.unit));
    bool ignored = false;
    if (!value && std::is_integral_v<Number> && number_from<double>(scalar, ignored))
        fail_value(place, field, scalar, "is no whole number in range");
    if (!value) fail_value(place, field, scalar, "is not a number");
    if constexpr (!std::is_same_v<Number, std::uint64_t>)
        if (!field.range.contains(static_cast<double>(*value)))
            fail_value(place, field, scalar, "is impossible");
    return *value;
}

// Sets one field from the text of a scalar. `quoted`: it was written in quotes.
void set_field(Scene& scene, const SceneField& field, const Place& place, const std::string& scalar,
               bool quoted) {
    std::visit(
        [&](const auto& member) {
            using M = std::decay_t<decltype(member)>;
            if constexpr (std::is_same_v<M, SceneChoice>) {
                const auto word = std::find(member.words.begin(), member.words.end(), scalar);
                if (word == member.words.end())
                    fail_value(place, field, scalar, "is none of the choices");
                member.set(scene, static_cast<int>(word - member.words.begin()));
            } else {
                auto& target = member(scene);
                using V = std::decay_t<decltype(target)>;
                if constexpr (std::is_same_v<V, std::string>) {
                    if (const auto problem = find_name_problem(scalar))
                        fail_value(place, field, scalar, *problem);
                    target = scalar;
                } else if constexpr (std::is_same_v<V, bool>) {
                    if (quoted || (scalar != "true" && scalar != "false"))
                        fail_value(place, field, scalar, "is neither true nor false");
                    target = scalar == "true";
                } else {
                    target = read_number<V>(place, field, scalar, quoted);
                }
            }
        },
        field.member);
}

const SceneField* find_field(std::string_view path) {
    for (const SceneField& field : scene_fields())
        if (field.path == path) return &field;
    return nullptr;
}

class Reader {
public:
    explicit Reader(const std::string& name) : name_(name) {}

    Scene read(const YAML::Node& root) {
        Scene scene;
        scene.name = std::filesystem::path(name_).stem().string();
        if (find_name_problem(scene.name)) scene.name = Scene{}.name;
        if (root.IsNull()) return scene;  // an empty file says: all defaults
        if (!root.IsMap())
            fail(place(root), "", "a scene is a list of keys with values, e.g. 'base: lab'");
        read_base(root, scene);
        read_map(root, "", scene);
        return scene;
    }

    Place place_of(std::string_view path) const {
        auto found = places_.find(path);
        if (found == places_.end()) found = places_.find(path.substr(0, path.find('.')));
        return found == places_.end() ? Place{name_} : found->second;
    }

private:
    Place place(const YAML::Node& node) const { return sim::place_of(node, name_); }

    void read_base(const YAML::Node& root, Scene& scene) {
        for (const auto& entry : root) {
            if (!entry.first.IsScalar() || entry.first.Scalar() != "base") continue;
            std::vector<std::string_view> names;
            for (const ScenePreset& preset : scene_presets()) names.push_back(preset.name);
            const std::string wanted = entry.second.IsScalar() ? entry.second.Scalar() : "";
            const auto preset = std::find(names.begin(), names.end(), wanted);
            if (preset == names.end())
                fail(place(entry.second), "base",
                     fmt::format("'{}' is no preset; allowed: {}", shown(wanted), listed(names)));
            const std::string name = scene.name;
            scene = parse_scene(
                std::string(scene_presets()[static_cast<std::size_t>(preset - names.begin())].text),
                wanted);
            scene.name = name;
            return;
        }
    }

    void read_map(const YAML::Node& map, const std::string& section, Scene& scene) {
        for (const auto& entry : map) {
            const YAML::Node& key_node = entry.first;
            if (!key_node.IsScalar()) fail(place(key_node), section, "a key has to be one word");
            const std::string key = key_node.Scalar();
            const std::string path = section.empty() ? key : section + "." + key;
            if (const auto [first, fresh] = places_.emplace(path, place(key_node)); !fresh)
                fail(place(key_node), shown(path),
                     fmt::format("duplicate key; it is already in line {}; allowed: once",
                                 first->second.line));
            if (path == "base") continue;
            const auto sections = scene_sections();
            if (section.empty() &&
                std::find(sections.begin(), sections.end(), key) != sections.end())
                read_section(entry.second, key, scene);
            else if (const SceneField* field = find_field(path))
                read_value(key_node, entry.second, *field, scene);
            else
                fail(place(key_node), shown(path), explain_unknown_key(section, key));
        }
    }

    void read_section(const YAML::Node& node, const std::string& section, Scene& scene) {
        if (node.IsNull()) return;
        if (!node.IsMap())
            fail(place(node), section, "wrong type; allowed: a section with indented keys");
        read_map(node, section, scene);
    }

    void read_value(const YAML::Node& key, const YAML::Node& node, const SceneField& field,
                    Scene& scene) {
        if (node.IsNull())
            fail(place(key), field.path,
                 fmt::format("no value; allowed: {}", field.allowed_text()));
        if (!node.IsScalar())
            fail(place(node), field.path,
                 fmt::format("wrong type; allowed: {}", field.allowed_text()));
        set_field(scene, field, place(node), node.Scalar(), node.Tag() == "!");
    }

    std::string name_;
    std::map<std::string, Place, std::less<>> places_;
};

void apply_override(Scene& scene, const std::string& text) {
    const Place place{fmt::format("override '{}'", shown(text))};
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
        fail(place, "", "not a change; allowed: section.key=value, e.g. stability.drift_rad=0");
    const std::string path = text.substr(0, equals);
    const SceneField* field = find_field(path);
    if (!field) {
        const auto dot = path.find('.');
        const bool nested = dot != std::string::npos;
        fail(place, shown(path),
             explain_unknown_key(nested ? path.substr(0, dot) : "",
                                 nested ? path.substr(dot + 1) : path));
    }
    set_field(scene, *field, place, text.substr(equals + 1), false);
}

bool only_comments(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto first = line.find_first_not_of(" \t\r");
        if (first != std::string::npos && line[first] != '#') return false;
    }
    return true;
}

YAML::Node parse_yaml(const std::string& text, const std::string& name) {
    const std::vector<YAML::Node> documents = parse_yaml_documents(text, name);
    if (documents.size() > 1)
        fail({name}, "", "more than one YAML document; allowed: one scene per file");
    if (documents.empty() && !only_comments(text))
        fail({name}, "", "no keys in it; allowed: keys with values, e.g. 'base: lab'");
    return documents.empty() ? YAML::Node() : documents.front();
}

std::string read_text(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        std::vector<std::string_view> names;
        for (const ScenePreset& preset : scene_presets()) names.push_back(preset.name);
        const auto near = nearest_word(path, names);
        throw SceneError(fmt::format("{}: no such scene file or preset; {}presets: {}", path,
                                     near.empty() ? "" : fmt::format("did you mean {}? ", near),
                                     listed(names)));
    }
    return read_yaml_file(path, "a scene");
}

}  // namespace

Scene parse_scene(const std::string& text, const std::string& name,
                  std::span<const std::string> overrides) {
    const YAML::Node root = parse_yaml(text, name);
    Reader reader(name);
    Scene scene = reader.read(root);
    for (const std::string& change : overrides) apply_override(scene, change);
    if (const auto problem = find_problem(scene))
        fail(reader.place_of(problem->path), problem->path, problem->text);
    return scene;
}

Scene load_scene(const std::string& preset_or_path, std::span<const std::string> overrides) {
    for (const ScenePreset& preset : scene_presets())
        if (preset.name == preset_or_path)
            return parse_scene(std::string(preset.text), preset_or_path, overrides);
    return parse_scene(read_text(preset_or_path), preset_or_path, overrides);
}

std::string dump_scene(const Scene& scene) {
    std::string out;
    std::string_view section;
    for (const SceneField& field : scene_fields()) {
        if (field.section() != section) {
            section = field.section();
            out += fmt::format("{}:\n", section);
        }
        out += fmt::format("{}{}: {}\n", section.empty() ? "" : "  ", field.key(),
                           field.value_text(scene));
    }
    return out;
}

std::string explain_scene(const Scene& scene) {
    std::string out;
    std::string_view section;
    for (const SceneField& field : scene_fields()) {
        if (field.section() != section) {
            section = field.section();
            out += fmt::format("\n{}:\n", section);
        }
        const std::string entry = fmt::format("{}{}: {}", section.empty() ? "" : "  ", field.key(),
                                              field.value_text(scene));
        out += fmt::format("{:<43} # {} ({})\n", entry, field.doc, field.allowed_text());
    }
    return out;
}

}  // namespace opal::sim
