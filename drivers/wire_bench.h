// The one function of drivers/ that makes a hal::Bench: of a DMD, a camera and a laser, each on a
// wire of its own, and a cable that nobody but the frames can prove.
#pragma once

#include "drivers/open_device.h"
#include "hal/bench.h"

#include <memory>
#include <string>

namespace opal::drivers {

struct WireBenchPlan {
    std::string name;    // for people
    std::string medium;  // what the light goes through: another one is another bench
    DeviceUri dmd;
    DeviceUri camera;
    DeviceUri laser;
    LaserFacts laser_facts;
    TriggerWiring trigger;
    CameraValues camera_values;
    DmdFacts dmd_facts;
    UploadReport on_upload{};
    OpeningNote on_note{};
};

// Opens the laser first, which turns it off, then DMD and camera. The bench runs on the host's
// steady clock; destroying it turns the laser off before anything else. Throws DeviceError.
std::unique_ptr<hal::Bench> make_wire_bench(const WireBenchPlan& plan);

}  // namespace opal::drivers
