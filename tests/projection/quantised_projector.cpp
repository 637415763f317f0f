// The digital twin: an exact product behind the quantiser, against the product written out.
#include "projection/quantised_projector.h"

#include <doctest/doctest.h>

using namespace opal;
using dfa::Matrix;

namespace {

class Exact final : public dfa::Projector {
public:
    explicit Exact(Matrix b) : b_(std::move(b)) {}
    Eigen::Index inputs() const override { return b_.cols(); }
    Eigen::Index outputs() const override { return b_.rows(); }
    void project(const Matrix& errors, Matrix& feedback) override {
        feedback = errors * b_.transpose();
        stats_.vectors += static_cast<std::uint64_t>(errors.rows());
    }
    dfa::ProjectionStats stats() const override { return stats_; }
    std::string description() const override { return "exact"; }

private:
    Matrix b_;
    dfa::ProjectionStats stats_;
};

}  // namespace

TEST_CASE("the twin multiplies the quantised error") {
    Matrix b(3, 2);
    b << 1, 2, 3, 4, 5, 6;
    projection::QuantisedProjector twin(std::make_unique<Exact>(b), {.threshold = 0.5});
    Matrix errors(2, 2);
    errors << 3, -4, 0.1F, 1;
    Matrix feedback;
    twin.project(errors, feedback);
    // (3, -4) -> (1, -1) * 5 / sqrt 2;  (0.1, 1) -> (0, 1) * |e| = 1.00499
    const double s = 5 / std::sqrt(2.0);
    CHECK(feedback(0, 0) == doctest::Approx(s * (1 - 2)));
    CHECK(feedback(0, 1) == doctest::Approx(s * (3 - 4)));
    CHECK(feedback(0, 2) == doctest::Approx(s * (5 - 6)));
    CHECK(feedback(1, 0) == doctest::Approx(2 * std::sqrt(1.01)));
    CHECK(feedback(1, 2) == doctest::Approx(6 * std::sqrt(1.01)));
    CHECK(twin.inputs() == 2);
    CHECK(twin.outputs() == 3);
    CHECK(twin.stats().vectors == 2);
    CHECK(twin.description() == "exact, ternary, |e| > 0.5 max|e|");
}

TEST_CASE("stochastic draws go on from batch to batch") {
    projection::QuantisedProjector twin(std::make_unique<Exact>(Matrix::Identity(8, 8)),
                                        {.kind = projection::Quantisation::stochastic, .seed = 3});
    Matrix errors = Matrix::Constant(16, 8, 0.5F);
    errors.col(0).setOnes();
    Matrix first, second;
    twin.project(errors, first);
    twin.project(errors, second);
    CHECK(first != second);
}
