// ScaleReport: rows of `opal bench scale` as a table, as JSON and as a drawing.
#pragma once

#include "cli/bench/machine_rates.h"
#include "cli/report/plot.h"

#include <string>
#include <vector>

namespace opal::cli {

std::string machine_line(const MachineRates& rates);
std::string table_header();
std::string table_line(const ScaleRow& row, const ScaleBound& bound);

// {"machine": {...}, "rows": [{..., "bound": {...}}, ...]}
std::string scale_json(const std::vector<ScaleRow>& rows, const MachineRates& rates);

// Seconds against inputs, both media, measured and bound, log-log.
Plot scale_plot(const std::vector<ScaleRow>& rows, const MachineRates& rates);

}  // namespace opal::cli
