// PhaseReference: see phase_reference.h.
#include "calibration/phase_reference.h"

#include "calibration/layout.h"
#include "calibration/session.h"

#include <Eigen/Dense>

#include <cassert>

namespace opal::calibration {

PhaseReference::PhaseReference(const Identity& identity, const TransmissionMatrix* matrix,
                               std::size_t modes)
    : modes_(modes) {
    assert(identity.columns.size() == code_blocks * modes && identity.background.size() == modes);
    const auto m = static_cast<Eigen::Index>(modes);
    Eigen::MatrixXcf strips(m, static_cast<Eigen::Index>(code_words));
    const Eigen::Map<const Eigen::MatrixXcf> columns(identity.columns.data(), m, code_blocks);
    const Eigen::Map<const Eigen::VectorXcf> background(identity.background.data(), m);
    for (std::uint32_t w = 0; w < code_words; ++w) {
        strips.col(w) = background;
        for (int j = 0; j < code_blocks; ++j)
            if (Layout::code_bit(w, j)) strips.col(w) += columns.col(j);
    }
    Eigen::MatrixXcf probes = strips;
    if (matrix != nullptr && 2 * static_cast<std::size_t>(matrix->inputs) <= modes) {
        const Eigen::Map<const Eigen::MatrixXcf> t(matrix->entries.data(), m, matrix->inputs);
        const Eigen::HouseholderQR<Eigen::MatrixXcf> qr(t);
        const Eigen::MatrixXcf basis =
            qr.householderQ() * Eigen::MatrixXcf::Identity(m, matrix->inputs);
        probes -= basis * (basis.adjoint() * strips);
    }
    for (std::uint32_t w = 0; w < code_words; ++w) {
        const std::complex<float> overlap = probes.col(w).dot(strips.col(w));
        strip_power_.push_back(static_cast<double>(strips.col(w).squaredNorm()));
        kept_.push_back(static_cast<double>(probes.col(w).squaredNorm()) /
                        std::max(strip_power_.back(), 1e-30));
        probes.col(w) /= std::conj(overlap);
        probe_power_.push_back(static_cast<double>(probes.col(w).squaredNorm()));
    }
    strips_.assign(strips.data(), strips.data() + strips.size());
    probes_.assign(probes.data(), probes.data() + probes.size());
}

std::complex<double> PhaseReference::gain(std::span<const std::complex<float>> field,
                                          std::uint32_t word) const {
    return inner(probe(word), field);
}

std::span<const std::complex<float>> PhaseReference::probe(std::uint32_t word) const {
    return std::span(probes_).subspan(word * modes_, modes_);
}

std::span<const std::complex<float>> PhaseReference::field(std::uint32_t word) const {
    return std::span(strips_).subspan(word * modes_, modes_);
}

double PhaseReference::kept(std::uint32_t word) const {
    return kept_[word];
}

double PhaseReference::gain_variance(std::uint32_t word, double noise_power) const {
    return probe_power_[word] * noise_power;
}

}  // namespace opal::calibration
