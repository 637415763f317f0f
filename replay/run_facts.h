// RunFacts: what a recording says about the run as a whole, written before its first event.
#pragma once

#include "hal/bench.h"

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace opal::replay {

struct BenchFacts {
    std::string name;
    std::string identity;
    double laser_limit_mw = 0;
    hal::DmdInfo dmd;
    hal::CameraInfo camera;
    hal::CameraSettings camera_settings;  // before the first configure()
    hal::LaserInfo laser;
};

struct RunFile {
    std::string name;
    std::vector<std::byte> bytes;
};

struct RunFacts {
    BenchFacts bench;
    // Version, command line, seeds, scene: for people, and for whoever opens the recording.
    std::vector<std::pair<std::string, std::string>> about;
    // What the run read besides the bench: the calibration record it began with.
    std::vector<RunFile> files;

    std::string about_or(const std::string& key, const std::string& otherwise) const {
        for (const auto& [name, value] : about)
            if (name == key) return value;
        return otherwise;
    }
};

BenchFacts facts_of(hal::Bench& bench);

// A recording that cannot be written, read or used; what() is one line: the file, what is wrong.
struct RecordingError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace opal::replay
