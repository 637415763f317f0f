// FaultInjector, the camera's link: what becomes of frames between the sensor and whoever receives
// them.
#include "sim/faults/fault_injector.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <utility>

namespace opal::sim {
namespace {

int full_scale(const hal::Frame& frame) {
    return frame.max_count();
}

void set_count(hal::Frame& frame, std::size_t pixel, int count) {
    if (frame.format == hal::PixelFormat::mono8)
        frame.as_u8()[pixel] = static_cast<std::uint8_t>(count);
    else
        frame.as_u16()[pixel] = static_cast<std::uint16_t>(count);
}

void dim(hal::Frame& frame, double brightness) {
    const auto scale = [&](auto counts) {
        for (auto& count : counts)
            count = static_cast<std::remove_reference_t<decltype(count)>>(
                std::floor(count * brightness + 0.5));
    };
    if (frame.format == hal::PixelFormat::mono8)
        scale(frame.as_u8());
    else
        scale(frame.as_u16());
}

// The first byte of the lower `share` of the rows.
std::size_t lower_rows(const hal::Frame& frame, double share) {
    const auto rows = static_cast<std::size_t>(frame.region.rows);
    const auto kept = static_cast<std::size_t>(std::floor(static_cast<double>(rows) * (1 - share)));
    return kept * static_cast<std::size_t>(frame.region.columns) *
           hal::bytes_per_pixel(frame.format);
}

}  // namespace

bool FaultInjector::deliver(hal::Frame& frame, FrameTruth truth) {
    const std::lock_guard lock(mutex_);
    spoil_pixels(frame);
    const std::uint64_t index = delivered_++;
    const bool goes = !camera_fault_ || deliver_spoiled(frame, truth, index);
    if (goes) remember_truth(frame, truth);
    return goes;
}

void FaultInjector::remember_truth(const hal::Frame& frame, FrameTruth truth) {
    known_.push_back({frame.frame_id, frame.device_time, truth});
    if (known_.size() > most_known) known_.pop_front();
}

bool FaultInjector::take_held(hal::Frame& frame) {
    const std::lock_guard lock(mutex_);
    if (held_.empty()) return false;
    std::swap(frame, held_.front().frame);
    remember_truth(frame, held_.front().truth);
    held_.pop_front();
    return true;
}

void FaultInjector::end_run() {
    const std::lock_guard lock(mutex_);
    camera_fault_.reset();
    held_.clear();
    missed_ = 0;
}

bool FaultInjector::deliver_spoiled(hal::Frame& frame, FrameTruth& truth, std::uint64_t index) {
    const std::uint64_t at = at_frame_;
    const auto& value = camera_fault_->values;
    const auto remember = [&] {
        before_ = frame;
        truth_before_ = truth;
    };
    switch (camera_fault_->kind) {
        case FaultKind::first_frame_discarded:
            if (index == 0) return false;
            --frame.frame_id;
            return true;
        case FaultKind::dim_first_frame:
            if (index == 0) dim(frame, value[0]);
            return true;
        case FaultKind::stale_buffers:
            if (index + 1 == at) remember();
            if (index >= at) {
                std::swap(frame.bytes, before_.bytes);
                std::swap(truth, truth_before_);
            }
            return true;
        case FaultKind::torn_frame:
            if (index + 1 == at) remember();
            if (index == at) {
                const std::size_t first = lower_rows(frame, value[0]);
                std::memcpy(frame.bytes.data() + first, before_.bytes.data() + first,
                            frame.bytes.size() - first);
                truth.share *= static_cast<double>(first) / static_cast<double>(frame.bytes.size());
            }
            return true;
        case FaultKind::frame_lost:
            return index != at;
        case FaultKind::frame_lost_renumbered:
            if (index > at) --frame.frame_id;
            return index != at;
        case FaultKind::frame_duplicated:
            if (index > at) ++frame.frame_id;
            if (index == at) {
                held_.push_back({frame, truth});
                ++held_.back().frame.frame_id;
            }
            return true;
        case FaultKind::frames_swapped:
        case FaultKind::pixels_swapped:
            if (index == at) {
                remember();
                return false;
            }
            if (index == at + 1) {
                std::swap(frame.bytes, before_.bytes);
                std::swap(truth, truth_before_);
                if (camera_fault_->kind == FaultKind::frames_swapped)
                    std::swap(frame.device_time, before_.device_time);
                // `before_` has the first one's number and the second one's pixels: it goes first.
                held_.push_back({frame, truth});
                std::swap(frame, before_);
                truth = truth_before_;
            }
            return true;
        case FaultKind::incomplete_frame:
            if (index == at) {
                const std::size_t first = lower_rows(frame, 0.25);
                std::memset(frame.bytes.data() + first, 0, frame.bytes.size() - first);
                frame.status = hal::FrameStatus::incomplete;
                truth.share *= 0.75;
            }
            return true;
        default:
            assert(false);
            return true;
    }
}

void FaultInjector::spoil_pixels(hal::Frame& frame) const {
    for (std::size_t i = 0; i < hot_.size(); ++i) {
        if (frame.device_time < hot_since_[i]) continue;
        const std::size_t pixel = static_cast<std::size_t>(hot_[i] * frame.region.pixels() >> 32);
        set_count(frame, pixel, full_scale(frame));
    }
}

}  // namespace opal::sim
