// DriftWatch: how much of its correlation the medium has lost since the matrix in use was measured,
// from the light of ordinary frames, and when the loss will exceed what the budget allows.
//
//   loss(t) = 1 - correlation = 1 - sqrt(1 / (1 + rest(t) / data)),
//   rest(t) / data = a + b t + c t^2
//
// `rest / data`: what FrameCheck left of the data's light. A medium that turns steadily into
// another leaves a rest that grows with the square of the time since the matrix was measured
// [docs/drift.md]. When that was, nobody tells: a record may be hours old, and the first batch is
// at t = 0. So b and c are both free, fitted with `a` (the matrix's own error, and what was lost
// before) by weighted least squares through all batches; the prediction's uncertainty comes from
// the same fit.
#pragma once

#include "calibration/verdict.h"
#include "hal/clock.h"

#include <array>
#include <cstdint>
#include <vector>

namespace opal::projection {

struct DriftPoint {
    double time_s = 0;           // of the bench's clock
    double loss = 0;             // of correlation, found in this batch
    double sigma = 0;            // its standard uncertainty
    double phase_rad = 0;        // of the batch's last frame, against the calibration
    double phase_sigma_rad = 0;  // its standard uncertainty, from the noise of that frame
    double power = 1;            // of the light, over that of the calibration: mean of the batch
    bool refreshed = false;      // the matrix was measured again after this batch
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
    using Measured = calibration::Measured;

    // `own_rest`: what the matrix leaves unexplained the moment it has been measured, over the
    // data's light, noise of the frames not counted.
    DriftWatch(double budget, Measured own_rest) : own_rest_(own_rest) { state_.budget = budget; }

    // What one batch showed.
    void add(double time_s, Measured rest_over_data, Measured phase_rad, double power);
    // The matrix was measured again at this time, and leaves so much.
    void restart(double time_s, Measured own_rest);
    // Whether the loss since the matrix was measured is beyond the budget by two standard
    // uncertainties: of what the last batch showed, or of what all of them predict for `time_s`.
    bool spent(double time_s) const;
    bool exceeded() const;  // by the last batch alone
    Measured predicted_loss(double time_s) const;
    const DriftState& state() const { return state_; }

    static double loss_of(double rest_over_data);

private:
    Measured predicted_rest(double time_s) const;
    double limit() const;
    void remember(const DriftPoint& point);

    DriftState state_;
    Measured own_rest_;
    double since_s_ = 0;
    bool fresh_ = true;  // since_s_ is the first batch's time
    // Weighted sums of t^k and of rest t^k, t = time - since_s_.
    std::array<double, 5> moments_{};
    std::array<double, 3> rests_{};
    double longest_s_ = 0;
    std::uint64_t points_ = 0;
    std::uint64_t stride_ = 1;  // of the history
    std::uint64_t skipped_ = 0;
};

}  // namespace opal::projection
