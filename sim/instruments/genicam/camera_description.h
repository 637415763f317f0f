// What the virtual cameras say about themselves on every wire: GenICam XML after the Standard
// Features Naming Convention, over the registers of camera_registers.h. Each wire adds its own
// transport features behind it.
#pragma once

#include "sim/instruments/genicam/description_writer.h"
#include "sim/scene.h"

#include <cstdint>
#include <string>
#include <vector>

namespace opal::sim {

// Where the wire's standard keeps the texts that name a camera, and how long they may be.
struct CameraTexts {
    struct Place {
        std::uint32_t address = 0;
        unsigned bytes = 0;
    };
    Place manufacturer;
    Place model;
    Place device_version;
    Place manufacturer_info;
    Place serial;
    Place user_name;
};

// `pixel_formats`: the names of those that are offered; empty: all.
void describe_camera(DescriptionWriter& xml, const SensorScene& sensor, const CameraTexts& texts,
                     const std::vector<std::string>& pixel_formats = {});
// The features of every wire's transport category, which is opened here.
void describe_payload(DescriptionWriter& xml);

}  // namespace opal::sim
