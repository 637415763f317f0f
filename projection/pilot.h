// Pilot: the guard strip seen through the medium. Proves which pattern a frame shows and removes
// the interferometer's phase, the laser's drift and the static light from its field.
//
//   f = g (G_w + sum_i d_i T_i),    G_w = background + sum_j code_bit(w, j) column_j
//
// G_w is known from calibration for all 62 code words. Which w: the normalised correlation
// |<G_v, f>| / (|G_v| |f|) over v must peak at the expected word, with a margin; words share half
// of their blocks or none, so the runner-up lies near one half of the peak. With a transmission
// matrix, the data's light that happens to look like the pilot, sum_i d_i <G_v, T_i>, is taken out
// first. The gain g of the expected word comes from calibration::PhaseReference, which sees none of
// the data; without a matrix only its phase is used.
#pragma once

#include "calibration/layout.h"
#include "calibration/phase_reference.h"
#include "calibration/record.h"

#include <Eigen/Core>

#include <array>
#include <complex>
#include <cstdint>
#include <span>
#include <vector>

namespace opal::projection {

class Pilot {
public:
    // The matrix of the record is used for g if it was measured with `inputs` inputs. Throws
    // std::invalid_argument if the record's arrays do not fit its modes.
    Pilot(const calibration::Record& record, int inputs);

    struct Reading {
        std::uint32_t word = 0;    // where the correlation peaks
        float correlation = 0;     // there
        float expected = 0;        // at the expected word
        float runner_up = 0;       // largest at another word than the expected one
        bool proven = false;       // the frame shows the expected word
        std::complex<float> gain;  // g of the expected word
    };
    // field: (modes) of one frame. bits: (inputs) what the pattern shows. Allocates nothing; safe
    // from several threads.
    void read(std::span<const std::complex<float>> field, std::uint32_t expected_word,
              std::span<const std::uint8_t> bits, Reading& into) const;

    // What is left when static light and strip are gone: f(k) / g - G_w(k).
    std::complex<float> data_field(std::complex<float> field, std::size_t mode, std::uint32_t word,
                                   std::complex<float> inverse_gain) const {
        return field * inverse_gain -
               code_fields_(static_cast<Eigen::Index>(mode), static_cast<Eigen::Index>(word));
    }

    // Variance of a reading's gain for field noise of this power per mode. The probe that sees none
    // of the data has less light than the strip, and its variance is as much larger.
    double gain_variance(std::uint32_t word, double noise_power) const {
        return reference_.gain_variance(word, noise_power);
    }

    std::size_t modes() const { return static_cast<std::size_t>(code_fields_.rows()); }

    // The peak must be this much higher than the runner-up. Between 1 (no margin) and 2 (two words
    // that share half their light, no noise); the Gaussian beam and the data's light eat into it.
    static constexpr float margin = 1.15F;
    // With a matrix |g| is the laser's power over that of the calibration; outside of
    // [1 / gain_range, gain_range] the frame shows something else.
    static constexpr float gain_range = 2;

private:
    // Takes g times the data's part out of <G_w, f> of all words.
    void remove_leak(std::span<const std::uint8_t> bits, std::complex<float> gain,
                     std::array<std::complex<float>, calibration::code_words>& dots) const;
    std::complex<float> leak(std::span<const std::uint8_t> bits, std::uint32_t word) const;

    calibration::PhaseReference reference_;
    bool blind_ = false;  // the reference cannot see past the data: too many inputs
    std::array<std::vector<std::uint8_t>, calibration::code_words> lit_blocks_;  // of each word
    Eigen::MatrixXcf code_fields_;  // (modes, code_words)
    Eigen::VectorXf code_norms_;    // (code_words)
    Eigen::MatrixXcf columns_;      // (modes, code_blocks + 1): blocks, then background
    Eigen::MatrixXcf leak_;         // (code_words, inputs) <G_w, T_i>; empty without a matrix
};

}  // namespace opal::projection
