// RunGuard: on every way out of a scope the DMD is stopped (all mirrors off) and the camera
// disarmed. Used around everything that shows patterns.
#pragma once

#include "hal/bench.h"

namespace opal::calibration {

class RunGuard {
public:
    explicit RunGuard(hal::Bench& bench) : bench_(bench) {}
    ~RunGuard() {
        // Each in its own try: a DMD that no longer answers must not leave the camera armed. The
        // fault itself is already on its way to the caller, or the next call will meet it.
        try {
            bench_.dmd().stop();
        } catch (...) {
        }
        try {
            bench_.camera().disarm();
        } catch (...) {
        }
    }
    RunGuard(const RunGuard&) = delete;
    RunGuard& operator=(const RunGuard&) = delete;

private:
    hal::Bench& bench_;
};

}  // namespace opal::calibration
