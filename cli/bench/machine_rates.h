// MachineRates: how fast this machine moves bytes and multiplies, measured in the run
// that quotes them. What a row of `opal bench scale` is bounded by.
#pragma once

#include "cli/bench/scale_row.h"

#include <string>

namespace opal::cli {

struct MachineRates {
    unsigned cores = 1;
    std::string processor;  // as the kernel names it
    // Read and written by all cores together, a[i] = b[i] + c[i]; arrays of 256 MiB and of 1 MiB.
    double memory_bytes_per_s = 0;
    double cache_bytes_per_s = 0;
    // Products of two 32-bit numbers on all cores, widest vectors: what Philox is made of.
    double products_per_s = 0;
};

MachineRates measure_machine();

// What a projection needs at the least, and how long that takes at the machine's rates.
struct ScaleBound {
    double seconds = 0;
    double bytes = 0;          // read and written
    double multiply_adds = 0;  // of the dense matrix
    double additions = 0;      // of the layered one
    double products = 0;       // of Philox, drawing entries
    std::string limited_by;    // "memory", "cache" or "drawing"
};
ScaleBound bound_of(const ScaleRow& row, const MachineRates& rates);

}  // namespace opal::cli
