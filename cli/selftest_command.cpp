// `opal selftest`: is this bench what OPAL needs? For people, and for hardware-in-the-loop CI.
#include "cli/bench_choice.h"
#include "cli/files.h"
#include "cli/progress.h"
#include "cli/selftest_junit.h"
#include "cli/selftest_run.h"
#include "cli/session.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

namespace opal::cli {

namespace {

using contract::Outcome;

struct SelftestChoice {
    BenchChoice bench;
    std::string junit;
    bool checks_only = false;
    bool list = false;
    SelftestOptions run;
};

// The bench of --bench, opened as often as a check wants.
class ChosenRig final : public contract::Rig {
public:
    ChosenRig(Session& session, const BenchChoice& choice)
        : session_(session), choice_(choice), opened_(choice.open(session)) {}

    hal::Bench& bench() override { return opened_->bench(); }
    bool reopen() override {
        opened_.reset();  // two programs cannot hold one device
        opened_ = choice_.open(session_);
        return true;
    }
    bool has_door_switch() const override { return opened_->has_door_switch(); }
    void set_interlock(bool closed) override { opened_->set_interlock(closed); }
    std::optional<hal::Duration> mirror_lag() const override { return opened_->mirror_lag(); }

private:
    Session& session_;
    const BenchChoice& choice_;
    std::unique_ptr<OpenedBench> opened_;
};

std::string line_of(const Terminal& terminal, const SelftestCase& c) {
    const bool failed = c.outcome == Outcome::failed;
    const bool skipped = c.outcome == Outcome::skipped;
    std::string line = fmt::format("  {}  {}",
                                   failed    ? terminal.out(Ink::bad, "NO")
                                   : skipped ? terminal.out(Ink::warn, "--")
                                             : terminal.out(Ink::good, "ok"),
                                   c.title);
    for (const std::string& reason : c.reasons) line += "\n        " + reason;
    return line + "\n";
}

ExitCode selftest(Session& session, SelftestChoice& choice) {
    const Terminal& terminal = session.terminal;
    if (choice.list) {
        for (const contract::Check& check : contract::all_checks()) {
            terminal.print(fmt::format(
                "{:<5} {}\n", check.light == contract::Light::emits ? "light" : "", check.title));
        }
        return exit_success;
    }
    if (!choice.junit.empty()) require_writable(choice.junit);
    ChosenRig rig(session, choice.bench);
    const std::string name = rig.bench().name();
    JunitFacts facts;
    facts.name = "opal selftest: " + name;
    facts.properties = {{"bench", name},
                        {"identity", rig.bench().identity()},
                        {"dmd", rig.bench().dmd().info().model},
                        {"camera", rig.bench().camera().info().model},
                        {"laser", rig.bench().laser().info().model},
                        {"opal", OPAL_VERSION}};
    terminal.note(fmt::format("testing {}: {}, {}, {}", name, facts.properties[2].second,
                              facts.properties[3].second, facts.properties[4].second));
    SelftestOptions options = choice.run;
    options.calibrate = !choice.checks_only;
    options.stop = session.interruption.token();
    Progress progress(terminal, "selftest", "checks");
    options.on_begin = [&](const std::string& title, std::size_t done, std::size_t all) {
        progress.update(static_cast<double>(done), static_cast<double>(all), title);
    };
    options.on_end = [&](const SelftestCase& c) {
        progress.clear();
        terminal.print(line_of(terminal, c));
    };
    const std::vector<SelftestCase> cases = run_selftest(rig, options);
    progress.clear();
    if (!choice.junit.empty()) write_file(choice.junit, junit_xml(facts, cases));

    const auto count = [&](Outcome outcome) {
        return std::count_if(cases.begin(), cases.end(),
                             [&](const SelftestCase& c) { return c.outcome == outcome; });
    };
    const auto failed = count(Outcome::failed);
    terminal.print(fmt::format(
        "{} {} passed, {} failed, {} skipped\n",
        failed == 0 ? terminal.out(Ink::good, "selftest:") : terminal.out(Ink::bad, "selftest:"),
        count(Outcome::passed), failed, count(Outcome::skipped)));
    return failed == 0 ? exit_success : exit_negative;
}

}  // namespace

void add_selftest_command(CLI::App& program, Session& session) {
    const auto choice = std::make_shared<SelftestChoice>();
    CLI::App* const command = program.add_subcommand(
        "selftest", "test a bench: contracts, small calibration, small projection; for your CI");
    choice->bench.add_options(*command);
    choice->bench.add_record_option(*command);
    command->add_option("--junit", choice->junit, "write the results there as JUnit XML")
        ->type_name("FILE");
    command->add_flag("--checks-only", choice->checks_only,
                      "leave out the calibration and the projection");
    command->add_flag("--list", choice->list, "print the checks in order and run none");
    command->add_option("--inputs", choice->run.inputs, "of the calibration")
        ->capture_default_str()
        ->check(CLI::Range(4, 1 << 16));
    command->add_option("--seed", choice->run.seed, "of the patterns of calibration and projection")
        ->capture_default_str();
    command->footer(
        "Everything that can be asked without light is asked first. If the laser's off() or its\n"
        "limits fail there, nothing emits: what needs light is skipped, and the run fails.\n"
        "Exit codes: 0 all passed (or could not be asked of this bench), 3 something failed, 1 "
        "the\n"
        "bench could not be opened. docs/selftest.md shows a CI job.\n"
        "\n"
        "Examples:\n"
        "  opal selftest                                 the simulated bench 'lab'\n"
        "  opal selftest --junit report.xml              for a CI server\n"
        "  opal selftest --set laser.interlock_closed=false   what a failure looks like\n");
    command->callback([&session, choice] {
        session.action = [&session, choice] { return selftest(session, *choice); };
    });
}

}  // namespace opal::cli
