// `opal scene list|show|explain|check`: simulated benches as files people can read.
#include "cli/session.h"
#include "sim/scene_file.h"
#include "sim/scene_memory.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

namespace opal::cli {

namespace {

struct SceneOptions {
    std::string scene = std::string(sim::default_preset);
    std::vector<std::string> overrides;
};

// The first comment of a preset says what it is.
std::string_view summary_of(const sim::ScenePreset& preset) {
    const std::string_view text = preset.text.substr(0, preset.text.find('\n'));
    const std::size_t begin = text.find_first_not_of("# ");
    return begin == std::string_view::npos ? "" : text.substr(begin);
}

ExitCode list(const Session& session) {
    std::string text;
    for (const auto& preset : sim::scene_presets()) {
        const bool chosen = preset.name == sim::default_preset;
        text += fmt::format("{}  {}{}\n",
                            session.terminal.out(Ink::strong, fmt::format("{:<8}", preset.name)),
                            summary_of(preset), chosen ? " (default)" : "");
    }
    session.terminal.print(text);
    return exit_success;
}

// What a bench takes while it renders whole frames, part by part.
std::string memory_of(const sim::Scene& scene) {
    const sim::SceneMemory memory = sim::estimate_memory(scene);
    std::string text = fmt::format("memory: about {} ({} here)\n", sim::memory_text(memory.bytes()),
                                   sim::memory_text(sim::host_memory_bytes()));
    for (const auto& part : memory.parts)
        text += fmt::format("  {:<29} {:>8}\n", part.what, sim::memory_text(part.bytes));
    text += fmt::format("  {:<29} {:>8}, {} for all {} of the DMD's memory\n",
                        "and for each loaded pattern", sim::memory_text(memory.pattern_bytes),
                        sim::memory_text(memory.most_patterns), scene.dmd.memory_patterns);
    return text;
}

ExitCode check(const Session& session, const SceneOptions& options) {
    const sim::Scene scene = sim::load_scene(options.scene, options.overrides);
    if (const auto problem = sim::find_memory_problem(scene, 0, sim::host_memory_bytes()))
        throw sim::SceneError(
            fmt::format("{}: {}: {}", options.scene, problem->path, problem->text));
    session.terminal.print(fmt::format("{}: {}\n{}", options.scene,
                                       session.terminal.out(Ink::good, "a valid scene"),
                                       memory_of(scene)));
    return exit_success;
}

CLI::App* add(CLI::App& scene, const char* name, const char* description,
              const std::shared_ptr<SceneOptions>& options, bool needed) {
    CLI::App* const command = scene.add_subcommand(name, description);
    auto* const what = command->add_option("SCENE", options->scene, "a preset or a YAML file");
    if (needed) {
        what->required();
    } else {
        what->capture_default_str();
    }
    command->add_option("-s,--set", options->overrides, "change one value first")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    return command;
}

}  // namespace

void add_scene_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<SceneOptions>();
    CLI::App* const scene = program.add_subcommand("scene", "look at simulated benches");
    scene->require_subcommand(1);
    scene->footer(
        "Examples:\n"
        "  opal scene list\n"
        "  opal scene show lab > mine.yaml      # a copy to edit\n"
        "  opal scene check mine.yaml           # every mistake with file and line\n"
        "  opal scene explain                   # every key: value, unit, range, meaning\n"
        "  opal calibrate --bench sim:mine.yaml\n");

    scene->add_subcommand("list", "the benches that come with OPAL")->callback([&session] {
        session.action = [&session] { return list(session); };
    });
    add(*scene, "show", "a whole scene as YAML", options, false)->callback([&session, options] {
        session.action = [&session, options] {
            session.terminal.print(
                sim::dump_scene(sim::load_scene(options->scene, options->overrides)));
            return exit_success;
        };
    });
    add(*scene, "explain", "every key of a scene: value, unit, range, meaning", options, false)
        ->callback([&session, options] {
            session.action = [&session, options] {
                session.terminal.print(
                    sim::explain_scene(sim::load_scene(options->scene, options->overrides)));
                return exit_success;
            };
        });
    add(*scene, "check", "is this scene file right?", options, true)->callback([&session, options] {
        session.action = [&session, options] { return check(session, *options); };
    });
}

}  // namespace opal::cli
