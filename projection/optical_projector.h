// OpticalProjector: a calibrated bench as one thing that multiplies. The whole hot path:
//
//   errors -> quantiser -> encoder -> acquisition -> demodulator -> pilot -> recombine -> feedback
//
// Every frame's pairing is proven twice: by the acquisition (sentinels, counters, time stamps) and
// by the code word in its own light. A frame whose word cannot be read is taken again and counted.
// The laser is on as long as the projector lives, and off on every way out.
#pragma once

#include "calibration/record.h"
#include "dfa/projector.h"
#include "hal/bench.h"
#include "projection/quantiser.h"

#include <memory>
#include <stop_token>

namespace opal::projection {

struct OpticalOptions {
    int inputs = 0;  // logical inputs; 0: as many as the record's matrix was measured with
    Eigen::Index outputs = 0;  // at most 2 * modes: real and imaginary parts; 0: all
    QuantiserOptions quantiser = {};
    int threads = 1;            // demodulate beside the acquisition; 0: within it. Changes no byte
    std::stop_token stop = {};  // everything then throws calibration::Interrupted
};

// What the run has been like, for reports.
struct OpticalHealth {
    std::uint64_t unread_frames = 0;    // code word not proven: taken again
    std::uint64_t repeated_runs = 0;    // the acquisition took a whole run again
    double lowest_correlation = 1;      // of a proven frame with its code word's field
    double largest_phase_step_rad = 0;  // between one frame and the next
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
    // feedback = gain() * (fields in sqrt(DN)): what the measured scale came out as.
    double gain() const;

    static constexpr int max_attempts = 4;  // exposures of one pattern before giving up

private:
    struct Machine;
    std::unique_ptr<Machine> machine_;
};

}  // namespace opal::projection
