// GoldenCases: the scenes whose frames are frozen, one per feature of the simulated optics.
//
// Cases are small: they are also rendered without optimisation. A case may be added; changing one
// changes its hashes (see hashes.txt).
#pragma once

#include "hal/bit_pattern.h"
#include "hal/frame.h"
#include "sim/scene.h"

#include <cstdint>
#include <string>
#include <vector>

namespace opal::golden {

struct Segment {
    int pattern = 0;  // see pattern_of()
    hal::Duration start{0};
    hal::Duration duration{0};
    std::uint32_t power_q16 = 65536;
};

struct Shot {
    hal::Region region;
    hal::PixelFormat format = hal::PixelFormat::mono8;
    hal::Duration total{0};
    std::uint64_t frame_key = 0;
    std::vector<Segment> segments;
};

struct Case {
    std::string name;
    sim::Scene scene;
    std::vector<Shot> shots;
};

std::vector<Case> golden_cases();

// Pattern `number` for a DMD: 0 black, 1 white, others pseudo-random blocks of 1 to 9 mirrors.
hal::BitPattern pattern_of(const sim::DmdScene& dmd, int number);

}  // namespace opal::golden
