// OpticalProjector: a calibrated bench as one thing that multiplies. The whole hot path:
//
//   errors -> quantiser -> encoder -> acquisition -> demodulator -> pilot -> recombine -> feedback
//
// Every frame's pairing is proven twice: by the acquisition (sentinels, counters, time stamps) and
// by the code word in its own light. A frame whose word cannot be read is taken again and counted.
// With a transmission matrix the rest of its light is compared too, and what the matrix no longer
// explains is measured: when the loss of correlation uses up its budget, the matrix is measured
// again (docs/drift.md).
// The laser is on as long as the projector lives, and off on every way out.
#pragma once

#include "calibration/record.h"
#include "dfa/projector.h"
#include "hal/bench.h"
#include "hal/bit_pattern.h"
#include "hal/frame.h"
#include "projection/drift_watch.h"
#include "projection/quantiser.h"

#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

namespace opal::projection {

// Trouble that was noticed.
enum class Notice {
    run_repeated,     // a whole run was taken again
    frames_unread,    // frames that are not what was shown were taken again
    phase_jump,       // and was taken out
    power,            // of the light is not what it was
    hot_pixels,       // were found and left out
    matrix_measured,  // again: the budget was spent
    beyond_budget,    // a batch was returned that measuring again did not bring back within it
};

struct OpticalOptions {
    int inputs = 0;  // logical inputs; 0: as many as the record's matrix was measured with
    Eigen::Index outputs = 0;  // at most 2 * modes: real and imaginary parts; 0: all
    QuantiserOptions quantiser = {};
    int threads = 1;            // demodulate beside the acquisition; 0: within it. Changes no byte
    std::stop_token stop = {};  // everything then throws calibration::Interrupted
    // Loss of correlation between the light and the matrix in use that is allowed before the matrix
    // is measured again; 0: it never is.
    double drift_budget = 0.005;
    // Off: a frame is believed to show its pattern if the acquisition lets it pass, whatever its
    // code word and its light say. Only for testing whoever keeps score of wrong pairs.
    bool check_frames = true;
    // Whoever wants to follow: every frame as it comes, with the number of its pattern in the batch
    // (one that comes again replaces what came before); then, once a batch is over, which of its
    // frames were proven and are used; and whatever was noticed, with a line for people.
    std::function<void(std::size_t pattern, const hal::BitPattern& shown, const hal::Frame& frame)>
        on_frame = {};
    std::function<void(std::span<const std::uint8_t> used)> on_used = {};
    std::function<void(Notice kind, const std::string& what)> on_notice = {};
};

// What the run has been like, for reports. `add` sums up what comes after.
struct OpticalHealth {
    std::uint64_t unread_frames = 0;     // code word not proven: taken again
    std::uint64_t repeated_runs = 0;     // the acquisition took a whole run again
    double lowest_correlation = 1;       // of a proven frame with its code word's field
    double largest_phase_step_rad = 0;   // between one frame and the next
    std::uint64_t saturated_frames = 0;  // of the unread ones
    std::uint64_t phase_jumps = 0;       // of more than 1 rad from one frame to the next
    std::uint64_t hot_pixels = 0;        // found and left out
    double lowest_power = 1;             // of a batch's light, over that of the calibration
    double highest_power = 1;
    // Of the medium against the matrix in use (drift_watch.h).
    std::uint64_t matrix_refreshes = 0;
    double correlation_loss = 0;  // in the last batch, with its standard uncertainty
    double correlation_loss_sigma = 0;
    double largest_correlation_loss = 0;  // that any batch was returned with
    std::uint64_t beyond_budget = 0;      // batches that were returned with more than is allowed
    // Standard uncertainty of a frame's phase, from its noise: the largest of any batch's last one.
    double largest_phase_sigma_rad = 0;

    void add(const OpticalHealth& later);
};

class OpticalProjector final : public dfa::Projector {
public:
    // `bench` must outlive the projector. Turns the laser on at the record's power, waits until it
    // is in specification, and measures the scale of the outputs with a few fixed patterns.
    // Throws DeviceError{refused} if the record was made for another bench, std::invalid_argument
    // for options that do not fit the record.
    OpticalProjector(hal::Bench& bench, const calibration::Record& record,
                     const OpticalOptions& options);
    ~OpticalProjector() override;

    Eigen::Index inputs() const override;
    Eigen::Index outputs() const override;
    // Throws DeviceError{mispaired} if a pattern's code word stays unreadable.
    void project(const dfa::Matrix& errors, dfa::Matrix& feedback) override;
    dfa::ProjectionStats stats() const override;
    std::string description() const override;

    const OpticalHealth& health() const;
    // What the medium has done since the calibration.
    const DriftState& drift() const;
    // The record with the matrix in use: as it was given, or as it was measured again since.
    const calibration::Record& record() const;
    // Measures the guard strip's fields and the matrix again, now. Throws DeviceError{mispaired} if
    // too few frames can be read for that.
    void refresh();
    // feedback = gain() * (fields in sqrt(DN)): what the measured scale came out as.
    double gain() const;

    static constexpr int max_attempts = 4;  // exposures of one pattern before giving up

private:
    struct Machine;
    std::unique_ptr<Machine> machine_;
};

}  // namespace opal::projection
