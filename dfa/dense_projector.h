// DenseProjector: the exact digital feedback, out = e B with B (inputs, outputs) of independent
// normal entries of variance 1 / inputs.
#pragma once

#include "dfa/projector.h"
#include "dfa/workers.h"

#include <cstdint>
#include <memory>

namespace opal::dfa {

class DenseProjector final : public Projector {
public:
    // Draws B. Works on `workers` if given (it must outlive this), else on the calling thread.
    DenseProjector(Eigen::Index inputs, Eigen::Index outputs, std::uint64_t seed,
                   Workers* workers = nullptr);
    ~DenseProjector() override;

    Eigen::Index inputs() const override { return matrix_.rows(); }
    Eigen::Index outputs() const override { return matrix_.cols(); }
    void project(const Matrix& errors, Matrix& feedback) override;
    ProjectionStats stats() const override { return stats_; }
    std::string description() const override;

    const Matrix& matrix() const { return matrix_; }

private:
    Matrix matrix_;
    std::unique_ptr<Workers> own_workers_;
    Workers& workers_;
    ProjectionStats stats_;
};

}  // namespace opal::dfa
