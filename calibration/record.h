// Record: everything calibration knows about one bench; the only thing projection/ needs besides
// the bench.
//
// One struct per node of the graph (docs/calibration.md), each with its verdict. Stored as HDF5
// with units and provenance as attributes, written atomically; the record it replaces is kept
// beside it.
#pragma once

#include "calibration/acquisition.h"
#include "calibration/demodulator.h"

#include <complex>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace opal::calibration {

struct Verdict {
    bool passed = false;
    std::string text;    // one plain sentence: what was found, what was wanted, what to do
    std::string inputs;  // hash of the inputs the node was computed from
};

// Interferometer fields of the guard strip. columns: (code_blocks, modes) field of block j alone;
// background: (modes) field of the black DMD. Unit sqrt(DN), phases relative to the same moment.
struct Identity {
    std::vector<std::complex<float>> columns;
    std::vector<std::complex<float>> background;
};

struct TransmissionMatrix {
    int inputs = 0;
    std::vector<std::complex<float>>
        entries;  // (inputs, modes): field of input i alone, background removed
};

// What projection/ relies on. Everything else a node found out for people (curves, error budget, plots) hangs in
// `nodes`, see the struct of each node in calibration/nodes/.
struct Record {
    // Which bench this record holds for; compared with Bench::identity() before use.
    std::string bench_name;
    std::string bench_identity;
    std::string created_by;  // "opal 0.1.0"
    int dmd_rows = 0;
    int dmd_columns = 0;

    double laser_power_mw = 0;  // the power everything was measured at
    Timing timing;              // exposure, trigger delay, pattern and dark time
    Holography holography;
    Identity identity;
    std::optional<TransmissionMatrix> matrix;
};
}  // namespace opal::calibration
