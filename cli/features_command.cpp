// `opal features URI [NAME[=VALUE] ...]`: lists, reads and writes what a camera can do, with units,
// ranges, and the reason when something cannot be written.
#include "cli/camera_access.h"
#include "cli/exit_code.h"
#include "cli/session.h"
#include "drivers/genapi/node_map.h"
#include "hal/error.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace opal::cli {

namespace {

using namespace drivers::genapi;

struct FeatureOptions {
    std::string uri;
    std::vector<std::string> requests;
    bool all = false;
    bool plain = false;
    bool xml = false;
};

std::string range_of(NodeMap& map, const Node& node) {
    switch (node.kind) {
        case Kind::integer:
        case Kind::int_converter: {
            const IntegerLimits limits = map.integer_limits(node.name);
            if (limits.min == INT64_MIN || limits.max == INT64_MAX) return "";
            return limits.inc > 1
                       ? fmt::format("{} to {} by {}", limits.min, limits.max, limits.inc)
                       : fmt::format("{} to {}", limits.min, limits.max);
        }
        case Kind::floating:
        case Kind::converter: {
            const NumberLimits limits = map.number_limits(node.name);
            if (limits.max > 1e300 || limits.min < -1e300) return "";
            return fmt::format("{} to {}", limits.min, limits.max);
        }
        case Kind::enumeration: {
            std::string offered;
            for (const std::string& symbol : map.symbols(node.name))
                offered += (offered.empty() ? "" : " | ") + symbol;
            return offered;
        }
        default:
            return "";
    }
}

// "Width = 640 px   16 to 4096 by 4   (locked ...)"
std::string line_of(const Session& session, NodeMap& map, const Node& node) {
    const Access access = map.access(node.name);
    std::string value;
    if (node.kind == Kind::command) {
        value = is_writable(access) ? "(command)" : "(command, not now)";
    } else if (is_readable(access)) {
        try {
            value = "= " + map.value_text(node.name);
        } catch (const hal::DeviceError& error) {
            value = fmt::format("cannot be read: {}", error.what());
        }
        if (!node.unit.empty()) value += fmt::format(" {}", node.unit);
    } else {
        value = "cannot be read now";
    }
    std::string more;
    try {
        if (is_writable(access)) more = range_of(map, node);
    } catch (const hal::DeviceError&) {
        more = "limits unknown";
    }
    if (access != Access::read_write && node.kind != Kind::command)
        more = map.restriction(node.name);
    return fmt::format("{} {}{}\n", node.name, value,
                       more.empty() ? "" : session.terminal.out(Ink::dim, "   " + more));
}

void list(const Session& session, NodeMap& map, const FeatureOptions& options,
          std::string_view category, int depth, std::set<std::string_view>& seen,
          std::string& text) {
    const Node* const node = map.description().find(category);
    if (!node || depth > 16 || !seen.insert(category).second) return;
    const std::string indent(static_cast<std::size_t>(2 * std::max(0, depth - 1)), ' ');
    if (depth > 0) text += indent + session.terminal.out(Ink::strong, category) + "\n";
    for (const std::string_view name : node->features) {
        const Node* const feature = map.description().find(name);
        if (!feature) continue;
        const bool hidden =
            feature->visibility == Visibility::invisible || feature->visibility == Visibility::guru;
        if (hidden && !options.all) continue;
        if (feature->kind == Kind::category) {
            list(session, map, options, name, depth + 1, seen, text);
            continue;
        }
        try {
            if (!map.has(name)) continue;
            text += indent + "  " + line_of(session, map, *feature);
        } catch (const hal::DeviceError& error) {
            if (error.kind() == hal::ErrorKind::timeout) throw;
            text += fmt::format("{}  {} cannot be looked at: {}\n", indent, name, error.what());
        }
    }
}

// One line per feature that has a value, as programs like to read it.
std::string plain_list(NodeMap& map) {
    std::set<std::string_view> names;
    for (const Node& node : map.description().nodes())
        if (node.kind == Kind::category) names.insert(node.features.begin(), node.features.end());
    std::string text;
    for (const std::string_view name : names) {
        try {
            const Node* const node = map.description().find(name);
            if (!node || node->kind == Kind::category || node->kind == Kind::command) continue;
            if (map.readable(name)) text += fmt::format("{} = {}\n", name, map.value_text(name));
        } catch (const hal::DeviceError& error) {
            if (error.kind() == hal::ErrorKind::timeout) throw;
        }
    }
    return text;
}

void answer(const Session& session, NodeMap& map, const std::string& request) {
    const std::size_t equals = request.find('=');
    const std::string name = request.substr(0, equals);
    if (equals != std::string::npos) {
        map.set_value_text(name, request.substr(equals + 1));
    } else if (const Node* const node = map.description().find(name);
               node && node->kind == Kind::command) {
        map.execute(name);
        session.terminal.print(name + ": done\n");
        return;
    }
    const Node* const node = map.description().find(name);
    if (!node) throw BadInput("the camera has no feature '" + name + "'");
    // What the camera made of it, not what was asked.
    session.terminal.print(line_of(session, map, *node));
}

bool writes(const Description& description, const std::string& request) {
    if (request.find('=') != std::string::npos) return true;
    const Node* const node = description.find(request);
    return node && node->kind == Kind::command;
}

ExitCode run(const Session& session, const FeatureOptions& options) {
    hal::SteadyClock clock;
    const auto camera = open_camera_access(options.uri, clock);
    const std::string xml = camera->description();
    if (options.xml) {
        session.terminal.print(xml);
        return exit_success;
    }
    std::unique_ptr<Description> description;
    try {
        description = std::make_unique<Description>(xml);
    } catch (const DescriptionError& error) {
        throw std::runtime_error(options.uri + ": " + error.what());
    }
    NodeMap map(*description, camera->memory(), clock, "camera " + options.uri);
    if (std::any_of(options.requests.begin(), options.requests.end(),
                    [&](const std::string& r) { return writes(*description, r); }))
        camera->take_control();
    for (const std::string& request : options.requests) answer(session, map, request);
    if (!options.requests.empty()) return exit_success;
    std::string text;
    if (options.plain) {
        text = plain_list(map);
    } else {
        std::set<std::string_view> seen;
        list(session, map, options, "Root", 0, seen, text);
    }
    session.terminal.print(text);
    for (const std::string& note : description->notes()) session.terminal.note("note: " + note);
    return exit_success;
}

}  // namespace

void add_features_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<FeatureOptions>();
    CLI::App* const command =
        program.add_subcommand("features", "read and write what a camera can do");
    command
        ->add_option("URI", options->uri,
                     "gige://ADDRESS, gige://SERIAL, gige://NAME or u3v:[SERIAL]")
        ->required();
    command->add_option("REQUEST", options->requests,
                        "NAME reads, NAME=VALUE writes and reads back, a command's NAME runs it");
    command->add_flag("-a,--all", options->all, "also what is meant for experts of the camera");
    command->add_flag("--plain", options->plain, "NAME = VALUE, one a line, for programs");
    command->add_flag("--xml", options->xml, "the camera's description as it is");
    command->footer(
        "Examples:\n"
        "  opal features gige://192.168.1.5\n"
        "  opal features gige://SIM-1 Width Height PixelFormat\n"
        "  opal features u3v: DeviceModelName\n"
        "  opal features gige://SIM-1 ExposureTime=250 TriggerMode=On TriggerSource=Line0\n"
        "  opal features gige://SIM-1 UserSetSelector=Default UserSetLoad\n"
        "\n"
        "Requests are done in the order given, so a selector comes before what it selects.\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return run(session, *options); };
    });
}

}  // namespace opal::cli
