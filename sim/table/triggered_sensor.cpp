// TriggeredSensor: judging edges, planning exposures, and taking plans back.
#include "sim/table/triggered_sensor.h"

#include <algorithm>
#include <cassert>

namespace opal::sim {

using hal::Duration;

namespace {

// The pattern with the largest part of the exposure.
FrameTruth truth_of(const std::vector<LightSegment>& segments) {
    Duration total{0};
    for (const LightSegment& s : segments) total += s.duration;
    FrameTruth truth;
    for (const LightSegment& s : segments) {
        Duration same{0};
        for (const LightSegment& other : segments)
            if (other.light->mark == s.light->mark) same += other.duration;
        const double share = static_cast<double>(same.count()) / static_cast<double>(total.count());
        if (share > truth.share) truth = {s.light->mark, share};
    }
    return truth;
}

}  // namespace

TriggeredSensor::TriggeredSensor(OpticalTable& table, int threads, std::uint64_t exposures_before)
    : table_(table),
      renderer_(table.optics(), threads),
      exposures_before_(exposures_before),
      ring_(64) {
    const auto lock = table_.lock();
    table_.watch(*this);
}

TriggeredSensor::~TriggeredSensor() {
    const auto lock = table_.lock();
    disarm();
    table_.unwatch(*this);
}

void TriggeredSensor::arm(const hal::CameraSettings& settings, Timing timing, std::uint64_t room) {
    assert(!armed_);
    const Duration now = table_.now();
    settings_ = settings;
    timing_ = timing;
    room_ = room;
    armed_ = true;
    past_ = {};
    software_line_ = {};
    if (settings_.trigger == hal::TriggerSource::line)
        past_.position = table_.trigger_cable().behind(now);
    ahead_ = past_;
    head_ = arrived_ = submitted_ = tail_ = 0;
    queued_ = 0;
    next_id_ = 0;
    render_ahead();
}

void TriggeredSensor::disarm() {
    if (!armed_) return;
    before_change(table_.now());  // counts the exposures that have begun
    while (renderer_.size() > 0) renderer_.drop_newest();
    exposures_before_ += past_.accepted;
    armed_ = false;
}

void TriggeredSensor::trigger() {
    const Duration now = table_.now();
    software_line_.send_one(now);
    software_line_.forget(oldest_needed(now));
    render_ahead();
}

std::optional<Duration> TriggeredSensor::next_ready() {
    return next_ready(table_.now());
}

std::optional<Duration> TriggeredSensor::next_ready(Duration now) {
    arrive(now);
    drop_lost();
    if (head_ == tail_ && !plan_one(Duration::max())) return std::nullopt;
    render_ahead();
    return planned(head_).ready;
}

std::optional<TriggeredSensor::Delivery> TriggeredSensor::deliver() {
    const Duration now = table_.now();  // goes on meanwhile, on a bench that keeps the host's pace
    const auto ready = next_ready(now);
    if (!ready || *ready > now) return std::nullopt;
    const Planned exposure = planned(head_);
    assert(head_ < arrived_ && exposure.rendering);
    ++head_;
    --queued_;
    const bool gap = exposure.id != next_id_;
    next_id_ = exposure.id + 1;
    Delivery delivery{renderer_.claim_oldest(), exposure.id, exposure.begin,
                      gap ? hal::FrameStatus::overrun : hal::FrameStatus::complete, exposure.truth};
    render_ahead();
    return delivery;
}

void TriggeredSensor::fetch(const Delivery& delivery, hal::Frame& frame) {
    renderer_.fetch(delivery.pixels, frame);
    frame.frame_id = delivery.id;
    frame.device_time = delivery.begin;
    frame.status = delivery.status;
    frame.pattern.reset();
}

std::uint64_t TriggeredSensor::missed_edges() {
    if (armed_)
        while (next_accepted(past_, table_.now())) {
        }
    return past_.missed;
}

void TriggeredSensor::before_change(Duration now) {
    if (!armed_) return;
    missed_edges();
    // Exposures whose edge has not come may never happen.
    const bool looked_ahead = tail_ > head_ && planned(tail_ - 1).edge > now;
    while (tail_ > head_ && planned(tail_ - 1).edge > now) {
        --tail_;
        if (planned(tail_).rendering) renderer_.drop_newest();
    }
    submitted_ = std::min(submitted_, tail_);
    if (looked_ahead) ahead_ = past_;
    // Exposures under way will see the change: their light has to be cut into segments again.
    for (std::uint64_t o = tail_; o > head_ && planned(o - 1).end > now; --o) {
        Planned& exposure = planned(o - 1);
        if (exposure.rendering) renderer_.drop_newest();
        exposure.rendering = false;
        submitted_ = std::min(submitted_, o - 1);
    }
}

void TriggeredSensor::after_change(Duration) {
    if (armed_) render_ahead();
}

Duration TriggeredSensor::oldest_needed(Duration now) {
    if (!armed_) return now;
    missed_edges();  // the line may forget what has been counted
    Duration oldest = now;
    if (head_ < tail_) oldest = std::min(oldest, planned(head_).begin);
    // Edges that have come but are not planned yet.
    if (const auto edge = line().peek(ahead_.position)) oldest = std::min(oldest, *edge);
    return oldest;
}

const TriggerCable& TriggeredSensor::line() const {
    return settings_.trigger == hal::TriggerSource::line ? table_.trigger_cable() : software_line_;
}

std::optional<Duration> TriggeredSensor::next_accepted(Judge& judge, Duration until) const {
    while (const auto edge = line().peek(judge.position)) {
        if (*edge > until) break;
        ++judge.position.edge;
        if (*edge < judge.free_from) {
            ++judge.missed;
            continue;
        }
        judge.free_from = *edge + timing_.busy();
        ++judge.accepted;
        return edge;
    }
    return std::nullopt;
}

bool TriggeredSensor::plan_one(Duration until) {
    const auto edge = next_accepted(ahead_, until);
    if (!edge) return false;
    if (tail_ - head_ == ring_.size()) {
        std::vector<Planned> larger(2 * ring_.size());
        for (std::uint64_t o = head_; o < tail_; ++o) larger[o % larger.size()] = planned(o);
        ring_ = std::move(larger);
    }
    const Duration begin = *edge + timing_.latency + timing_.delay;
    const Duration end = begin + timing_.exposure;
    planned(tail_) = {*edge, begin, end, end + timing_.readout, ahead_.accepted - 1,
                      false, false, {}};
    ++tail_;
    return true;
}

void TriggeredSensor::arrive(Duration now) {
    for (;;) {
        if (arrived_ == tail_ && !plan_one(now)) return;
        if (planned(arrived_).ready > now) return;
        if (queued_ < room_) {
            ++queued_;
            ++arrived_;
        } else if (arrived_ + 1 == tail_ && !planned(arrived_).rendering) {
            // Lost before anyone looked at it: a camera left alone for hours needs no memory.
            --tail_;
            submitted_ = std::min(submitted_, tail_);
        } else {
            planned(arrived_).lost = true;
            ++arrived_;
        }
    }
}

void TriggeredSensor::drop_lost() {
    while (head_ < arrived_ && planned(head_).lost) {
        if (planned(head_).rendering) renderer_.drop_oldest();
        ++head_;
    }
    submitted_ = std::max(submitted_, head_);
}

void TriggeredSensor::render_ahead() {
    while (!renderer_.full(settings_.region.pixels())) {
        if (submitted_ == tail_) {
            if (tail_ - head_ >= ring_.size() || !plan_one(Duration::max())) return;
        }
        Planned& exposure = planned(submitted_);
        ++submitted_;
        if (exposure.lost) continue;
        submit(exposure);
        exposure.rendering = true;
    }
}

void TriggeredSensor::submit(Planned& exposure) {
    FrameRenderer::Job& job = renderer_.next_job();
    job.exposure.region = settings_.region;
    job.exposure.format = settings_.format;
    job.exposure.total = timing_.exposure;
    job.exposure.frame_key = exposures_before_ + exposure.id;
    table_.light_segments(exposure.begin, exposure.end, job.segments, job.lights);
    if (table_.faults()) exposure.truth = truth_of(job.segments);
    renderer_.submit();
}

}  // namespace opal::sim
