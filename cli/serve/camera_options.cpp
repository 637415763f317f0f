// Options of served cameras: see camera_options.h.
#include "cli/serve/camera_options.h"

#include "cli/exit_code.h"
#include "protocol/u3v_interfaces.h"

#include <fmt/format.h>

#include <chrono>

namespace opal::cli {

sim::U3vCameraOptions ServedCameraOptions::usb_camera() const {
    sim::U3vCameraOptions camera = u3v;
    camera.serial = gige.serial;
    camera.user_name = gige.user_name;
    camera.faults.seed = gige.faults.seed;
    camera.faults.lost = gige.faults.lost_blocks;
    camera.faults.slow_reply = std::chrono::duration_cast<hal::Duration>(
        std::chrono::duration<double, std::milli>(slow_reply_ms));
    camera.speed = usb_speed == "high" ? protocol::u3v::high_speed : protocol::u3v::super_speed;
    return camera;
}

void add_camera_options(CLI::App& command, ServedCameraOptions& options) {
    sim::GigeCameraOptions& gige = options.gige;
    sim::U3vFaults& usb = options.u3v.faults;
    const char* const both = "Camera";
    command.add_option("--serial", gige.serial, "of the camera, up to 16 characters")
        ->capture_default_str()
        ->group(both);
    command.add_option("--name", gige.user_name, "the camera's user-defined name")->group(both);
    command
        .add_option("--lose-frames", gige.faults.lost_blocks,
                    "share of frames of which nothing arrives")
        ->check(CLI::Range(0.0, 1.0))
        ->group(both);
    command.add_option("--fault-seed", gige.faults.seed, "what of it happens when")->group(both);

    const auto for_gige = [&](CLI::Option* option) {
        options.gige_only.push_back(option->group("Camera, gige"));
        return option;
    };
    const auto for_u3v = [&](CLI::Option* option) {
        options.u3v_only.push_back(option->group("Camera, u3v"));
        return option;
    };
    const auto share = [&](const auto& only, const char* name, double& value, const char* doc) {
        only(command.add_option(name, value, doc)->check(CLI::Range(0.0, 1.0)));
    };
    for_gige(command.add_option("--first-block", gige.first_block,
                                "where stream block ids start: 65500 shows their wrap soon"));
    for_gige(command
                 .add_option("--link-mbit", gige.link_mbit,
                             "speed of the camera's network link; 0: packets leave at once")
                 ->capture_default_str());
    share(for_gige, "--lose", gige.faults.lost, "share of stream packets lost, 0 to 1");
    share(for_gige, "--double", gige.faults.doubled, "share that arrive twice");
    share(for_gige, "--swap", gige.faults.swapped, "share that arrive after the next");
    for_gige(command.add_flag("--deny-resend", gige.faults.deny_resend,
                              "what is asked for again is no longer available"));

    for_u3v(command
                .add_option("--usb-speed", options.usb_speed,
                            "super, or high: as if plugged into a USB 2 socket")
                ->capture_default_str()
                ->check(CLI::IsMember({"super", "high"})));
    share(for_u3v, "--stall", usb.stalled, "share of frames that end in a stalled stream");
    share(for_u3v, "--short", usb.silent_short,
          "share of frames that end early, although their trailer says that they are whole");
    share(for_u3v, "--no-trailer", usb.no_trailer, "share of frames without a trailer");
    share(for_u3v, "--overrun", usb.overrun,
          "share of frames whose trailer says that data were lost");
    share(for_u3v, "--lose-replies", usb.lost_ack, "share of commands that are not answered");
    for_u3v(command
                .add_option("--slow-reply", options.slow_reply_ms,
                            "every command is answered so many milliseconds later")
                ->check(CLI::Range(0.0, 60000.0)));
    for_u3v(command
                .add_option("--unplug-after", options.unplug_after_s,
                            "seconds until the camera's cable is pulled out, once")
                ->check(CLI::Range(0.0, 1e9)));
}

void check_camera_options(const ServedCameraOptions& options, const std::string& camera) {
    const auto refuse = [&](const std::vector<const CLI::Option*>& others, const char* theirs) {
        for (const CLI::Option* const option : others)
            if (option->count() > 0)
                throw BadInput(fmt::format("{} is for a camera on {}; --camera is {}",
                                           option->get_name(), theirs, camera));
    };
    if (camera != "gige") refuse(options.gige_only, "GigE Vision (--camera gige)");
    if (camera != "u3v") refuse(options.u3v_only, "USB3 Vision (--camera u3v)");
}

}  // namespace opal::cli
