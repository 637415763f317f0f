// DriftWatch: see drift_watch.h.
#include "projection/drift_watch.h"

#include <algorithm>
#include <cmath>

namespace opal::projection {

namespace {

constexpr std::size_t most_points = 1000;
constexpr std::uint64_t fewest_points = 4;

}  // namespace

double DriftWatch::loss_of(double rest_over_data) {
    return 1 - 1 / std::sqrt(1 + std::max(rest_over_data, 0.0));
}

void DriftWatch::add(double time_s, double rest_over_data, double sigma, double phase_rad,
                     double power) {
    if (fresh_) since_s_ = time_s;
    fresh_ = false;
    const double x = (time_s - since_s_) * (time_s - since_s_);
    // A floor under the uncertainty: scatter between batches that few frames do not show.
    const double w = 1 / (sigma * sigma + 1e-8);
    w_ += w;
    wx_ += w * x;
    wy_ += w * rest_over_data;
    wxx_ += w * x * x;
    wxy_ += w * x * rest_over_data;
    last_x_ = x;
    ++points_;
    state_.loss = loss_of(rest_over_data);
    state_.sigma = 0.5 * std::hypot(sigma, own_rest_);  // d loss / d rest = 1/2 for small rests
    remember({time_s, state_.loss, state_.sigma, phase_rad, power, false});
}

void DriftWatch::restart(double time_s, double own_rest) {
    ++state_.refreshes;
    if (!state_.history.empty()) state_.history.back().refreshed = true;
    own_rest_ = own_rest;
    fresh_ = false;
    since_s_ = time_s;
    w_ = wx_ = wy_ = wxx_ = wxy_ = 0;
    points_ = 0;
    state_.loss = 0;
    state_.sigma = 0;
}

double DriftWatch::predicted_rest(double time_s) const {
    if (points_ == 0) return 0;
    const double mean = wy_ / w_;
    const double spread = wxx_ - wx_ * wx_ / w_;
    if (points_ < fewest_points || !(spread > 0)) return mean;
    const double slope = std::max(0.0, (wxy_ - wx_ * wy_ / w_) / spread);
    // A slope that noise could have made predicts nothing.
    if (slope < 2 / std::sqrt(spread)) return mean;
    const double x = (time_s - since_s_) * (time_s - since_s_);
    return mean + slope * (x - wx_ / w_);
}

double DriftWatch::predicted_loss(double time_s) const {
    return loss_of(predicted_rest(time_s));
}

bool DriftWatch::exceeded() const {
    return state_.budget > 0 && state_.loss - 2 * state_.sigma > loss_of(own_rest_) + state_.budget;
}

bool DriftWatch::spent(double time_s) const {
    if (state_.budget <= 0) return false;
    return exceeded() || (points_ >= fewest_points &&
                          predicted_loss(time_s) > loss_of(own_rest_) + state_.budget);
}

void DriftWatch::remember(const DriftPoint& point) {
    if (++skipped_ < stride_) return;
    skipped_ = 0;
    auto& history = state_.history;
    if (history.size() == most_points) {
        // Every second one, but those at which something happened.
        std::size_t kept = 0;
        for (std::size_t i = 0; i < history.size(); ++i)
            if (i % 2 == 0 || history[i].refreshed) history[kept++] = history[i];
        history.resize(kept);
        stride_ *= 2;
    }
    history.push_back(point);
}

}  // namespace opal::projection
