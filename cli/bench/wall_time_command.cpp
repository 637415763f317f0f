// `opal bench wall-time`: trains through the real drivers on a bench of virtual time, counts what
// each device keeps the program waiting for, and carries it on to the whole recipe.
#include "cli/bench/wall_time_command.h"

#include "calibration/calibrate.h"
#include "cli/files.h"
#include "cli/progress.h"
#include "cli/quantiser_choice.h"
#include "cli/timed_bench.h"
#include "cli/training_task.h"
#include "cli/usb_bench.h"
#include "projection/optical_projector.h"
#include "sim/scene_file.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stop_token>
#include <vector>

namespace opal::cli {

namespace {

struct WallTimeOptions {
    TrainingTaskOptions task;
    std::string scene = "lab";
    std::string firmware = "6.0";
    double upload = 250e3;
    double camera = 350e6;
    std::uint64_t steps = 469;
    std::uint64_t seed = 0;
    int region_px = 128;
    int threads = 0;
    std::string json;
};

protocol::Dlpc900Version version_of(const std::string& text) {
    const auto version = firmware_version(text);
    if (!version)
        throw BadInput(fmt::format("--firmware {}: MAJOR.MINOR is expected, such as 6.0", text));
    return *version;
}

// What the steps that were taken cost.
struct WallTime {
    std::uint64_t steps = 0;
    std::uint64_t whole_run = 0;  // steps of the recipe
    double set_up_s = 0;          // laser, sentinels, scale, the board's first table
    DeviceTime devices;
    double pictures_s = 0;  // of devices.patterns_s
    double bench_s = 0;     // all virtual time of the steps
    double host_s = 0;      // this machine's own
    std::uint64_t vectors = 0;
    std::uint64_t exposures = 0;
    std::uint64_t picture_bytes = 0;
    double period_us = 0;
    double accuracy = 0;  // on the training part, of these steps
};

class Measure final : public dfa::Observer {
public:
    Measure(std::uint64_t last, Progress& progress, std::stop_source& stop)
        : last_(last), progress_(progress), stop_(stop) {}
    void on_step(const dfa::StepProgress& p) override {
        accuracy_ = p.epoch_so_far.accuracy();
        progress_.update(static_cast<double>(p.step), static_cast<double>(last_),
                         fmt::format("training {:.1f} %", 100 * accuracy_));
        if (p.step >= last_) stop_.request_stop();
    }
    double accuracy() const { return accuracy_; }

private:
    std::uint64_t last_;
    Progress& progress_;
    std::stop_source& stop_;
    double accuracy_ = 0;
};

calibration::Record calibrated(Session& session, hal::Bench& bench, const WallTimeOptions& options,
                               int inputs) {
    calibration::Options wanted;
    wanted.inputs = inputs;
    wanted.region_rows = wanted.region_columns = options.region_px;
    calibration::Observer quiet;
    session.terminal.note(fmt::format("calibrating {}", bench.name()));
    calibration::Record record =
        calibration::calibrate(bench, wanted, quiet, session.interruption.token());
    if (!record.complete())
        throw std::runtime_error(fmt::format("{}: a calibration step said no", bench.name()));
    return record;
}

WallTime measure(Session& session, const WallTimeOptions& options) {
    const auto task = make_training_task(options.task);
    UsbDevices devices{options.upload, options.camera, version_of(options.firmware), {}};
    std::uint64_t picture_bytes = 0;  // of the uploads that are over
    devices.on_upload = [&](std::uint64_t sent, std::uint64_t total) {
        if (sent == total) picture_bytes += total;
    };
    const auto bench =
        make_usb_bench(sim::load_scene(options.scene, {}), {.threads = options.threads}, devices);
    const auto virtual_s = [&] {
        return std::chrono::duration<double>(bench->clock().now().time_since_epoch()).count();
    };
    const calibration::Record record =
        calibrated(session, *bench, options, static_cast<int>(task->classes()));
    if (2 * static_cast<Eigen::Index>(record.holography.modes()) < task->feedback_width())
        throw BadInput(
            fmt::format("--region {0}: its {1} outputs are fewer than the {2} this "
                        "network needs",
                        options.region_px, 2 * record.holography.modes(), task->feedback_width()));

    TimedBench on_bench(*bench, virtual_s);
    TimedBench on_host(static_cast<hal::Bench&>(on_bench));
    const double begun_s = virtual_s();
    QuantiserChoice quantiser("stochastic");
    std::stop_source stop;
    const std::stop_callback interrupted(session.interruption.token(),
                                         [&] { stop.request_stop(); });
    projection::OpticalProjector projector(on_host, record,
                                           {.inputs = static_cast<int>(task->classes()),
                                            .outputs = task->feedback_width(),
                                            .quantiser = quantiser.options(),
                                            .stop = session.interruption.token()});
    dfa::Workers workers(options.threads);
    dfa::Network network = task->network(options.seed);
    const auto source = task->source(options.seed);
    dfa::DirectFeedback feedback(network, projector, task->feedback());
    dfa::TrainingOptions training = task->training(options.seed);
    training.validate = training.test = false;
    dfa::Trainer trainer(network, *source, feedback, workers, training);

    WallTime result;
    result.whole_run = trainer.steps();
    result.set_up_s = virtual_s() - begun_s;
    const DeviceTime before = on_bench.time();
    const double bench_before_s = virtual_s();
    const double waited_before_s = on_host.seconds_inside();
    const std::uint64_t bytes_before = picture_bytes;
    const auto stats_before = projector.stats();
    Progress progress(session.terminal, "training", "steps");
    Measure observer(std::min(options.steps, trainer.steps()), progress, stop);
    const double host_begun_s = now_s();
    result.steps = trainer.run(&observer, stop.get_token()).steps;
    const double host_s = now_s() - host_begun_s;
    progress.clear();
    if (session.interruption.token().stop_requested()) throw calibration::Interrupted();

    const DeviceTime& after = on_bench.time();
    result.devices = {after.patterns_s - before.patterns_s, after.dmd_s - before.dmd_s,
                      after.camera_set_s - before.camera_set_s, after.frames_s - before.frames_s};
    result.bench_s = virtual_s() - bench_before_s;
    result.host_s = host_s - (on_host.seconds_inside() - waited_before_s);
    result.picture_bytes = picture_bytes - bytes_before;
    // 504 bytes of a picture are a command of 512.
    result.pictures_s = static_cast<double>(result.picture_bytes) * 512 / 504 / options.upload;
    result.vectors = projector.stats().vectors - stats_before.vectors;
    result.exposures = projector.stats().acquisitions - stats_before.acquisitions;
    result.period_us = std::chrono::duration<double, std::micro>(record.timing.period()).count();
    result.accuracy = observer.accuracy();
    return result;
}

struct Term {
    const char* name;
    double seconds;
};

std::vector<Term> terms_of(const WallTime& t) {
    std::vector<Term> terms{
        {"frames: exposures, read-outs, silence", t.devices.frames_s},
        {"pictures to the DMD", t.pictures_s},
        {"table, order, other commands to the DMD",
         t.devices.patterns_s - t.pictures_s + t.devices.dmd_s},
        {"camera: arming, disarming, questions", t.devices.camera_set_s},
        {"this machine: training, demodulation", t.host_s},
        {"pauses", t.bench_s - t.devices.sum()},
    };
    std::stable_sort(terms.begin(), terms.end(),
                     [](const Term& a, const Term& b) { return a.seconds > b.seconds; });
    return terms;
}

std::string table_of(const WallTime& t) {
    const double factor = static_cast<double>(t.whole_run) / static_cast<double>(t.steps);
    const double sum = t.bench_s + t.host_s;
    const auto per_step = [&](double s) { return 1e3 * s / static_cast<double>(t.steps); };
    std::string text =
        fmt::format("{:42} {:>10} {:>12} {:>6}\n", "", "ms a step", "whole run", "%");
    for (const Term& term : terms_of(t))
        text += fmt::format("{:42} {:10.2f} {:>12} {:6.1f}\n", term.name, per_step(term.seconds),
                            duration_text(factor * term.seconds), 100 * term.seconds / sum);
    text += fmt::format("{:42} {:10.2f} {:>12}\n", "together", per_step(sum),
                        duration_text(factor * sum + t.set_up_s));
    text += fmt::format(
        "\nmeasured: {} of {} steps, training accuracy {:.1f} %; {:.1f} exposures and {:.1f} kB of "
        "pictures\na step, period {:.0f} us; set-up {:.1f} s once\n",
        t.steps, t.whole_run, 100 * t.accuracy,
        static_cast<double>(t.exposures) / static_cast<double>(t.steps),
        1e-3 * static_cast<double>(t.picture_bytes) / static_cast<double>(t.steps), t.period_us,
        t.set_up_s);
    return text;
}

std::string json_of(const WallTime& t, const WallTimeOptions& options) {
    const nlohmann::ordered_json json{{"schema", "opal-wall-time-1"},
                                      {"task", options.task.name},
                                      {"scene", options.scene},
                                      {"firmware", options.firmware},
                                      {"upload_bytes_per_s", options.upload},
                                      {"camera_bytes_per_s", options.camera},
                                      {"steps", t.steps},
                                      {"steps_of_the_recipe", t.whole_run},
                                      {"set_up_s", t.set_up_s},
                                      {"bench_s", t.bench_s},
                                      {"frames_s", t.devices.frames_s},
                                      {"patterns_s", t.devices.patterns_s},
                                      {"pictures_s", t.pictures_s},
                                      {"dmd_commands_s", t.devices.dmd_s},
                                      {"camera_commands_s", t.devices.camera_set_s},
                                      {"host_s", t.host_s},
                                      {"vectors", t.vectors},
                                      {"exposures", t.exposures},
                                      {"picture_bytes", t.picture_bytes},
                                      {"period_us", t.period_us}};
    return json.dump(2) + "\n";
}

ExitCode wall_time(Session& session, const WallTimeOptions& options) {
    if (!options.json.empty()) require_writable(options.json);
    const WallTime time = measure(session, options);
    session.terminal.print(table_of(time));
    if (!options.json.empty()) write_file(options.json, json_of(time, options));
    return exit_success;
}

}  // namespace

void add_wall_time_command(CLI::App& bench, Session& session) {
    const auto options = std::make_shared<WallTimeOptions>();
    options->task.name = "mnist";
    CLI::App* const command = bench.add_subcommand(
        "wall-time", "how long a training run would take on a DLPC900 and a USB3 camera");
    command->add_option("TASK", options->task.name, "mnist or fashion-mnist")
        ->check(CLI::IsMember({"mnist", "fashion-mnist"}))
        ->capture_default_str();
    command->add_option("-d,--data", options->task.data, "folder with the task's files")
        ->type_name("DIR");
    command->add_option("--steps", options->steps, "of training to take; an epoch has 430")
        ->capture_default_str()
        ->check(CLI::Range(1, 1 << 24));
    command
        ->add_option("--firmware", options->firmware,
                     "of the board; before 5.0 it cannot reorder its table")
        ->capture_default_str();
    command->add_option("--upload", options->upload, "bytes per second the board takes")
        ->capture_default_str()
        ->check(CLI::Range(1e3, 1e9));
    command->add_option("--camera-link", options->camera, "bytes per second of the camera's link")
        ->capture_default_str()
        ->check(CLI::Range(1e6, 1e10));
    command->add_option("--scene", options->scene, "of the bench, without its DMD")
        ->capture_default_str();
    command->add_option("--region", options->region_px, "side of the camera's region, pixels")
        ->capture_default_str()
        ->check(CLI::Range(32, 4096));
    command->add_option("--seed", options->seed)
        ->capture_default_str()
        ->check(CLI::Range(0, 1 << 22));
    command->add_option("--threads", options->threads, "threads; 0: all cores")
        ->capture_default_str()
        ->check(CLI::Range(0, 1024));
    command->add_option("--json", options->json, "write all numbers")->type_name("FILE");
    command->footer(
        "Calibrates a bench of a virtual DLPC900 and a virtual USB3 Vision camera, trains on it\n"
        "through the same drivers that real ones get, and reads the bench's virtual clock: every\n"
        "report takes the board 64 bytes of its rate, each way, every exposure and read-out lasts\n"
        "what the scene says, and a USB transfer of the camera 125 us. What this machine computes\n"
        "meanwhile is its own time, as busy as it is. The steps that were taken are carried on to\n"
        "the recipe's number of steps.\n"
        "\n"
        "Examples:\n"
        "  opal bench wall-time mnist\n"
        "  opal bench wall-time mnist --firmware 4.3      # everything travels every time\n"
        "  opal bench wall-time mnist --upload 64000      # one report per frame of full speed\n"
        "  opal bench wall-time mnist --steps 8600        # the whole run\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return wall_time(session, *options); };
    });
}

}  // namespace opal::cli
