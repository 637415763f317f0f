// Exposures: patterns of known bits -> their light, proven frame by frame: the arrows of the hot
// path from the acquisition to the fields.
//
//   acquisition -> [hot pixels out] -> demodulator -> pilot -> frame check -> fields
//
// A frame whose code word or rest is wrong is taken again with another word, at most max_attempts
// times, the last after a pause: most troubles pass. What stays unproven is returned as a list, and
// nothing of it may be used.
#pragma once

#include "calibration/acquisition.h"
#include "calibration/demodulator.h"
#include "calibration/verdict.h"
#include "projection/demodulation_team.h"
#include "projection/encoder.h"
#include "projection/frame_check.h"
#include "projection/matrix_refresh.h"
#include "projection/optical_projector.h"
#include "projection/pilot.h"
#include "projection/recombine.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace opal::projection {

class Exposures {
public:
    // The laser must be emitting whenever patterns are shown. `inputs`: of the layout.
    Exposures(hal::Bench& bench, const calibration::Record& record, int inputs,
              std::vector<std::size_t> chosen_modes, const OpticalOptions& options);

    // Shows all patterns of the batch; fields() then holds their light. Returns those that stayed
    // unproven after max_attempts.
    std::vector<std::size_t> measure(EncodedBatch& batch, Encoder& encoder);
    // (distinct, chosen modes): light of the data alone, sqrt(DN).
    const FieldMatrix& fields() const { return fields_; }

    // What the last measure() found of the medium, over all its frames.
    struct Summary {
        calibration::Measured rest_over_data;
        calibration::Measured phase_rad;  // of the last frame
        double power = 1;                 // mean
        bool compared = false;            // there was a matrix and light to compare
    };
    Summary summary() const;
    // Why this pattern stayed unproven, for people; and whether the medium alone is to blame.
    std::string explain(std::size_t pattern) const;
    bool medium_is_off(std::size_t pattern) const;

    // Shows the batch once and keeps the whole field of every frame whose word is proven.
    RefreshFrames measure_whole(EncodedBatch& batch);
    // From now on with this record's guard strip and matrix.
    void use(const calibration::Record& record);

    bool has_matrix() const { return check_.has_matrix(); }
    std::uint64_t exposures() const;  // sentinels included
    OpticalHealth health;
    std::uint64_t repeats = 0;  // exposures taken again

private:
    void digest(std::size_t index, const hal::Frame& frame, std::size_t worker);
    void expose(std::span<const hal::BitPattern> patterns);
    std::vector<std::size_t> unproven() const;
    void find_hot_pixels();
    void look_back();
    // Whether the frames of this pattern and the one before were taken one right after the other.
    bool follows(std::size_t pattern) const;
    void say_used(const std::vector<std::size_t>& unused) const;
    void tell(Notice kind, const std::string& what) const;

    hal::Bench& bench_;
    int inputs_;
    std::vector<std::size_t> chosen_modes_;
    OpticalOptions options_;
    calibration::Demodulator demodulator_;
    Pilot pilot_;
    FrameCheck check_;

    const EncodedBatch* batch_ = nullptr;  // being shown
    FieldMatrix fields_;
    std::vector<Pilot::Reading> readings_;       // (distinct)
    std::vector<FrameCheck::Finding> findings_;  // (distinct)
    // When each pattern's frame was taken, and in which call of expose().
    struct Moment {
        std::uint64_t round = 0;
        hal::Duration device_time{0};
    };
    std::vector<Moment> moments_;  // (distinct)
    std::uint64_t round_ = 0;
    double noise_power_ = 0;            // of a frame's field, per mode, DN
    std::vector<std::size_t> retried_;  // patterns being shown again; empty: all
    FieldMatrix* whole_ = nullptr;      // (distinct, modes), where it is wanted
    bool power_is_off_ = false;

    struct Worker {
        std::vector<std::complex<float>> field;  // (modes)
        calibration::Demodulator::Workspace workspace;
        std::vector<std::uint16_t> hits;  // per pixel: frames in which it was saturated
        std::uint32_t frames = 0;
        hal::Frame mended;
    };
    std::vector<Worker> workers_;
    std::vector<std::size_t> hot_;  // pixels

    calibration::Acquisition acquisition_;
    DemodulationTeam team_;  // last: its threads use everything above
};

}  // namespace opal::projection
