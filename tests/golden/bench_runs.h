// BenchRuns: what three whole benches deliver - the presets lab, ideal and harsh, each played
// through one script of laser, DMD and camera - frozen frame by frame.
//
// The cases of golden_cases.h freeze the optics; here the table between the devices is frozen too:
// warm-up, pattern and trigger timing, frames lost and edges missed, the noise keys of exposures.
#pragma once

#include <string>

namespace opal::golden {

// One line per delivered frame, "bench_lab 0 hash": region, bits, bytes, id, device time, status.
// The last line of a bench, "bench_lab end hash", is its missed edges and its virtual time.
// `threads`: how many render ahead.
std::string bench_run_lines(int threads);

}  // namespace opal::golden
