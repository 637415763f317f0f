// LightFaults: sums of what has begun.
#include "sim/faults/light_faults.h"

#include "sim/physics/portable_math.h"

#include <algorithm>

namespace opal::sim {
namespace {

constexpr double ring_hz = 30;  // of a table on its legs

double seconds(hal::Duration t) {
    return static_cast<double>(t.count()) * 1e-9;
}

}  // namespace

void LightFaults::add(const Fault& fault, hal::Duration at) {
    begun_.push_back({fault, at});
}

void LightFaults::bend(LightSegment& segment) const {
    double power = 1;
    int hops = 0;
    const Fault* hop = nullptr;
    for (const Begun& begun : begun_) {
        const double age_s = seconds(segment.start - begun.at);
        if (age_s < 0) continue;
        const auto& value = begun.fault.values;
        switch (begun.fault.kind) {
            case FaultKind::saturation:
                if (age_s < value[1]) power *= value[0];
                break;
            case FaultKind::laser_ageing:
                if (age_s < value[2]) power *= 1 - (1 - value[0]) * std::min(1.0, age_s / value[1]);
                break;
            case FaultKind::mode_hop:
                ++hops;
                hop = &begun.fault;
                break;
            case FaultKind::table_bump: {
                const double rung = age_s / value[2];
                segment.phase_rad +=
                    value[0] * cos_sin_of_turns(age_s * ring_hz).cosine / (1 + rung * rung);
                segment.medium_rad += value[1];
                break;
            }
            default:
                break;
        }
    }
    if (hops % 2 == 1) {
        segment.phase_rad += hop->values[0];
        segment.medium_rad += hop->values[1];
        power *= hop->values[2];
    }
    if (power != 1)
        segment.power_q16 = static_cast<std::uint32_t>(round_to_integer(segment.power_q16 * power));
}

}  // namespace opal::sim
