// Bench files: a tree of YAML with marks -> the table's fields, one strict step per node.
#include "cli/bench_file.h"

#include "cli/bench_fields.h"
#include "cli/exit_code.h"
#include "sim/scene_file.h"
#include "sim/scene_hints.h"
#include "sim/yaml_text.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace opal::cli {

namespace {

using Plan = drivers::WireBenchPlan;

constexpr std::string_view simulated = "sim:";

const BenchField* find_field(std::string_view path) {
    for (const BenchField& field : bench_fields())
        if (field.path == path) return &field;
    return nullptr;
}

std::vector<std::string_view> sections() {
    std::vector<std::string_view> found;
    for (const BenchField& field : bench_fields())
        if (!field.section().empty() &&
            std::find(found.begin(), found.end(), field.section()) == found.end())
            found.push_back(field.section());
    return found;
}

// What may stand where `section` is, by name.
std::vector<std::string_view> keys_in(std::string_view section) {
    std::vector<std::string_view> found;
    for (const BenchField& field : bench_fields())
        if (field.section() == section) found.push_back(field.key());
    if (section.empty())
        for (const std::string_view other : sections()) found.push_back(other);
    return found;
}

// "cobolt, obis"
std::string schemes_of(const std::vector<drivers::DeviceKind>& kinds) {
    std::string names;
    for (const drivers::DeviceScheme& scheme : drivers::device_schemes())
        if (std::find(kinds.begin(), kinds.end(), scheme.kind) != kinds.end())
            names += (names.empty() ? "" : ", ") + std::string(scheme.scheme);
    return names;
}

class Reader {
public:
    explicit Reader(const std::string& name) : name_(name) {}

    BenchFile read(const YAML::Node& root) {
        if (!root.IsMap())
            fail(root, "", "a bench is a list of keys with values, e.g. 'medium: paint'");
        collect(root, "");
        BenchFile file;
        file.plan.name = std::filesystem::path(name_).stem().string();
        if (const auto scene = simulated_scene()) {
            read_simulated(*scene, file);
            return file;
        }
        // URIs first: they say which keys make sense.
        for (const bool uris : {true, false})
            for (const BenchField& field : bench_fields())
                if ((field.key() == "uri") == uris) read_field(field, file.plan);
        return file;
    }

private:
    struct Scalar {
        YAML::Node key;
        YAML::Node value;
    };

    [[noreturn]] void fail(const YAML::Node& node, std::string_view path,
                           std::string_view problem) const {
        sim::fail(sim::place_of(node, name_), path, problem);
    }

    // Every scalar by its path; unknown and repeated keys end here.
    void collect(const YAML::Node& map, const std::string& section) {
        for (const auto& entry : map) {
            if (!entry.first.IsScalar()) fail(entry.first, section, "a key has to be one word");
            const std::string key = entry.first.Scalar();
            const std::string path = section.empty() ? key : section + "." + key;
            const auto known = sections();
            const bool is_section =
                section.empty() && std::find(known.begin(), known.end(), key) != known.end();
            if (!is_section && find_field(path) == nullptr) fail_unknown(entry.first, section, key);
            if (!seen_.insert(path).second) fail(entry.first, path, "duplicate key; allowed: once");
            if (is_section) {
                if (!entry.second.IsMap())
                    fail(entry.second, path, "wrong type; allowed: a section with indented keys");
                collect(entry.second, key);
                continue;
            }
            if (!entry.second.IsScalar() || entry.second.Scalar().empty())
                fail(entry.second.IsScalar() || entry.second.IsNull() ? entry.first : entry.second,
                     path,
                     fmt::format("{}; allowed: {}",
                                 entry.second.IsScalar() || entry.second.IsNull() ? "no value"
                                                                                  : "wrong type",
                                 find_field(path)->allowed));
            scalars_.emplace(path, Scalar{entry.first, entry.second});
        }
    }

    [[noreturn]] void fail_unknown(const YAML::Node& node, std::string_view section,
                                   std::string_view key) const {
        const auto known = keys_in(section);
        const std::string_view near = sim::nearest_word(key, known);
        const std::string path =
            section.empty() ? sim::shown(key) : fmt::format("{}.{}", section, sim::shown(key));
        fail(node, path,
             near.empty() ? fmt::format("unknown key; allowed: {}", sim::listed(known))
                          : fmt::format("unknown key; did you mean {}?", near));
    }

    void read_field(const BenchField& field, Plan& plan) const {
        const auto found = scalars_.find(field.path);
        const bool fits = field.fits(plan);
        if (found == scalars_.end()) {
            if (field.required && fits)
                sim::fail({name_}, field.path,
                          fmt::format("is missing: {}; allowed: {}", field.doc, field.allowed));
            return;
        }
        const Scalar& scalar = found->second;
        if (!fits)
            fail(scalar.key, field.path,
                 fmt::format("only for {}; this one is {}", schemes_of(field.kinds),
                             drivers::to_string(*device_of(plan, field.section()))));
        const std::string text = scalar.value.Scalar();
        try {
            if (field.set(plan, text)) return;
        } catch (const drivers::DeviceUriError& error) {
            if (text.starts_with(simulated))
                fail(scalar.value, field.path,
                     "a simulated device shares its optical table with the others; allowed: all "
                     "three the same sim:SCENE, or none");
            fail(scalar.value, field.path, fmt::format("{}", error.what()));
        }
        fail(scalar.value, field.path,
             fmt::format("'{}' is not possible; allowed: {}", sim::shown(text), field.allowed));
    }

    // The one scene that dmd, camera and laser name, if they do.
    std::optional<std::string> simulated_scene() const {
        std::set<std::string> uris;
        for (const char* const path : {"dmd.uri", "camera.uri", "laser.uri"}) {
            const auto found = scalars_.find(path);
            uris.insert(found == scalars_.end() ? "" : found->second.value.Scalar());
        }
        if (uris.size() != 1 || !uris.begin()->starts_with(simulated)) return std::nullopt;
        return uris.begin()->substr(simulated.size());
    }

    void read_simulated(const std::string& scene, BenchFile& file) const {
        file.scene = scene;
        for (const auto& [path, scalar] : scalars_)
            if (path != "name" && !path.ends_with(".uri"))
                fail(scalar.key, path, "a simulated bench has this in its scene; leave it out");
        if (const auto found = scalars_.find("name"); found != scalars_.end())
            find_field("name")->set(file.plan, found->second.value.Scalar());
    }

    std::string name_;
    std::set<std::string> seen_;
    std::map<std::string, Scalar, std::less<>> scalars_;
};

// "# text" in lines of at most 100 columns.
std::string comment(std::string_view indent, std::string_view text) {
    std::string out;
    std::string line;
    const auto flush = [&] {
        out += fmt::format("{}# {}\n", indent, line);
        line.clear();
    };
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        const std::string_view word = text.substr(at, end - at);
        if (!line.empty() && indent.size() + 3 + line.size() + word.size() > 100) flush();
        line += (line.empty() ? "" : " ") + std::string(word);
        at = end + 1;
    }
    flush();
    return out;
}

}  // namespace

BenchFile parse_bench_file(const std::string& text, const std::string& name) {
    try {
        const auto documents = sim::parse_yaml_documents(text, name);
        if (documents.size() != 1)
            sim::fail({name}, "", "a bench file is one YAML document with keys and values");
        return Reader(name).read(documents.front());
    } catch (const sim::SceneError& error) {
        throw BadInput(error.what());
    }
}

BenchFile load_bench_file(const std::filesystem::path& file) {
    try {
        return parse_bench_file(sim::read_yaml_file(file.string(), "a bench"), file.string());
    } catch (const sim::SceneError& error) {
        throw BadInput(error.what());
    }
}

std::string bench_file_text(const Plan& plan) {
    std::string out;
    std::string_view section;
    for (const BenchField& field : bench_fields()) {
        const std::string value = field.fits(plan) ? field.get(plan) : "";
        if (value.empty()) continue;
        if (field.section() != section) {
            section = field.section();
            out += fmt::format("{}:\n", section);
        }
        out += fmt::format("{}{}: {}\n", section.empty() ? "" : "  ", field.key(), value);
    }
    return out;
}

std::string explain_bench_file() {
    std::string out;
    std::string_view section;
    for (const BenchField& field : bench_fields()) {
        if (field.section() != section) {
            section = field.section();
            out += fmt::format("{}:\n", section);
        }
        const std::string_view indent = section.empty() ? "" : "  ";
        out += comment(indent, field.doc);
        out += comment(indent,
                       fmt::format("{}{}: {}", field.required ? "needed" : "may be left out",
                                   field.kinds.empty() ? "" : " with " + schemes_of(field.kinds),
                                   field.allowed));
        out += fmt::format("{}{}:\n", indent, field.key());
    }
    return out;
}

}  // namespace opal::cli
