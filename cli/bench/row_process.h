// RowProcess: one row measured in a process of its own, so that its peak memory is its own and a
// row that dies takes nothing with it.
//
// The child is this very program, asked for one row; it answers with one JSON object on stdout.
#pragma once

#include "cli/bench/scale_row.h"

#include <functional>
#include <stop_token>

namespace opal::cli {

struct RowRequest {
    sim::MediumKind medium = sim::MediumKind::layered;
    ScaleSize size;
    double budget_s = 0;  // as in measure_scale_row()
};

// `while_waiting` is called a few times a second with the seconds since the start. When `stop` is
// requested the child is ended at once and calibration::Interrupted is thrown. Throws
// std::runtime_error if the child fails; its own line about why is on stderr already.
ScaleRow measure_in_own_process(const RowRequest& request, std::stop_token stop,
                                const std::function<void(double)>& while_waiting);

}  // namespace opal::cli
