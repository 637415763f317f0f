// What a bench file can say about a TI DLPC900 board and nobody else: its trigger lines, and how it
// is left. Part of the table in bench_fields.h.
#pragma once

#include "cli/bench_fields.h"

#include <vector>

namespace opal::cli {

void add_dlpc900_leaving(std::vector<BenchField>& fields);   // behind dmd.uri
void add_dlpc900_triggers(std::vector<BenchField>& fields);  // at the end of trigger

}  // namespace opal::cli
