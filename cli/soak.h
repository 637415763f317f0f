// Soak: a bench at work for a long time while things go wrong on purpose, and the score.
//
//   schedule of faults -> bench -> acquisition -> projection -> result
//          |                                                       |
//          +--- what was injected, whose light each frame held ----+--> detected, recovered, missed
//
// The way from patterns to results is the one every command takes. The score comes from the
// simulator, which knows the truth: a pair is wrong if a frame that was used holds another
// pattern's light, whatever anyone noticed. Every vector given to the projector comes back, or is
// named in a stop: what is neither is lost.
#pragma once

#include "cli/bench_choice.h"
#include "cli/session.h"
#include "projection/optical_projector.h"
#include "sim/faults/fault.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace opal::cli {

struct SoakOptions {
    BenchChoice bench;
    std::string faults = "all";
    std::uint64_t frames = 10000;
    Eigen::Index batch = 256;  // vectors per projection
    int inputs = 10;
    bool check_frames = true;  // projection/optical_projector.h; off: a test of the score itself
};

struct FaultScore {
    std::uint64_t injected = 0;
    std::uint64_t detected = 0;   // noticed by whoever is to notice it
    std::uint64_t recovered = 0;  // of these: the work went on by itself
    std::uint64_t stopped = 0;    // of these: it stopped with a line that says why
    std::uint64_t harmless = 0;   // not noticed, and every frame used and every result was right
    std::uint64_t missed = 0;     // work went on, and something was wrong
};

struct SoakReport {
    sim::FaultSchedule schedule;
    std::string bench_name;
    std::array<FaultScore, sim::fault_kinds> faults{};
    std::uint64_t frames = 0;  // delivered to the projection, those of repeats included
    std::uint64_t pairs = 0;   // frames used, each with its pattern
    std::uint64_t wrong_pairs = 0;
    std::uint64_t asked = 0;          // vectors given to the projector
    std::uint64_t vectors = 0;        // returned, each with numbers in it where it had any
    std::uint64_t refused = 0;        // of a batch that ended in a stop, which says why
    std::uint64_t wrong_batches = 0;  // whose results are not what the matrix in use says
    double worst_correlation = 1;     // of a batch with what its matrix says
    double worst_vector = 1;          // of a single vector
    projection::OpticalHealth health;
    std::vector<std::string> stops;  // the first hundred
    double seconds = 0;              // on the wall
    double bench_seconds = 0;        // of the bench's clock
    FaultScore total() const;
    std::uint64_t lost_vectors() const { return asked - vectors - refused; }
    bool passed() const;
};

SoakReport soak(Session& session, const SoakOptions& options);

std::string soak_table(const SoakReport& report, const Terminal& terminal);
std::string soak_json(const SoakReport& report);  // schema "opal-soak-1"

}  // namespace opal::cli
