// The served camera's options of the command line: who it is, and what goes wrong with it. Some are
// for one kind of camera: packets are GigE Vision's, stalls are USB's.
#pragma once

#include "sim/instruments/gige/virtual_gige_camera.h"
#include "sim/instruments/u3v/virtual_u3v_camera.h"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace opal::cli {

struct ServedCameraOptions {
    sim::GigeCameraOptions gige;
    sim::U3vCameraOptions u3v;
    double slow_reply_ms = 0;
    double unplug_after_s = 0;  // 0: never
    std::string usb_speed = "super";
    std::vector<const CLI::Option*> gige_only;
    std::vector<const CLI::Option*> u3v_only;

    // Those the two have in common are kept in `gige`.
    sim::U3vCameraOptions usb_camera() const;
};

void add_camera_options(CLI::App& command, ServedCameraOptions& camera);
// `camera`: "gige", "u3v" or "none". Throws BadInput for what this camera does not have.
void check_camera_options(const ServedCameraOptions& options, const std::string& camera);

}  // namespace opal::cli
