// BenchChoice: command-line options -> an open bench. See bench_choice.h.
#include "cli/bench_choice.h"

#include "calibration/whole_file.h"
#include "cli/bench_file.h"
#include "cli/exit_code.h"
#include "cli/places.h"
#include "cli/upload_progress.h"
#include "cli/usb_bench.h"
#include "cli/version.h"
#include "sim/faults/fault_file.h"
#include "sim/scene_file.h"
#include "sim/simulated_bench.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <system_error>

namespace opal::cli {

namespace {

constexpr std::string_view simulated = "sim:";
constexpr std::string_view on_usb = "usb:";
constexpr std::size_t hash_digits = 8;

// Presets as they are own their plain name; anything else gets its own by what it is.
std::string record_name(const sim::Scene& scene, const std::string& what, bool changed,
                        const std::string& identity) {
    for (const auto& preset : sim::scene_presets()) {
        if (!changed && what == preset.name) return what;
    }
    const std::string digits =
        identity.substr(identity.size() - std::min(identity.size(), hash_digits));
    return fmt::format("{}-{}", scene.name, digits);
}

std::unique_ptr<std::ofstream> open_events(const std::string& file, bool go_on) {
    if (file.empty()) return nullptr;
    errno = 0;
    auto out = std::make_unique<std::ofstream>(file, go_on ? std::ios::app : std::ios::trunc);
    if (!*out) {
        throw BadInput(fmt::format("cannot write the events to {}: {}", file,
                                   std::generic_category().message(errno)));
    }
    return out;
}

}  // namespace

OpenedBench::OpenedBench(std::unique_ptr<std::ofstream> events, BenchDevices devices,
                         Session& session, std::string record_name, std::string scene,
                         std::shared_ptr<RunRecording> run, RunSide side)
    : session_(session),
      events_(std::move(events)),
      devices_(std::move(devices)),
      run_(std::move(run)),
      side_(std::move(side)),
      laser_off_(session.interruption,
                 [this] {
                     try {
                         // Past the recorder: the last way out waits for nobody.
                         if (hal::Bench* const bench = devices_.any()) bench->laser().off();
                     } catch (const std::exception&) {
                         // The program ends in the next line; the laser has already logged it.
                     }
                 }),
      record_name_(std::move(record_name)),
      scene_(std::move(scene)) {}

OpenedBench::~OpenedBench() {
    try {
        bench().laser().off();
    } catch (const std::exception& e) {
        session_.alarms.push_back(fmt::format(
            "the laser did not confirm that it is off, go and look at it now: {}", e.what()));
    }
    if (events_ && !events_->flush()) {
        session_.alarms.push_back("events were lost: the file of --events could not be written");
    }
    side_.recorder.reset();
    const std::string said = run_->after_closing();
    if (said.empty()) return;
    if (side_.replayed)
        session_.terminal.note("opal: " + said);
    else
        session_.alarms.push_back(said);
}

hal::Bench& OpenedBench::bench() {
    if (side_.replayed) return *side_.replayed;
    if (side_.recorder) return *side_.recorder;
    return *devices_.any();
}

std::optional<sim::BenchMoment> OpenedBench::moment() {
    if (side_.replayed) {
        const auto found = side_.replayed->moment();
        if (!found) return std::nullopt;
        return sim::BenchMoment{found->first, found->second};
    }
    if (!devices_.simulated || devices_.cables) return std::nullopt;
    const sim::BenchMoment now = devices_.simulated->moment();
    if (side_.recorder) side_.recorder->note_moment(std::pair(now.time, now.exposures));
    return now;
}

std::optional<hal::Duration> OpenedBench::mirror_lag() const {
    if (devices_.wired) return std::nullopt;
    if (!devices_.simulated) {
        const std::string known = run_->facts().about_or("mirror_lag_ns", "");
        if (known.empty()) return std::nullopt;
        return hal::Duration(std::strtoll(known.c_str(), nullptr, 10));
    }
    const sim::Scene& scene = devices_.simulated->scene();
    return std::chrono::duration_cast<hal::Duration>(std::chrono::duration<double, std::micro>(
        scene.dmd.settle_us - scene.sensor.trigger_delay_us));
}

std::filesystem::path OpenedBench::record_file() const {
    return default_record(record_name_);
}

void BenchChoice::add_options(CLI::App& command) {
    command
        .add_option("-b,--bench", bench,
                    "sim:lab, sim:ideal, sim:harsh, sim:published, sim:FILE.yaml for a scene of "
                    "your own; usb:lab and so on for the same behind the drivers of a DLPC900, a "
                    "USB3 Vision camera and a Cobolt laser (usb:lab@4.3: the board's firmware); or "
                    "BENCH.yaml for devices on wires "
                    "(opal bench-file explain)")
        ->capture_default_str()
        ->group("Bench");
    command
        .add_option("-s,--set", overrides,
                    "change one value of the scene, e.g. --set sensor.read_noise_e=5 "
                    "(opal scene explain lists all)")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false)
        ->group("Bench");
    command
        .add_option("--calibration", record,
                    "calibration record; default: $XDG_STATE_HOME/opal/<bench>.h5")
        ->type_name("FILE")
        ->group("Bench");
    command
        .add_option("--events", events,
                    "write every laser, DMD and camera event there, one JSON object per line")
        ->type_name("FILE")
        ->group("Bench");
    command
        .add_option("--threads", threads,
                    "threads that render simulated frames; 0: all cores. Changes no result")
        ->capture_default_str()
        ->check(CLI::Range(0, 1024))
        ->group("Bench");
}

void BenchChoice::add_faults_option(CLI::App& command) {
    command
        .add_option("--faults", faults,
                    "what goes wrong on the simulated bench meanwhile: a schedule, built in or "
                    "FILE.yaml (opal soak --list)")
        ->type_name("SCHEDULE")
        ->group("Bench");
}

void BenchChoice::add_record_option(CLI::App& command) {
    run->offered = true;
    command
        .add_option("--record", run->file,
                    "write the run there: everything the bench was asked and answered, frames "
                    "included. --bench replay:FILE plays it back")
        ->type_name("FILE")
        ->group("Bench");
}

// The recording is the bench. The calibration record the run began with comes out of it, to a place
// that belongs to the replay; one it made itself is made again.
std::unique_ptr<OpenedBench> BenchChoice::open_replay(Session& session,
                                                      const std::string& recording,
                                                      sim::BenchMoment begin) const {
    if (!run->offered)
        throw BadInput(
            fmt::format("--bench {}: runs of calibrate, project, train and selftest can be "
                        "replayed, not of this command",
                        bench));
    if (!run->file.empty())
        throw BadInput("--record and --bench replay: together: the recording is there already");
    if (!overrides.empty())
        throw BadInput("--set changes a simulated bench; a recording is what it is");
    const bool first = run->openings++ == 0;
    RunSide side;
    try {
        side = run->replay(recording, begin);
    } catch (const replay::RecordingError& e) {
        throw BadInput(e.what());
    }
    const std::string name = "replay-" + std::filesystem::path(recording).stem().string();
    if (first && record.empty()) {
        for (const char* ending : {"", ".partial"}) {
            const std::filesystem::path place = default_record(name).string() + ending;
            std::error_code ignored;
            // What a replay has made is looked at, not thrown away.
            if (run->looking && std::filesystem::exists(place, ignored)) continue;
            std::filesystem::remove(place, ignored);
            for (const replay::RunFile& kept : run->facts().files) {
                if (kept.name != std::string("calibration") + ending) continue;
                make_parent(place);
                calibration::write_whole_file(place, kept.bytes,
                                              calibration::Predecessor::replaced);
            }
        }
    }
    return std::make_unique<OpenedBench>(nullptr, BenchDevices{}, session, name,
                                         run->facts().about_or("scene", ""), run, std::move(side));
}

std::unique_ptr<OpenedBench> BenchChoice::open(Session& session, sim::BenchMoment begin) const {
    if (const auto recording = RunRecording::replay_file(bench))
        return open_replay(session, *recording, begin);
    if (bench.starts_with(simulated))
        return open_simulated(session, bench.substr(simulated.size()), Cables::none, begin);
    if (bench.starts_with(on_usb))
        return open_simulated(session, bench.substr(on_usb.size()), Cables::usb, begin);
    const std::string ending = std::filesystem::path(bench).extension().string();
    if (ending != ".yaml" && ending != ".yml")
        throw BadInput(
            fmt::format("--bench {}: unknown kind of bench; allowed: sim:lab, sim:ideal, "
                        "sim:harsh, sim:published, sim:SCENE.yaml, the same with usb:, or "
                        "BENCH.yaml",
                        bench));
    const BenchFile file = load_bench_file(bench);
    return file.scene.empty() ? open_wired(session, file)
                              : open_simulated(session, file.scene, Cables::none, begin);
}

// A real bench has no life that could be begun in the middle: it is what it is now.
std::unique_ptr<OpenedBench> BenchChoice::open_wired(Session& session,
                                                     const BenchFile& file) const {
    drivers::WireBenchPlan plan = file.plan;
    const auto refuse = [&](const char* option) {
        throw BadInput(fmt::format("--bench {}: {} is for simulated benches", bench, option));
    };
    if (!overrides.empty()) refuse("--set");
    if (!events.empty()) refuse("--events");
    if (!faults.empty()) refuse("--faults");
    ++run->openings;
    plan.on_upload = upload_progress(session.terminal);
    plan.on_note = [&session](const std::string& text) { session.terminal.note(text); };
    BenchDevices devices;
    devices.wired = drivers::make_wire_bench(plan);
    RunSide side;
    if (!run->file.empty()) side = record_run(*devices.wired, session, {}, plan.name, {});
    return std::make_unique<OpenedBench>(nullptr, std::move(devices), session, plan.name, "", run,
                                         std::move(side));
}

RunSide BenchChoice::record_run(hal::Bench& opened, const Session& session, sim::BenchMoment begin,
                                const std::string& name,
                                std::vector<std::pair<std::string, std::string>> about) const {
    const std::filesystem::path kept =
        record.empty() ? default_record(name) : std::filesystem::path(record);
    about.insert(
        about.begin(),
        {{"opal", program_version()}, {"command", session.command_line}, {"bench", bench}});
    return run->record(
        opened, begin, std::move(about),
        {{"calibration", kept}, {"calibration.partial", kept.string() + ".partial"}});
}

std::unique_ptr<OpenedBench> BenchChoice::open_simulated(Session& session, const std::string& what,
                                                         Cables cables,
                                                         sim::BenchMoment begin) const {
    UsbDevices usb;
    std::string scene_name = what;
    if (const std::size_t at = what.rfind('@'); cables == Cables::usb && at != std::string::npos) {
        const auto firmware = firmware_version(what.substr(at + 1));
        if (!firmware)
            throw BadInput(
                fmt::format("--bench {}: the board's firmware is expected behind @, "
                            "MAJOR.MINOR such as 4.3",
                            bench));
        usb.firmware = *firmware;
        scene_name = what.substr(0, at);
    }
    const sim::Scene asked = sim::load_scene(scene_name, overrides);
    auto log =
        open_events(events, begin.time.count() > 0 || begin.exposures > 0 || run->openings > 0);
    ++run->openings;
    std::optional<sim::FaultSchedule> schedule;
    if (!faults.empty()) schedule = sim::load_faults(faults);
    if (schedule && cables == Cables::none)
        for (const sim::Fault& fault : schedule->faults)
            if (const sim::FaultType& type = sim::type_of(fault.kind);
                type.place == sim::FaultPlace::usb)
                throw BadInput(
                    fmt::format("--faults {}: '{}' needs USB cables; --bench usb:{} has some",
                                faults, type.name, what));
    const sim::BenchOptions options{.threads = threads,
                                    .events = log.get(),
                                    .begin = begin,
                                    .faults = schedule ? &*schedule : nullptr};
    BenchDevices devices;
    devices.cables = cables == Cables::usb;
    devices.simulated = devices.cables ? make_usb_bench(asked, options, usb)
                                       : sim::make_simulated_bench(asked, options);
    sim::SimulatedBench& opened = *devices.simulated;
    const sim::Scene& scene = opened.scene();  // as it is: a board brings its own mirrors
    std::string name = record_name(scene, scene_name, !overrides.empty(), opened.identity());
    if (devices.cables) name = "usb-" + name;
    RunSide side;
    if (!run->file.empty()) {
        const double lag_us = scene.dmd.settle_us - scene.sensor.trigger_delay_us;
        side = record_run(opened, session, begin, name,
                          {{"scene", sim::dump_scene(scene)},
                           {"mirror_lag_ns", fmt::format("{:.0f}", 1e3 * lag_us)}});
    }
    return std::make_unique<OpenedBench>(std::move(log), std::move(devices), session, name,
                                         sim::dump_scene(scene), run, std::move(side));
}

std::filesystem::path BenchChoice::record_file(const OpenedBench& opened) const {
    return record.empty() ? opened.record_file() : std::filesystem::path(record);
}

}  // namespace opal::cli
