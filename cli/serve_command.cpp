// `opal serve`: a simulated bench whose camera answers on the network like a real one, for other
// programs, for people without a camera, and for CI.
#include "cli/exit_code.h"
#include "cli/session.h"
#include "drivers/asio_udp_port.h"
#include "drivers/gige/network_interfaces.h"
#include "protocol/gvcp.h"
#include "sim/direct/direct_dmd.h"
#include "sim/direct/direct_laser.h"
#include "sim/instruments/gige/virtual_gige_camera.h"
#include "sim/instruments/instrument_doors.h"
#include "sim/scene_file.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace opal::cli {

namespace {

using namespace std::chrono_literals;

struct ServeOptions {
    std::string scene = std::string(sim::default_preset);
    std::vector<std::string> overrides;
    std::string address = "127.0.0.1";
    std::string serial = "SIM-1";
    std::string user_name;
    std::uint64_t first_block = 1;
    double light_hz = 0;
    sim::StreamFaults faults;
    std::uint32_t link_mbit = 1000;
    double seconds = 0;
};

bool is_loopback(std::uint32_t host) {
    return host >> 24 == 127;
}

// The DMD shows bars again and again under full light; its trigger output is the camera's Line0.
void start_light(sim::DirectDmd& dmd, sim::DirectLaser& laser, double rate_hz, double power_mw) {
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
    laser.arm(power_mw);
    laser.set_power(power_mw);
    laser.emit();
    dmd.start();
}

ExitCode serve(Session& session, const ServeOptions& options) {
    std::uint32_t host = 0;
    if (!drivers::gige::parse_host(options.address, host))
        throw BadInput("--address takes an IPv4 address of this machine, not '" + options.address +
                       "'");
    sim::Scene scene = sim::load_scene(options.scene, options.overrides);
    scene.pace = sim::Pace::real_time;
    hal::SteadyClock clock;
    sim::OpticalTable table(scene, nullptr);
    sim::DirectDmd dmd(table, scene);
    sim::DirectLaser laser(table, scene);
    constexpr std::uint16_t port = protocol::gvcp::device_port;
    // Each on its own address; the one for broadcasts is shared by all servers of this machine.
    const auto control = drivers::open_udp_port({host, port}, {1 << 20, false, false, true});
    const auto broadcast =
        drivers::open_udp_port({hal::everyone, port}, {1 << 18, false, false, true});
    const auto stream = drivers::open_udp_port({host, 0}, {1 << 18, false, true, false});
    sim::GigeCameraOptions camera_options;
    camera_options.serial = options.serial;
    camera_options.user_name = options.user_name;
    camera_options.faults = options.faults;
    camera_options.first_block = options.first_block;
    camera_options.link_mbit = options.link_mbit;
    sim::VirtualGigeCamera camera(table, scene, *control, *stream, camera_options);
    const auto handle = [&](hal::UdpAddress from, std::span<const std::byte> bytes) {
        camera.handle(from, bytes);
    };
    const sim::PortThread control_thread(*control, clock, handle);
    // Asked from outside of this machine, a camera on loopback is not there.
    const sim::PortThread broadcast_thread(
        *broadcast, clock, [&](hal::UdpAddress from, std::span<const std::byte> bytes) {
            if (is_loopback(from.host) == is_loopback(host)) camera.handle(from, bytes);
        });
    const sim::TimeThread time(table.clock());
    if (options.light_hz > 0) start_light(dmd, laser, options.light_hz, scene.laser.max_power_mw);
    session.terminal.print(fmt::format("gige://{}  OPAL {} {}  {} x {} px\n", options.address,
                                       std::string(camera.identity().model.view()), options.serial,
                                       scene.sensor.columns, scene.sensor.rows));
    session.terminal.note("opal: serving; Ctrl-C ends it");
    const hal::Time end = options.seconds > 0
                              ? clock.now() + std::chrono::duration_cast<hal::Duration>(
                                                  std::chrono::duration<double>(options.seconds))
                              : hal::Time::max();
    while (!session.interruption.token().stop_requested() && clock.now() < end)
        clock.wait_for(std::min<hal::Duration>(50ms, end - clock.now()));
    laser.off();
    dmd.stop();
    return exit_success;
}

}  // namespace

void add_serve_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<ServeOptions>();
    CLI::App* const command = program.add_subcommand(
        "serve", "a simulated GigE Vision camera on the network, for any client");
    command->add_option("SCENE", options->scene, "a preset or a YAML file")->capture_default_str();
    command->add_option("-s,--set", options->overrides, "change one value of the scene")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    command->add_option("--address", options->address, "of this machine, to answer at")
        ->capture_default_str();
    command->add_option("--serial", options->serial, "of the camera, up to 16 characters")
        ->capture_default_str();
    command->add_option("--name", options->user_name, "the camera's user-defined name");
    command->add_option("--light", options->light_hz,
                        "laser on, and the DMD shows bars at this rate in Hz; its trigger output "
                        "is the camera's Line0");
    command->add_option("--first-block", options->first_block,
                        "where stream block ids start: 65500 shows their wrap soon");
    command
        ->add_option("--link-mbit", options->link_mbit,
                     "speed of the camera's network link; 0: packets leave at once")
        ->capture_default_str();
    command->add_option("--lose", options->faults.lost, "share of stream packets lost, 0 to 1");
    command->add_option("--double", options->faults.doubled, "share that arrive twice");
    command->add_option("--swap", options->faults.swapped, "share that arrive after the next");
    command->add_flag("--deny-resend", options->faults.deny_resend,
                      "what is asked for again is no longer available");
    command->add_option("--fault-seed", options->faults.seed, "what of it happens when");
    command->add_option("--seconds", options->seconds, "end by itself after so long");
    command->footer(
        "Examples:\n"
        "  opal serve                                  # on 127.0.0.1, whole bench 'lab'\n"
        "  opal serve small --light 100                # edges on Line0, 100 a second\n"
        "  opal serve --address 127.0.0.2 --serial B   # a second one beside it\n"
        "  opal serve --lose 0.01                      # one packet of a hundred is lost\n"
        "  opal features gige://127.0.0.1              # in another terminal\n"
        "\n"
        "Nobody outside of this machine sees it unless --address names another interface.\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return serve(session, *options); };
    });
}

}  // namespace opal::cli
