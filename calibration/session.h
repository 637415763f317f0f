// Session: what every node of the calibration graph is given: the bench, the wishes, the results so
// far, and a few ways of taking frames that all nodes share.
//
// Rule: a node reads the record of the nodes before it, writes its settings (timing, holography)
// into it, and returns its own result; it keeps nothing else.
#pragma once

#include "calibration/calibrate.h"
#include "calibration/demodulator.h"
#include "calibration/layout.h"

#include <complex>
#include <functional>
#include <random>
#include <span>
#include <vector>

namespace opal::calibration {

struct Session {
    hal::Bench& bench;
    const Options& options;
    Observer& observer;
    std::stop_token stop;
    Record& record;

    std::size_t frames_done = 0;  // of the present node, for progress()
    std::size_t frames_expected = 0;
    // Of the present node: exposures taken again, and why the last of them was.
    std::uint32_t repeated_runs = 0;
    std::uint32_t misread_frames = 0;
    std::string last_failure = {};
    // Which results are of this run: for them the bench's own clock has not begun anew since.
    PerNode<bool> measured_now = {};

    void expect(std::size_t frames) {
        frames_done = 0;
        frames_expected = frames;
        observer.progress(0, frames);
    }
    void took_frame() {
        ++frames_done;
        observer.progress(frames_done, std::max(frames_done, frames_expected));
    }

    hal::PixelFormat deep_format() const;  // the camera's deepest
    hal::PixelFormat working_format() const { return record.holography.format; }
    // DN of the deep format per DN of the working format.
    double deep_per_working() const {
        return static_cast<double>(
            1 << (hal::bits_of(deep_format()) - hal::bits_of(working_format())));
    }

    // The session must outlive it: repeats are counted here.
    Acquisition acquisition(hal::Region region, hal::PixelFormat format, Timing timing) {
        Acquisition made(bench, region, format, timing, stop);
        if (record.drift) made.most_per_run = record.drift->batch_frames;
        made.on_repeat = [this](const std::string& why) {
            ++repeated_runs;
            last_failure = why;
        };
        return made;
    }

    Layout layout() const { return Layout(record.dmd_rows, record.dmd_columns, record.inputs); }
    hal::BitPattern black() const;
    hal::BitPattern white() const;
    // A grid of blocks about `block_px` mirrors wide over the whole DMD, each on with probability
    // `density`; `number` picks the pattern.
    hal::BitPattern speckle_pattern(std::uint64_t number, int block_px, double density) const;
    // One generator per purpose, so that a node's patterns do not depend on what ran before it.
    std::mt19937_64 random(std::uint64_t purpose) const;
};

// The shortest timing in which this exposure, taken `trigger_delay` after the edge, fits the
// pattern and the camera is ready for the next edge.
Timing plan_timing(hal::Bench& bench, hal::Region region, hal::PixelFormat format,
                   hal::Duration exposure, hal::Duration trigger_delay);

// A region of this size nearest to the sensor's centre whose edges are multiples of the camera's
// step and of the pitches. Throws std::invalid_argument if it does not fit.
hal::Region centred_region(const hal::CameraInfo& camera, int rows, int columns, int row_multiple,
                           int column_multiple);

// Patterns -> fields of the working region, at the record's timing.
class FieldReader {
public:
    explicit FieldReader(Session& session);
    // fields: resized to (patterns, modes).
    void read(std::span<const hal::BitPattern> patterns, std::vector<std::complex<float>>& fields);
    // The same in batches: `draw(i, pattern)` makes pattern i; for lists that would not fit memory.
    using Draw = std::function<void(std::size_t index, hal::BitPattern& into)>;
    void read(std::size_t patterns, const Draw& draw, std::vector<std::complex<float>>& fields);
    // The same, each field given away as it comes; a run that is repeated gives its fields again.
    using Keep = std::function<void(std::size_t index, std::span<const std::complex<float>> field)>;
    void read(std::size_t patterns, const Draw& draw, const Keep& keep);

    // Called for every frame before it is demodulated.
    std::function<void(std::size_t index, const hal::Frame& frame)> on_frame;

    std::size_t modes() const { return demodulator_.modes(); }
    const Demodulator& demodulator() const { return demodulator_; }

private:
    Session& session_;
    Demodulator demodulator_;
    Acquisition acquisition_;
    Demodulator::Workspace workspace_;
};

// <a, b> = sum conj(a) b and |a|^2, summed in double.
std::complex<double> inner(std::span<const std::complex<float>> a,
                           std::span<const std::complex<float>> b);
double power(std::span<const std::complex<float>> a);

inline double seconds(hal::Duration d) {
    return std::chrono::duration<double>(d).count();
}
inline double microseconds(hal::Duration d) {
    return std::chrono::duration<double, std::micro>(d).count();
}
inline hal::Duration from_microseconds(double us) {
    return hal::Duration(static_cast<hal::Duration::rep>(us * 1e3));
}

}  // namespace opal::calibration
