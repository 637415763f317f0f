// ErrorBudget: what each source of error should contribute to a measured field, predicted from the
// other nodes' results. Shares are error power over the power of the data's field.
#pragma once

#include "calibration/nodes/validation.h"

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

namespace opal::calibration {

struct Record;
class Demodulator;
class PhaseReference;

// What validation learned while it measured.
struct BudgetInputs {
    double data_power = 0;     // mean |T d|^2 per mode, DN
    double frame_power = 0;    // mean |whole field|^2 per mode, DN
    double lit_inputs = 0;     // mean number of inputs on
    double age_s = 0;          // mean age of the matrix when it was tested
    double mean_gain2 = 1;     // mean |g|^2
    double gain_variance = 0;  // of one frame's g
    // mean |1 - g|^2: how far the phase is from where the strip was measured
    double gain_step2 = 0;
    // The same of the twin image, which turns by u = g* / g: mean |1 - u|^2, and 1 - |mean u|^2.
    double twin_step2 = 0;
    double twin_spread2 = 0;
    std::vector<std::vector<std::complex<float>>> examples;  // whole fields of frames, (modes)
    std::vector<std::vector<std::complex<float>>> strips;    // of the same frames P,
    std::vector<std::vector<std::complex<float>>> data;      // and T d
};

// Light on the pixels of these fields, and what of it reaches the modes as |S|^2.
std::vector<std::complex<float>> overlap_field(const Record& record, const Demodulator& demodulator,
                                               std::span<const std::complex<float>> field);

std::vector<ErrorSource> predict_errors(const Record& record, const Demodulator& demodulator,
                                        const BudgetInputs& inputs);

}  // namespace opal::calibration
