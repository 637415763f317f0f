// Checks: the contracts of hal/ as code that runs on any bench, sentence by sentence. One
// definition for two users: tests/contract runs them on every implementation, `opal selftest` on
// the bench in front of the user.
//
//   bench_checks ... light_checks -> std::vector<Check> -> run_check(check, rig) -> Result
//
// Rule: a check may assume a bench that is dark, stopped and disarmed, and nothing about what ran
// before it, unless `fresh` says that the bench must just have been opened. A check with
// Light::none never asks the laser for light.
#pragma once

#include "contract/rig.h"

#include <string>
#include <vector>

namespace opal::contract {

class Trial;

enum class Light { none, emits };

struct Check {
    const char* suite;  // "laser"
    const char* title;  // "Laser: starts off and names the right order"
    Light light;
    bool fresh;  // of a bench that was just opened
    void (*run)(Trial& trial);
    bool gate = false;  // whoever fails it is not to make light any more
};

std::vector<Check> bench_checks();
std::vector<Check> laser_checks();
std::vector<Check> dmd_checks();
std::vector<Check> camera_checks();
std::vector<Check> light_checks();    // exposure, linearity, and that off is dark
std::vector<Check> pairing_checks();  // patterns and frames: order, loss, timing

// All of them in an order in which nothing emits light before the laser's off() and its limits
// have been checked without; what emits begins with a check that off() ends it.
std::vector<Check> all_checks();

enum class Outcome { passed, failed, skipped };

struct Result {
    Outcome outcome = Outcome::passed;
    // Why it was skipped, or what was wrong: "laser.status().state, LaserState::off: 3 and 0
    // (laser_checks.cpp:21)".
    std::vector<std::string> reasons;
    double bench_seconds = 0;  // by the bench's clock
    bool dark = true;          // false: the laser could not be turned off afterwards
};

// Runs one check and leaves the bench dark, stopped and disarmed, whatever it did; a bench that
// cannot be brought there, or a laser the check left on, is a failure. Never throws.
Result run_check(const Check& check, Rig& rig);

}  // namespace opal::contract
