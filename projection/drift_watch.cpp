// DriftWatch: see drift_watch.h.
#include "projection/drift_watch.h"

#include <Eigen/LU>

#include <algorithm>
#include <cmath>

namespace opal::projection {

namespace {

constexpr std::size_t most_points = 1000;
constexpr std::uint64_t fewest_points = 4;
constexpr double loss_per_rest = 0.5;  // d loss / d rest where the rest is small

}  // namespace

double DriftWatch::loss_of(double rest_over_data) {
    return 1 - 1 / std::sqrt(1 + std::max(rest_over_data, 0.0));
}

void DriftWatch::add(double time_s, Measured rest_over_data, Measured phase_rad, double power) {
    if (fresh_) since_s_ = time_s;
    fresh_ = false;
    const double t = time_s - since_s_;
    // A floor under the uncertainty: scatter between batches that few frames do not show.
    const double w = 1 / (rest_over_data.sigma * rest_over_data.sigma + 1e-8);
    double power_of_t = w;
    for (std::size_t k = 0; k < moments_.size(); ++k, power_of_t *= t) {
        moments_[k] += power_of_t;
        if (k < rests_.size()) rests_[k] += power_of_t * rest_over_data.value;
    }
    longest_s_ = std::max(longest_s_, t);
    ++points_;
    state_.loss = loss_of(rest_over_data.value);
    state_.sigma = loss_per_rest * std::hypot(rest_over_data.sigma, own_rest_.sigma);
    remember({time_s, state_.loss, state_.sigma, phase_rad.value, phase_rad.sigma, power, false});
}

void DriftWatch::restart(double time_s, Measured own_rest) {
    ++state_.refreshes;
    if (!state_.history.empty()) state_.history.back().refreshed = true;
    own_rest_ = own_rest;
    fresh_ = false;
    since_s_ = time_s;
    moments_ = {};
    rests_ = {};
    longest_s_ = 0;
    points_ = 0;
    state_.loss = 0;
    state_.sigma = 0;
}

DriftWatch::Measured DriftWatch::predicted_rest(double time_s) const {
    if (points_ == 0) return own_rest_;
    const Measured mean{rests_[0] / moments_[0], 1 / std::sqrt(moments_[0])};
    if (points_ < fewest_points || !(longest_s_ > 0)) return mean;
    // In units of the longest time, or the sums would differ by many orders of magnitude.
    Eigen::Matrix3d information;
    Eigen::Vector3d seen;
    for (int i = 0; i < 3; ++i) {
        seen(i) = rests_[static_cast<std::size_t>(i)] / std::pow(longest_s_, i);
        for (int j = 0; j < 3; ++j)
            information(i, j) =
                moments_[static_cast<std::size_t>(i + j)] / std::pow(longest_s_, i + j);
    }
    const Eigen::FullPivLU<Eigen::Matrix3d> solver(information);
    if (!solver.isInvertible()) return mean;
    const double t = (time_s - since_s_) / longest_s_;
    const Eigen::Vector3d at(1, t, t * t);
    return {at.dot(solver.solve(seen)), std::sqrt(std::max(0.0, at.dot(solver.solve(at))))};
}

DriftWatch::Measured DriftWatch::predicted_loss(double time_s) const {
    const Measured rest = predicted_rest(time_s);
    return {loss_of(rest.value), loss_per_rest * std::hypot(rest.sigma, own_rest_.sigma)};
}

double DriftWatch::limit() const {
    return loss_of(own_rest_.value) + state_.budget;
}

bool DriftWatch::exceeded() const {
    return state_.budget > 0 && state_.loss - 2 * state_.sigma > limit();
}

bool DriftWatch::spent(double time_s) const {
    if (state_.budget <= 0) return false;
    if (exceeded()) return true;
    const Measured loss = predicted_loss(time_s);
    return points_ >= fewest_points && loss.value - 2 * loss.sigma > limit();
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
