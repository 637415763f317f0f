// Acquisition, the triggered path: see acquisition.h and docs/pairing.md.
#include "calibration/acquisition.h"

#include "calibration/run_guard.h"
#include "hal/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace opal::calibration {

namespace {

using hal::DeviceError;
using hal::ErrorKind;

constexpr std::size_t head_sentinels = 3;
constexpr std::size_t tail_sentinels = 1;
constexpr std::uint32_t black_slot = 0;
constexpr std::uint32_t white_slot = 1;
constexpr std::uint32_t first_data_slot = 2;

// How far a sentinel may be from what was learned, in units of white - black. Contrast goes with
// the root of the light: a pattern with 1/16 of the mirrors on has 0.25, one with 72 % has 0.85.
constexpr double darkest_not_black = 0.25;
constexpr double brightest_not_white = 0.85;
// Of the counts of a white frame: dimmer, or brighter by as much, is worth a word.
constexpr double dim = 0.7;

// Before the third and the fourth attempt: what shakes or surges has time to settle.
constexpr hal::Duration pauses[] = {std::chrono::milliseconds(100), std::chrono::seconds(1)};

double microseconds(hal::Duration d) {
    return std::chrono::duration<double, std::micro>(d).count();
}

template <typename Count>
double contrast_of(std::span<const Count> counts, std::size_t columns) {
    std::uint64_t steps = 0;
    std::uint64_t sum = 0;
    for (std::size_t row = 0; row + columns <= counts.size(); row += columns) {
        sum += counts[row];
        for (std::size_t c = row + 1; c < row + columns; ++c) {
            const int step = static_cast<int>(counts[c]) - static_cast<int>(counts[c - 1]);
            steps += static_cast<std::uint64_t>(step < 0 ? -step : step);
            sum += counts[c];
        }
    }
    return sum == 0 ? 0 : static_cast<double>(steps) / static_cast<double>(sum);
}

}  // namespace

Acquisition::Acquisition(hal::Bench& bench, hal::Region region, hal::PixelFormat format,
                         Timing timing, std::stop_token stop)
    : bench_(bench), region_(region), format_(format), timing_(timing), stop_(std::move(stop)) {}

double Acquisition::fringe_contrast(const hal::Frame& frame) {
    const auto columns = static_cast<std::size_t>(frame.region.columns);
    return frame.format == hal::PixelFormat::mono8 ? contrast_of(frame.as_u8(), columns)
                                                   : contrast_of(frame.as_u16(), columns);
}

double Acquisition::mean_count(const hal::Frame& frame) {
    const auto mean = [](auto counts) {
        std::uint64_t sum = 0;
        for (const auto count : counts) sum += count;
        return counts.empty() ? 0.0 : static_cast<double>(sum) / static_cast<double>(counts.size());
    };
    return frame.format == hal::PixelFormat::mono8 ? mean(frame.as_u8()) : mean(frame.as_u16());
}

std::string Acquisition::light_remark() const {
    const double share = mean_count(frame_) / std::max(sentinels_->white_count, 1.0);
    if (share > dim && share < 1 / dim) return {};
    return fmt::format("; the camera counts {:.0f} % of what it did at first: look at the laser",
                       100 * share);
}

std::string Acquisition::device() const {
    return bench_.name();
}

// Generous: it only bounds how long a broken bench is waited for.
hal::Deadline Acquisition::patience() const {
    return hal::Deadline::after(
        bench_.clock(), 20 * (timing_.period() + timing_.exposure) + std::chrono::seconds(1));
}

void Acquisition::configure(hal::TriggerSource trigger) {
    const bool line = trigger == hal::TriggerSource::line;
    const hal::CameraSettings wanted{region_, format_, timing_.exposure,
                                     line ? timing_.trigger_delay : hal::Duration{0}, trigger};
    hal::Camera& camera = bench_.camera();
    camera.disarm();
    const hal::CameraSettings got = camera.settings() == wanted ? wanted : camera.configure(wanted);
    if (got.region != region_ || got.format != format_)
        throw DeviceError(
            ErrorKind::out_of_range, device(), "configure",
            fmt::format("asked for the region {} + {} rows, {} + {} columns; the "
                        "camera can only give {} + {} rows, {} + {} columns",
                        region_.row, region_.rows, region_.column, region_.columns, got.region.row,
                        got.region.rows, got.region.column, got.region.columns));
    exposure_used_ = got.exposure;
    if (!line) return;
    const hal::Duration busy = got.trigger_delay + got.exposure + camera.status().dead_time;
    if (timing_.period() < busy)
        throw DeviceError(ErrorKind::out_of_range, device(), "configure",
                          fmt::format("a pattern period of {:.1f} us is too short: trigger delay, "
                                      "exposure and readout take {:.1f} us",
                                      microseconds(timing_.period()), microseconds(busy)));
}

std::size_t Acquisition::run_capacity() const {
    const hal::DmdInfo& info = bench_.dmd().info();
    const std::size_t entries = info.max_entries;
    const std::size_t slots = info.memory_patterns;
    constexpr std::size_t around = head_sentinels + tail_sentinels;
    if (slots <= first_data_slot || entries <= around)
        throw DeviceError(ErrorKind::unsupported, device(), "acquire",
                          fmt::format("the DMD holds {} patterns and {} sequence entries; proving "
                                      "the pairing needs at least {} and {}",
                                      slots, entries, first_data_slot + 1, around + 1));
    return std::max<std::size_t>(
        1, std::min({slots - first_data_slot, entries - around, most_per_run}));
}

void Acquisition::acquire(std::span<const hal::BitPattern> patterns, const Sink& sink) {
    if (patterns.empty()) return;
    if (!sentinels_) learn_sentinels();
    const std::size_t capacity = run_capacity();
    for (std::size_t first = 0; first < patterns.size(); first += capacity) {
        const auto part = patterns.subspan(first, std::min(capacity, patterns.size() - first));
        for (int attempt = 1;; ++attempt) {
            poll_stop();
            ++stats_.runs;
            const auto failure = run(part, first, sink);
            if (!failure) break;
            ++stats_.repeated_runs;
            stats_.last_failure = *failure;
            if (on_repeat) on_repeat(*failure);
            require_light(*failure);
            if (attempt == max_attempts)
                throw DeviceError(
                    ErrorKind::mispaired, device(), "acquire",
                    fmt::format("{} runs of {} patterns in a row could not be proven to belong to "
                                "their frames; the last: {}. Check the trigger cable, that nothing "
                                "else triggers the camera, and that the DMD shows what it is sent "
                                "and no splash screen",
                                max_attempts, part.size(), *failure));
            // What was shown may be what a spoilt upload left: no device says so.
            bench_.dmd().distrust();
            if (attempt > 1) bench_.clock().wait_for(pauses[attempt - 2]);
        }
        stats_.frames += part.size();
    }
}

// A laser that has turned itself off will not come back by trying again.
void Acquisition::require_light(const std::string& failure) {
    const hal::LaserStatus laser = bench_.laser().status();
    if (laser.state != hal::LaserState::fault) return;
    throw DeviceError(ErrorKind::refused, device(), "acquire",
                      fmt::format("the laser has turned itself off: {}. The run under way: {}",
                                  laser.fault, failure));
}

void Acquisition::program_run(std::span<const hal::BitPattern> patterns) {
    hal::Dmd& dmd = bench_.dmd();
    const hal::DmdInfo& info = dmd.info();
    std::array<hal::BitPattern, 2> sentinels{hal::BitPattern(info.rows, info.columns),
                                             hal::BitPattern(info.rows, info.columns)};
    sentinels[white_slot].fill(0, 0, info.rows, info.columns, true);
    dmd.load(black_slot, sentinels);
    dmd.load(first_data_slot, patterns);
    hal::PatternSequence sequence;
    sequence.entries.reserve(head_sentinels + patterns.size() + tail_sentinels);
    const auto add = [&](std::uint32_t slot) {
        sequence.entries.push_back(
            {slot, timing_.pattern, timing_.dark, hal::StartOn::previous_end, true});
    };
    for (const std::uint32_t slot : {black_slot, white_slot, black_slot}) add(slot);
    for (std::uint32_t i = 0; i < patterns.size(); ++i) add(first_data_slot + i);
    add(white_slot);
    dmd.program(sequence);
}

std::optional<std::string> Acquisition::run(std::span<const hal::BitPattern> patterns,
                                            std::size_t first, const Sink& sink) {
    RunGuard guard(bench_);  // DMD stopped and camera disarmed whatever happens
    configure(hal::TriggerSource::line);
    program_run(patterns);
    hal::Camera& camera = bench_.camera();
    const std::size_t total = head_sentinels + patterns.size() + tail_sentinels;
    camera.arm(total + 1);  // room for one frame too many, so that it is seen and not lost
    bench_.dmd().start();

    const auto failed = [&](std::string why) {
        drain();
        return std::optional<std::string>(std::move(why));
    };
    hal::Duration last_time{0};
    for (std::size_t i = 0; i < total; ++i) {
        poll_stop();
        if (!camera.receive(frame_, patience()))
            return failed(fmt::format("frame {} of {} never came; the camera missed {} triggers", i,
                                      total, camera.status().missed_triggers));
        if (auto why = check_frame(i, last_time)) return failed(*why);
        const bool head = i < head_sentinels;
        const bool tail = i >= head_sentinels + patterns.size();
        if (head) {
            const Sentinel expected = i == 1 ? Sentinel::white : Sentinel::black;
            if (auto why = check_sentinel(expected, "before the data")) return failed(*why);
        } else if (tail) {
            if (auto why = check_sentinel(Sentinel::white, "after the data")) return failed(*why);
        } else {
            const std::size_t k = i - head_sentinels;
            frame_.pattern = static_cast<std::uint32_t>(first + k);
            sink(first + k, frame_);
        }
    }
    if (camera.receive(frame_, hal::Deadline::after(bench_.clock(), 2 * timing_.period())))
        return failed(fmt::format("a frame came after the last of {}", total));
    if (const std::uint64_t missed = camera.status().missed_triggers; missed != 0)
        return failed(fmt::format("the camera missed {} triggers", missed));
    return std::nullopt;
}

std::optional<std::string> Acquisition::check_frame(std::uint64_t id,
                                                    hal::Duration& last_time) const {
    if (frame_.status != hal::FrameStatus::complete)
        return fmt::format("frame {} is {}", id,
                           frame_.status == hal::FrameStatus::incomplete
                               ? "incomplete: part of its pixels never arrived"
                               : "preceded by frames the camera had no room for");
    if (frame_.region != region_ || frame_.format != format_)
        return fmt::format("frame {} has another shape than configured", id);
    if (frame_.frame_id != id)
        return fmt::format("frame id {} came where {} was due", frame_.frame_id, id);
    if (id > 0) {
        const hal::Duration period = timing_.period();
        const hal::Duration tolerance =
            std::max<hal::Duration>(period / 100, std::chrono::microseconds(10));
        const hal::Duration gap = frame_.device_time - last_time;
        if (gap < period - tolerance || gap > period + tolerance)
            return fmt::format(
                "frame {} was taken {:.1f} us after the one before; the pattern "
                "period is {:.1f} us",
                id, microseconds(gap), microseconds(period));
    }
    last_time = frame_.device_time;
    return std::nullopt;
}

std::optional<std::string> Acquisition::check_sentinel(Sentinel expected, const char* place) const {
    const double level =
        (fringe_contrast(frame_) - sentinels_->black) / (sentinels_->white - sentinels_->black);
    if (expected == Sentinel::black ? level < darkest_not_black : level > brightest_not_white)
        return std::nullopt;
    return fmt::format(
        "the {} sentinel {} has {:.0f} % of white's fringes; frames and patterns are "
        "shifted{}",
        expected == Sentinel::black ? "black" : "white", place, 100 * level,
        expected == Sentinel::white ? light_remark() : "");
}

// Until nothing has come for two periods, so that no frame of this run is left for the next.
void Acquisition::drain() {
    bench_.dmd().stop();
    const hal::Deadline limit = patience();
    while (!limit.passed(bench_.clock()) &&
           bench_.camera().receive(frame_,
                                   hal::Deadline::after(bench_.clock(), 2 * timing_.period()))) {
    }
}

}  // namespace opal::calibration
