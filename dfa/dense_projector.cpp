// Drawing and multiplying by the matrix. See dense_projector.h.
#include "dfa/dense_projector.h"

#include "dfa/blas.h"
#include "dfa/random.h"

#include <cmath>
#include <stdexcept>

namespace opal::dfa {

DenseProjector::DenseProjector(Eigen::Index inputs, Eigen::Index outputs, std::uint64_t seed,
                               Workers* workers)
    : matrix_(inputs, outputs),
      own_workers_(workers ? nullptr : std::make_unique<Workers>(1)),
      workers_(workers ? *workers : *own_workers_) {
    const double deviation = 1 / std::sqrt(static_cast<double>(inputs));
    for (Eigen::Index i = 0; i < inputs; ++i) {
        // One stream per input: more outputs extend the matrix without changing it.
        Random random(seed, Purpose::projector, static_cast<std::uint32_t>(i));
        for (Eigen::Index o = 0; o < outputs; ++o) {
            matrix_(i, o) = static_cast<float>(deviation * random.normal());
        }
    }
}

DenseProjector::~DenseProjector() = default;

void DenseProjector::project(const Matrix& errors, Matrix& feedback) {
    if (errors.cols() != inputs()) {
        throw std::invalid_argument("the projector takes vectors of " + std::to_string(inputs()) +
                                    " components, not " + std::to_string(errors.cols()));
    }
    multiply_tiled(errors.rows(), {errors.data(), errors.cols()}, matrix_, false, feedback,
                   workers_);
    stats_.vectors += static_cast<std::uint64_t>(errors.rows());
}

std::string DenseProjector::description() const {
    return "dense " + std::to_string(inputs()) + " -> " + std::to_string(outputs()) + ", exact";
}

}  // namespace opal::dfa
