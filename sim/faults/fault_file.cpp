// Fault schedules: walking the YAML tree. See fault_file.h.
#include "sim/faults/fault_file.h"

#include "sim/scene_file.h"
#include "sim/scene_hints.h"
#include "sim/yaml_text.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>

namespace opal::sim {
namespace {

constexpr std::size_t most_faults = 1000;
constexpr SceneRange frame_range{0, 1e15};
constexpr SceneRange every_range{1, 1e15};
constexpr SceneRange run_range{1, 1e9};

class Reader {
public:
    explicit Reader(std::string name) : name_(std::move(name)) {}

    FaultSchedule read(const YAML::Node& root) const {
        FaultSchedule schedule;
        const std::string stem = std::filesystem::path(name_).stem().string();
        if (!find_name_problem(stem)) schedule.name = stem;
        if (!root.IsMap())
            fail(root, "", "a schedule has the keys name, seed and faults; faults is a list");
        const auto entries = keys_of(root, "", {"name", "seed", "faults"}, "key");
        if (const auto it = entries.find("name"); it != entries.end()) {
            schedule.name = scalar(it->second, "name", "text in one line, 1 to 100 bytes");
            if (const auto problem = find_name_problem(schedule.name))
                fail(it->second, "name", fmt::format("the name {}", *problem));
        }
        if (const auto it = entries.find("seed"); it != entries.end())
            schedule.seed = whole(it->second, "seed", {0, 18446744073709551615.0});
        if (const auto it = entries.find("faults"); it != entries.end())
            read_list(it->second, schedule);
        return schedule;
    }

    [[noreturn]] void fail(const YAML::Node& node, std::string_view path,
                           std::string_view problem) const {
        sim::fail(place_of(node, name_), path, problem);
    }

private:
    using Keys = std::map<std::string, YAML::Node>;

    // The entries of a map, each key once and known. `what`: "key", "fault".
    Keys keys_of(const YAML::Node& map, std::string_view path,
                 const std::vector<std::string_view>& allowed, std::string_view what) const {
        Keys keys;
        for (const auto& entry : map) {
            if (!entry.first.IsScalar()) fail(entry.first, path, "a key has to be one word");
            const std::string key = entry.first.Scalar();
            if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
                const auto near = nearest_word(key, allowed);
                fail(entry.first, shown(key),
                     fmt::format("unknown {}; {}", what,
                                 near.empty() ? "allowed: " + listed(allowed)
                                              : fmt::format("did you mean {}?", near)));
            }
            if (!keys.emplace(key, entry.second).second)
                fail(entry.first, key, "duplicate key; allowed: once");
        }
        return keys;
    }

    std::string scalar(const YAML::Node& node, std::string_view path,
                       std::string_view allowed) const {
        if (!node.IsScalar()) fail(node, path, fmt::format("wrong type; allowed: {}", allowed));
        return node.Scalar();
    }

    double number(const YAML::Node& node, std::string_view path, const SceneRange& range,
                  bool is_whole) const {
        const std::string allowed =
            fmt::format("{}, {}", is_whole ? "a whole number" : "a number", range.text());
        const std::string text = scalar(node, path, allowed);
        double value = 0;
        const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
        const char* problem = nullptr;
        if (node.Tag() == "!")
            problem = "is text, not a number; leave out the quotes";
        else if (result.ec != std::errc{} || result.ptr != text.data() + text.size())
            problem = "is not a number";
        else if (!range.contains(value))
            problem = "is impossible";
        else if (is_whole && value != std::floor(value))
            problem = "is no whole number";
        if (problem != nullptr)
            fail(node, path, fmt::format("'{}' {}; allowed: {}", shown(text), problem, allowed));
        return value;
    }

    std::uint64_t whole(const YAML::Node& node, std::string_view path,
                        const SceneRange& range) const {
        number(node, path, range, true);
        // Through a double only the first 53 bits would survive.
        const std::string text = node.Scalar();
        std::uint64_t value = 0;
        const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
        if (result.ec != std::errc{} || result.ptr != text.data() + text.size())
            fail(node, path,
                 fmt::format("'{}' is not written as digits alone; allowed: a whole number, {}",
                             shown(text), range.text()));
        return value;
    }

    void read_list(const YAML::Node& node, FaultSchedule& schedule) const {
        if (node.IsNull()) return;
        if (!node.IsSequence())
            fail(node, "faults", "wrong type; allowed: a list, each entry '- fault: NAME'");
        if (node.size() > most_faults)
            fail(node, "faults", fmt::format("{} entries; allowed: {}", node.size(), most_faults));
        for (const auto& entry : node) schedule.faults.push_back(read_fault(entry));
    }

    const FaultType& read_type(const YAML::Node& entry) const {
        std::vector<std::string_view> names;
        for (const FaultType& type : fault_types()) names.push_back(type.name);
        YAML::Node which;
        if (entry.IsMap())
            for (const auto& pair : entry)
                if (pair.first.IsScalar() && pair.first.Scalar() == "fault")
                    which.reset(pair.second);
        if (!which.IsDefined() || !which.IsScalar())
            fail(entry, "faults", "an entry begins with '- fault: NAME', e.g. trigger_lost");
        const auto found = std::find(names.begin(), names.end(), which.Scalar());
        if (found == names.end()) {
            const auto near = nearest_word(which.Scalar(), names);
            fail(which, shown(which.Scalar()),
                 fmt::format("unknown fault; {}", near.empty()
                                                      ? "opal soak --list shows all"
                                                      : fmt::format("did you mean {}?", near)));
        }
        return fault_types()[static_cast<std::size_t>(found - names.begin())];
    }

    Fault read_fault(const YAML::Node& entry) const {
        const FaultType& type = read_type(entry);
        std::vector<std::string_view> allowed{"fault", "at_frame", "every_frames"};
        if (type.place != FaultPlace::light) allowed.push_back("runs");
        for (const FaultParameter& p : type.parameters)
            if (!p.key.empty()) allowed.push_back(p.key);
        const Keys keys = keys_of(entry, type.name, allowed, fmt::format("key of {}", type.name));
        Fault fault;
        fault.kind = type.kind;
        if (const auto it = keys.find("at_frame"); it != keys.end())
            fault.at_frame = whole(it->second, "at_frame", frame_range);
        if (const auto it = keys.find("every_frames"); it != keys.end())
            fault.every_frames = number(it->second, "every_frames", every_range, false);
        if (fault.at_frame.has_value() == (fault.every_frames > 0))
            fail(entry, type.name, "allowed: either at_frame or every_frames, one of the two");
        if (const auto it = keys.find("runs"); it != keys.end())
            fault.runs = whole(it->second, "runs", run_range);
        for (std::size_t i = 0; i < type.parameters.size(); ++i) {
            const FaultParameter& p = type.parameters[i];
            fault.values[i] = p.initial;
            if (const auto it = keys.find(std::string(p.key)); !p.key.empty() && it != keys.end())
                fault.values[i] = number(it->second, p.key, p.range, p.whole);
        }
        return fault;
    }

    std::string name_;
};

YAML::Node parse_yaml(const std::string& text, const std::string& name) {
    const std::vector<YAML::Node> documents = parse_yaml_documents(text, name);
    if (documents.size() != 1)
        fail({name}, "",
             fmt::format("{}; allowed: one schedule per file, with a list of faults",
                         documents.empty() ? "nothing in it" : "more than one YAML document"));
    return documents.front();
}

std::string read_text(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        std::vector<std::string_view> names;
        for (const BuiltInFaults& known : built_in_faults()) names.push_back(known.name);
        const auto near = nearest_word(path, names);
        throw SceneError(fmt::format(
            "{}: no such file or built-in schedule of faults; {}built in: {}", shown(path),
            near.empty() ? "" : fmt::format("did you mean {}? ", near), listed(names)));
    }
    return read_yaml_file(path, "a schedule");
}

}  // namespace

FaultSchedule parse_faults(const std::string& text, const std::string& name) {
    return Reader(name).read(parse_yaml(text, name));
}

FaultSchedule load_faults(const std::string& schedule_or_path) {
    for (const BuiltInFaults& known : built_in_faults())
        if (known.name == schedule_or_path) return built_in_schedule(known.name);
    return parse_faults(read_text(schedule_or_path), schedule_or_path);
}

std::string dump_faults(const FaultSchedule& schedule) {
    std::string name = "\"";
    for (const char c : schedule.name) {
        if (c == '"' || c == '\\') name += '\\';
        name += c;
    }
    std::string out = fmt::format("name: {}\"\nseed: {}\nfaults:\n", name, schedule.seed);
    for (const Fault& fault : schedule.faults) {
        const FaultType& type = type_of(fault.kind);
        out += fmt::format("  - fault: {}\n", type.name);
        if (fault.at_frame) out += fmt::format("    at_frame: {}\n", *fault.at_frame);
        if (fault.every_frames > 0)
            out += fmt::format("    every_frames: {}\n", fault.every_frames);
        if (type.place != FaultPlace::light && fault.runs != 1)
            out += fmt::format("    runs: {}\n", fault.runs);
        for (std::size_t i = 0; i < type.parameters.size(); ++i)
            if (!type.parameters[i].key.empty())
                out += fmt::format("    {}: {}\n", type.parameters[i].key, fault.values[i]);
    }
    return out;
}

}  // namespace opal::sim
