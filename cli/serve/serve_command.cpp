// `opal serve`: a whole simulated bench behind the wire protocols of real devices, for the
// unmodified drivers, for other programs, for people without a lab, and for CI.
#include "cli/bench_file.h"
#include "cli/exit_code.h"
#include "cli/files.h"
#include "cli/serve/camera_options.h"
#include "cli/serve/gige_door.h"
#include "cli/serve/laser_doors.h"
#include "cli/serve/lightcrafter_door.h"
#include "cli/serve/served_bench.h"
#include "cli/serve/usb_doors.h"
#include "cli/session.h"
#include "drivers/gige/network_interfaces.h"
#include "protocol/dlpc900_messages.h"
#include "sim/faults/fault_file.h"
#include "sim/scene_fields.h"
#include "sim/scene_file.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace opal::cli {

namespace {

using namespace std::chrono_literals;

struct ServeOptions {
    std::string scene = std::string(sim::default_preset);
    std::vector<std::string> overrides;
    std::string address = "127.0.0.1";
    std::string camera = "gige";
    std::string dmd = "lightcrafter";
    std::string laser = "dlcpro";
    std::string bench_file;
    std::string scene_file;
    std::string faults;
    std::string events;
    std::uint32_t upload = 0;
    std::string board;  // a name of dlpc900_boards; empty: as dmd has it
    std::uint16_t usb_port = protocol::usbip::default_port;
    ServedCameraOptions camera_options;
    double light_hz = 0;
    double seconds = 0;
};

// The DMD shows bars again and again under full light; its trigger output is the camera's Line0.
void start_light(ServedBench& bench, double rate_hz) {
    sim::DirectDmd& dmd = bench.mirrors();
    const hal::DmdInfo& info = dmd.info();
    std::vector<hal::BitPattern> patterns;
    hal::PatternSequence sequence;
    sequence.repeat = true;
    const auto period =
        std::chrono::duration_cast<hal::Duration>(std::chrono::duration<double>(1 / rate_hz));
    if (period < info.min_exposure + info.min_dark)
        throw BadInput(
            fmt::format("--light {} Hz is faster than the bench's DMD: at most {:.0f}", rate_hz,
                        1e9 / static_cast<double>((info.min_exposure + info.min_dark).count())));
    constexpr int count = 8;
    for (int i = 0; i < count; ++i) {
        hal::BitPattern pattern(info.rows, info.columns);
        pattern.fill(0, info.columns * i / count, info.rows, info.columns / count, true);
        patterns.push_back(pattern);
        hal::SequenceEntry entry;
        entry.slot = static_cast<std::uint32_t>(i);
        entry.dark = info.min_dark;
        entry.exposure = period - entry.dark;
        sequence.entries.push_back(entry);
    }
    dmd.load(0, patterns);
    dmd.program(sequence);
    const double power_mw = bench.scene().laser.max_power_mw;
    bench.light().arm(power_mw);
    bench.light().set_power(power_mw);
    bench.light().emit();
    dmd.start();
}

// Boards by what people call them, and their numbers in protocol/dlpc900_messages.h.
const std::map<std::string, int> dlpc900_boards{
    {"6500", 1}, {"9000", 2}, {"670s", 3}, {"500yx", 4}};

int board_type(const ServeOptions& options) {
    return options.board.empty() ? 1 : dlpc900_boards.at(options.board);
}

using Doors = std::vector<std::unique_ptr<ServedDoor>>;

// Laser and DMD first: a camera that can be found is a bench that can be used. `bus`: where USB is
// asked for.
Doors open_doors(ServedBench& bench, ServedUsbBus* bus, const ServeOptions& options,
                 std::uint32_t host) {
    Doors doors;
    if (options.laser == "dlcpro") doors.push_back(open_dlcpro_door(bench, options.address));
    if (options.laser == "cobolt") doors.push_back(open_cobolt_door(bench));
    if (options.laser == "obis") doors.push_back(open_obis_door(bench));
    if (options.dmd == "lightcrafter")
        doors.push_back(open_lightcrafter_door(bench, options.address));
    if (options.dmd == "dlpc900")
        doors.push_back(open_dlpc900_door(
            bench, *bus,
            {options.camera_options.gige.serial, options.upload, board_type(options)}));
    if (options.camera == "gige")
        doors.push_back(open_gige_door(bench, host, options.camera_options.gige));
    if (options.camera == "u3v") {
        doors.push_back(open_u3v_door(bench, *bus, options.camera_options.usb_camera()));
    }
    return doors;
}

// Whose cables faults happen to, on the thread that makes time pass: as long as there are doors.
class Cables {
public:
    explicit Cables(ServedBench& bench) : table_(bench.table()) {
        if (sim::FaultInjector* const injector = table_.faults())
            injector->on_usb = [this](const sim::Fault& fault, hal::Duration at) {
                spoil_at(at, fault);
            };
    }
    void spoil_at(hal::Duration at, const sim::Fault& fault) {
        table_.clock_at(at, [plugged = plugged_, fault] {
            // Not under the lock: whoever is at a door may be on his way here.
            std::vector<ServedDoor*> doors;
            {
                const std::lock_guard lock(plugged->mutex);
                doors = plugged->doors;
                ++plugged->at_work;
            }
            for (ServedDoor* const door : doors) door->spoil(fault);
            const std::lock_guard lock(plugged->mutex);
            --plugged->at_work;
            plugged->done.notify_all();
        });
    }
    // Of these doors, until the end of what is returned, which comes before theirs.
    std::shared_ptr<void> plug_in(const Doors& doors) {
        const std::lock_guard lock(plugged_->mutex);
        for (const auto& door : doors) plugged_->doors.push_back(door.get());
        return {nullptr, [plugged = plugged_](void*) {
                    std::unique_lock inner(plugged->mutex);
                    plugged->doors.clear();
                    plugged->done.wait(inner, [&] { return plugged->at_work == 0; });
                }};
    }

private:
    struct Plugged {
        std::mutex mutex;
        std::condition_variable done;
        std::vector<ServedDoor*> doors;
        int at_work = 0;
    };
    sim::OpticalTable& table_;
    const std::shared_ptr<Plugged> plugged_ = std::make_shared<Plugged>();
};

drivers::WireBenchPlan plan_of(const ServedBench& bench, const Doors& doors) {
    drivers::WireBenchPlan plan;
    plan.name = "served-" + bench.scene().name;
    plan.medium = "simulated " + sim::scene_fingerprint(bench.scene());
    for (const auto& door : doors) door->describe(plan);
    return plan;
}

void check(const ServeOptions& options) {
    const bool whole = options.camera != "none" && options.dmd != "none" && options.laser != "none";
    if (!options.bench_file.empty() && !whole)
        throw BadInput(
            "--bench-file: a bench has a camera, a DMD and a laser; none of them may "
            "be left out");
    if (!options.board.empty() && options.dmd != "dlpc900")
        throw BadInput("--board is a dlpc900's; --dmd is " + options.dmd);
    check_camera_options(options.camera_options, options.camera);
}

ExitCode serve(Session& session, ServeOptions options) {
    std::uint32_t host = 0;
    if (!drivers::gige::parse_host(options.address, host))
        throw BadInput("--address takes an IPv4 address of this machine, not '" + options.address +
                       "'");
    // Whoever plays with the light by hand leaves none to the instruments.
    if (options.light_hz > 0) options.dmd = options.laser = "none";
    check(options);
    sim::Scene scene = sim::load_scene(options.scene, options.overrides);
    if (options.dmd != "none") {
        const bool dlpc900 = options.dmd == "dlpc900";
        const sim::Scene adapted =
            dlpc900 ? with_dlpc900(scene, board_type(options)) : with_lightcrafter(scene);
        if (adapted.dmd.rows != scene.dmd.rows || adapted.dmd.columns != scene.dmd.columns)
            session.terminal.note(fmt::format(
                "note: {} x {} mirrors instead of the scene's {} x {}: a {}'s; "
                "--scene-file writes the scene as it is served",
                adapted.dmd.rows, adapted.dmd.columns, scene.dmd.rows, scene.dmd.columns,
                dlpc900 ? protocol::find_dlpc900_board(board_type(options))->name
                        : "LightCrafter"));
        scene = adapted;
    }
    std::optional<sim::FaultSchedule> faults;
    if (!options.faults.empty()) faults = sim::load_faults(options.faults);
    std::ofstream events;
    if (!options.events.empty()) {
        events.open(options.events);
        if (!events) throw BadInput("cannot write the events to " + options.events);
    }
    // One that is left from another time names nobody who answers.
    std::error_code ignored;
    if (!options.bench_file.empty()) std::filesystem::remove(options.bench_file, ignored);
    ServedBench bench(scene, options.events.empty() ? nullptr : &events,
                      faults ? &*faults : nullptr);
    std::optional<ServedUsbBus> bus;
    if (options.dmd == "dlpc900" || options.camera == "u3v")
        bus.emplace(bench, options.address, options.usb_port);
    Cables cables(bench);
    const Doors doors = open_doors(bench, bus ? &*bus : nullptr, options, host);
    const auto plugged = cables.plug_in(doors);
    if (options.camera_options.unplug_after_s > 0) {
        sim::Fault pulled;
        pulled.kind = sim::FaultKind::camera_unplugged;
        cables.spoil_at(bench.table().now() +
                            std::chrono::duration_cast<hal::Duration>(std::chrono::duration<double>(
                                options.camera_options.unplug_after_s)),
                        pulled);
    }
    if (options.light_hz > 0) start_light(bench, options.light_hz);
    if (!options.scene_file.empty()) write_file(options.scene_file, sim::dump_scene(scene));
    const bool in_print = options.bench_file == "-";
    for (const auto& door : doors)
        session.terminal.print(
            fmt::format("{}{}  {}\n", in_print ? "# " : "", door->uri(), door->about()));
    // Last: a file that is there names devices that answer.
    if (in_print) session.terminal.print(bench_file_text(plan_of(bench, doors)));
    if (!in_print && !options.bench_file.empty())
        write_file(options.bench_file, bench_file_text(plan_of(bench, doors)));
    session.terminal.note("opal: serving; Ctrl-C ends it");
    hal::Clock& clock = bench.host_clock();
    const hal::Time end = options.seconds > 0
                              ? clock.now() + std::chrono::duration_cast<hal::Duration>(
                                                  std::chrono::duration<double>(options.seconds))
                              : hal::Time::max();
    while (!session.interruption.token().stop_requested() && clock.now() < end)
        clock.wait_for(std::min<hal::Duration>(50ms, end - clock.now()));
    return exit_success;
}

void add_bench_options(CLI::App& command, ServeOptions& options) {
    command.add_option("SCENE", options.scene, "a preset or a YAML file")->capture_default_str();
    command.add_option("-s,--set", options.overrides, "change one value of the scene")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    command.add_option("--address", options.address, "of this machine, to answer at")
        ->capture_default_str();
    command.add_option("--camera", options.camera, "gige, u3v or none")
        ->capture_default_str()
        ->check(CLI::IsMember({"gige", "u3v", "none"}));
    command.add_option("--dmd", options.dmd, "lightcrafter, dlpc900 or none")
        ->capture_default_str()
        ->check(CLI::IsMember({"lightcrafter", "dlpc900", "none"}));
    command.add_option("--laser", options.laser, "dlcpro, cobolt, obis or none")
        ->capture_default_str()
        ->check(CLI::IsMember({"dlcpro", "cobolt", "obis", "none"}));
    command
        .add_option("--upload", options.upload,
                    "bytes per second that a dlpc900 takes: 250000 is what people report of real "
                    "ones; 0: any")
        ->capture_default_str();
    command
        .add_option("--board", options.board,
                    "which board a dlpc900 is: 6500, 9000, 670s or 500yx; 6500 if not said")
        ->check(CLI::IsMember({"6500", "9000", "670s", "500yx"}));
    command
        .add_option("--usb-port", options.usb_port,
                    "TCP port of the USB/IP server behind which dlpc900 and u3v are")
        ->capture_default_str();
    command
        .add_option("--bench-file", options.bench_file,
                    "write the bench file of these devices there; -: to standard output")
        ->type_name("FILE");
    command
        .add_option("--scene-file", options.scene_file,
                    "write the scene there, with the mirrors it is served with")
        ->type_name("FILE");
    command
        .add_option("--faults", options.faults, "what goes wrong: a schedule (opal soak --list)")
        ->type_name("SCHEDULE");
    command.add_option("--events", options.events, "every laser, DMD and camera event, as JSON")
        ->type_name("FILE");
    command
        .add_option("--light", options.light_hz,
                    "no DMD and no laser to talk to: full light, and bars shown at this rate in "
                    "Hz; the trigger output is the camera's Line0")
        ->check(CLI::Range(0.001, 1e6));
    command.add_option("--seconds", options.seconds, "end by itself after so long")
        ->check(CLI::Range(0.0, 1e9));
}

}  // namespace

void add_serve_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<ServeOptions>();
    options->camera_options.gige.link_mbit = 1000;
    CLI::App* const command = program.add_subcommand(
        "serve", "a simulated bench behind the protocols of real devices, for any client");
    add_bench_options(*command, *options);
    add_camera_options(*command, options->camera_options);
    command->footer(
        "Examples:\n"
        "  opal serve --bench-file bench.yaml          # on 127.0.0.1; the file is there when it "
        "answers\n"
        "  opal calibrate --bench bench.yaml           # in another terminal\n"
        "  opal serve --laser cobolt                   # its laser on a pseudo-terminal\n"
        "  opal serve --dmd dlpc900 --camera u3v       # on USB: prints the usbip lines that plug "
        "them in\n"
        "  opal serve --light 100                      # just the camera, 100 edges a second on "
        "Line0\n"
        "  opal serve --address 127.0.0.2 --serial B   # a second bench beside it\n"
        "  opal serve --lose 0.01                      # one stream packet of a hundred is lost\n"
        "  opal serve --lose-frames 0.1                # one frame of ten, with all its packets\n"
        "  opal serve --camera u3v --stall 0.01        # one frame of a hundred ends in a stall\n"
        "  opal features gige://127.0.0.1              # in another terminal\n"
        "\n"
        "Nobody outside of this machine sees it unless --address names another interface.\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return serve(session, *options); };
    });
}

}  // namespace opal::cli
