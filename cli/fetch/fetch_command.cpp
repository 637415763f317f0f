// The command line of `opal fetch` and what it shows. See fetch_command.h.
#include "cli/fetch/fetch_command.h"

#include "cli/fetch/data_folder.h"
#include "cli/fetch/explanation.h"
#include "cli/fetch/fetcher.h"
#include "cli/progress.h"
#include "cli/session.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace opal::cli {

namespace {

struct FetchOptions {
    std::string name;
    std::string to;
    std::vector<std::string> from;
    bool explain = false;
    double connect_s = 20;
    double stall_s = 30;
    double total_s = 3600;
};

// One line of progress per file; lines about files and mirrors between them.
class FetchDisplay final : public fetch::FetchListener {
public:
    explicit FetchDisplay(const Terminal& terminal) : terminal_(terminal) {}

    void transferring(const std::string& name, std::uint64_t before, std::uint64_t now,
                      std::uint64_t total) override {
        if (!progress_ || shown_ != std::pair(name, before)) {
            progress_.emplace(terminal_, name.substr(0, name.find("-idx")), "kB");
            shown_ = {name, before};
        }
        // Only what comes now counts, or a resumed file would show a rate nobody has.
        const auto kilobytes = [](std::uint64_t bytes) {
            return static_cast<double>(bytes) / 1000;
        };
        progress_->update(kilobytes(now - before), total > before ? kilobytes(total - before) : 0,
                          before > 0 ? fmt::format("after {:.0f} kB kept", kilobytes(before)) : "");
    }
    void has(const std::string& name, const std::string& how) override {
        progress_.reset();
        terminal_.note(fmt::format("  {:<28} {}", name, terminal_.err(Ink::good, how)));
    }
    void warns(const std::string& line) override {
        progress_.reset();
        terminal_.note(fmt::format("opal: {} {}", terminal_.err(Ink::warn, "warning:"), line));
    }
    void ends() { progress_.reset(); }

private:
    const Terminal& terminal_;
    std::optional<Progress> progress_;
    std::pair<std::string, std::uint64_t> shown_;
};

const fetch::Dataset& chosen_dataset(const std::string& name) {
    const fetch::Dataset* const dataset = fetch::find_dataset(name);
    if (dataset != nullptr) return *dataset;
    std::string names;
    for (const auto& known : fetch::datasets()) names += (names.empty() ? "" : ", ") + known.name;
    throw BadInput(fmt::format("no data set '{}'; there are {}", name, names));
}

// A mirror as typed: an address, or a folder of this machine.
std::string mirror_address(const std::string& typed) {
    if (typed.starts_with("http://") || typed.starts_with("https://") ||
        typed.starts_with("file://")) {
        return typed;
    }
    if (typed.find("://") != std::string::npos) {
        throw BadInput(fmt::format("--from {}: want http://, https:// or a folder", typed));
    }
    std::error_code error;
    if (!std::filesystem::exists(typed, error)) {
        throw BadInput(
            fmt::format("--from {}: no such folder, and no address with http(s)://", typed));
    }
    return fetch::file_url(typed);
}

std::chrono::milliseconds milliseconds_of(double seconds) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

ExitCode run_fetch(const Session& session, const FetchOptions& options) {
    const Terminal& terminal = session.terminal;
    const fetch::Dataset& dataset = chosen_dataset(options.name);
    const std::filesystem::path folder =
        options.to.empty() ? fetch::data_folder(dataset.name) : std::filesystem::path(options.to);
    if (options.explain) {
        terminal.print(fetch::explanation(dataset, folder));
        return exit_success;
    }
    std::vector<std::string> mirrors = dataset.mirrors;
    if (!options.from.empty()) {
        mirrors.clear();
        for (const std::string& typed : options.from) mirrors.push_back(mirror_address(typed));
    }
    const fetch::Network network;
    FetchDisplay display(terminal);
    const fetch::Deadlines deadlines{milliseconds_of(options.connect_s),
                                     milliseconds_of(options.stall_s),
                                     milliseconds_of(options.total_s)};
    fetch::Fetcher fetcher(network, {dataset, folder, mirrors, deadlines}, display);
    try {
        const bool done = fetcher.run(session.interruption.token());
        display.ends();
        if (!done) {
            const int signal = session.interruption.signal();
            terminal.note(fmt::format(
                "opal: stopped by {}; what came is kept in {}, the same command resumes",
                signal == SIGINT ? "Ctrl-C" : strsignal(signal), folder.string()));
            return static_cast<ExitCode>(exit_interrupted + signal);
        }
    } catch (const fetch::FetchError&) {
        display.ends();
        terminal.note("\n" + fetch::explanation(dataset, folder));
        throw;
    }
    terminal.print(fmt::format("{} is complete and checked in {}\n", dataset.name,
                               terminal.out(Ink::strong, folder.string())));
    return exit_success;
}

}  // namespace

void add_fetch_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<FetchOptions>();
    CLI::App* const command =
        program.add_subcommand("fetch", "download a public data set, resumed and checked");
    command->add_option("NAME", options->name, "mnist, fashion-mnist or cora")->required();
    command
        ->add_option("--to", options->to,
                     "folder; otherwise $XDG_DATA_HOME/opal/NAME or ~/.local/share/opal/NAME")
        ->type_name("FOLDER");
    command
        ->add_option("--from", options->from,
                     "use this mirror (address or folder) instead; again: the next one to try")
        ->type_name("URL")
        ->allow_extra_args(false);
    command->add_flag("--explain", options->explain,
                      "say how to place the files by hand, and download nothing");
    const auto deadline = [&](const char* name, double& seconds, const char* description) {
        command->add_option(name, seconds, description)
            ->type_name("SECONDS")
            ->check(CLI::Range(0.01, 1e6))
            ->capture_default_str();
    };
    deadline("--connect-timeout", options->connect_s, "give up a mirror that does not answer");
    deadline("--stall-timeout", options->stall_s, "hang up when no byte comes for so long");
    deadline("--timeout", options->total_s, "give up a mirror that takes longer for one file");
    command->footer(
        "Files are right (length and SHA-256) before they get their names. After Ctrl-C or a "
        "broken\n"
        "connection the same command goes on where it was. Proxies: https_proxy, http_proxy.\n"
        "Examples:\n"
        "  opal fetch mnist\n"
        "  opal fetch cora --to data/cora\n"
        "  opal fetch fashion-mnist --explain          # how to do it by hand\n"
        "  opal fetch mnist --from /media/usb/mnist    # copies and checks\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return run_fetch(session, *options); };
    });
}

}  // namespace opal::cli
