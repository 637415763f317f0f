// DriftWatch: how much of its correlation the medium has lost since the matrix in use was measured,
// from the light of ordinary frames, and when the loss will exceed what the budget allows.
//
//   loss(t) = 1 - correlation = 1 - sqrt(1 / (1 + rest(t) / data)),    rest(t) = a + b (t - t0)^2
//
// `rest / data`: what FrameCheck left of the data's light. A medium that turns steadily into
// another leaves a rest that grows with the square of the time [docs/drift.md]; `a` is what the
// matrix's own error and noise leave. a and b come from a weighted straight line in (t - t0)^2
// through all batches since t0, and the prediction's uncertainty from the same line.
#pragma once

#include "hal/clock.h"

#include <cstdint>
#include <vector>

namespace opal::projection {

struct DriftPoint {
    double time_s = 0;       // of the bench's clock
    double loss = 0;         // of correlation, found in this batch
    double sigma = 0;        // its standard uncertainty
    double phase_rad = 0;    // of the batch's last frame, against the calibration
    double power = 1;        // of the light, over that of the calibration: mean of the batch
    bool refreshed = false;  // the matrix was measured again after this batch
};

struct DriftState {
    double budget = 0;  // loss of correlation that is allowed
    double loss = 0;    // now
    double sigma = 0;
    std::uint64_t refreshes = 0;        // of the matrix
    std::vector<DriftPoint> history{};  // thinned to a thousand
};

class DriftWatch {
public:
    // `own_rest`: what the matrix leaves unexplained the moment it has been measured.
    DriftWatch(double budget, double own_rest) : own_rest_(own_rest) { state_.budget = budget; }

    // What one batch showed: `rest_over_data` and its standard uncertainty, to which the matrix's
    // own rest is added: other patterns than those it was found with leave more or less of it.
    void add(double time_s, double rest_over_data, double sigma, double phase_rad, double power);
    // The matrix was measured again at this time, and leaves so much.
    void restart(double time_s, double own_rest);
    // Whether the loss since the matrix was measured is beyond the budget: by two standard
    // uncertainties of what the last batch showed, or by what the line predicts for `time_s`.
    bool spent(double time_s) const;
    bool exceeded() const;  // by the last batch alone
    double predicted_loss(double time_s) const;
    const DriftState& state() const { return state_; }

    static double loss_of(double rest_over_data);

private:
    double predicted_rest(double time_s) const;
    void remember(const DriftPoint& point);

    DriftState state_;
    double own_rest_;
    double since_s_ = 0;
    bool fresh_ = true;  // since_s_ is the first batch's time
    // Weighted sums of the line, x = (t - t0)^2.
    double w_ = 0, wx_ = 0, wy_ = 0, wxx_ = 0, wxy_ = 0;
    double last_x_ = 0;
    std::uint64_t points_ = 0;
    std::uint64_t stride_ = 1;  // of the history
    std::uint64_t skipped_ = 0;
};

}  // namespace opal::projection
