// The parts of direct feedback: slices, the dense projector, rows left out, alignment.
#include "dfa/alignment.h"
#include "dfa/dense_projector.h"
#include "dfa/feedback.h"
#include "dfa/network.h"
#include "tests/dfa/reference.h"

#include <doctest/doctest.h>

using namespace opal;
using tests::largest_difference;
using tests::matrix_of;
using tests::Numbers;
using tests::product;
using tests::table_of;

TEST_CASE("slices partition the outputs of a projection") {
    for (const std::vector<Eigen::Index>& widths :
         {std::vector<Eigen::Index>{1024, 1024}, {32}, {5, 1, 7, 2}, {}}) {
        Eigen::Index total = 0;
        for (Eigen::Index width : widths) total += width;
        std::vector<int> owners(static_cast<std::size_t>(total));
        const auto slices = dfa::slice_outputs(total, widths);
        REQUIRE(slices.size() == widths.size());
        for (std::size_t k = 0; k < slices.size(); ++k) {
            CHECK(slices[k].width == widths[k]);
            for (Eigen::Index o = 0; o < slices[k].width; ++o) {
                ++owners.at(static_cast<std::size_t>(slices[k].begin + o));
            }
        }
        for (int count : owners) CHECK(count == 1);
    }
    const std::vector<Eigen::Index> widths{5, 6};
    CHECK_THROWS_WITH(dfa::slice_outputs(10, widths),
                      "the projector has 10 outputs, but the hidden layers take 11");
}

TEST_CASE("a projector that does not fit the network is refused") {
    dfa::Network network = dfa::make_fully_connected({.widths = {5, 4, 3}}, 1);
    dfa::DenseProjector narrow(2, 4, 1);
    CHECK_THROWS_WITH(dfa::DirectFeedback(network, narrow),
                      "the projector has 2 inputs, but the error has 3 components");
    dfa::DenseProjector short_one(3, 3, 1);
    CHECK_THROWS_WITH(dfa::DirectFeedback(network, short_one),
                      "the projector has 3 outputs, but the hidden layers take 4");
}

TEST_CASE("the dense projector keeps the contract's scale and ignores the number of workers") {
    dfa::Workers workers(3);
    dfa::DenseProjector shared(10, 4096, 8, &workers);
    dfa::DenseProjector alone(10, 4096, 8);
    CHECK(shared.matrix() == alone.matrix());
    dfa::DenseProjector other(10, 4096, 9);
    CHECK(shared.matrix() != other.matrix());
    dfa::DenseProjector wider(10, 5000, 8);
    CHECK(wider.matrix().leftCols(4096) == shared.matrix());

    Numbers numbers(4);
    dfa::Matrix errors = matrix_of(numbers.table(3, 10));
    for (Eigen::Index r = 0; r < 3; ++r) errors.row(r).normalize();
    dfa::Matrix feedback;
    dfa::Matrix feedback_alone;
    shared.project(errors, feedback);
    alone.project(errors, feedback_alone);
    CHECK(feedback == feedback_alone);
    CHECK(largest_difference(table_of(feedback),
                             product(table_of(errors), table_of(shared.matrix()))) < 1e-6);
    for (Eigen::Index r = 0; r < 3; ++r) {
        // Mean square of 4096 normal numbers: relative standard error sqrt(2 / 4096) = 2.2 %.
        const double mean_square = static_cast<double>(feedback.row(r).squaredNorm()) / 4096;
        CHECK(mean_square == doctest::Approx(0.1).epsilon(0.11));
    }
    CHECK(shared.stats().vectors == 3);
    CHECK(shared.stats().acquisitions == 0);
    CHECK(shared.description() == "dense 10 -> 4096, exact");
    dfa::Matrix wrong(1, 9);
    CHECK_THROWS_AS(shared.project(wrong, feedback), std::invalid_argument);
}

TEST_CASE("rows without an error are not projected and get no feedback") {
    class Witness final : public dfa::Projector {
    public:
        std::vector<Eigen::Index> rows;
        Eigen::Index inputs() const override { return 3; }
        Eigen::Index outputs() const override { return 4; }
        void project(const dfa::Matrix& errors, dfa::Matrix& feedback) override {
            rows.push_back(errors.rows());
            CHECK((errors.cwiseAbs().rowwise().maxCoeff().array() > 0).all());
            feedback = dfa::Matrix::Constant(errors.rows(), 4, 1);
            for (Eigen::Index r = 0; r < errors.rows(); ++r) feedback.row(r) *= errors(r, 0);
        }
        dfa::ProjectionStats stats() const override { return {}; }
        std::string description() const override { return "witness"; }
    };
    dfa::Network network = dfa::make_fully_connected({.widths = {5, 4, 3}}, 1);
    Witness witness;
    dfa::DirectFeedback feedback(network, witness);
    dfa::Workers workers(1);
    dfa::Matrix error = dfa::Matrix::Zero(5, 3);
    error(1, 0) = 2;
    error(4, 0) = -3;
    feedback.begin(error, 0.5f, workers);
    CHECK(witness.rows == std::vector<Eigen::Index>{2});
    const auto told = feedback.at(0, nullptr);
    REQUIRE(told);
    // gain sqrt(3 / 4), share 1/2, times the first component
    const double unit = std::sqrt(0.75) / 2;
    for (Eigen::Index r = 0; r < 5; ++r) {
        const double expected = r == 1 ? 2 * unit : r == 4 ? -3 * unit : 0;
        CHECK(static_cast<double>((*told)(r, 2)) == doctest::Approx(expected));
    }
    feedback.begin(dfa::Matrix::Zero(5, 3), 0.5f, workers);
    CHECK(witness.rows.size() == 1);
    CHECK(feedback.at(0, nullptr)->isZero(0));
}

TEST_CASE("alignment is 0 with backpropagation, 90 with an orthogonal one, 180 with its opposite") {
    Numbers numbers(6);
    dfa::Workers workers(2);
    dfa::Network network = dfa::make_fully_connected({.widths = {6, 8, 3}}, 2);
    dfa::Signal in;
    in.dense = matrix_of(numbers.table(10, 6));
    const std::vector<std::int32_t> labels{0, 1, 2, 0, 1, 2, 0, 1, 2, 0};
    const dfa::Batch batch{&in, labels};

    dfa::Backpropagation backpropagation;
    const auto same = dfa::measure_alignment(network, backpropagation, batch, workers).angles_deg;
    REQUIRE(same.size() == 1);
    CHECK(same[0] == doctest::Approx(0).epsilon(1e-3));
    dfa::NoFeedback nothing;
    CHECK(dfa::measure_alignment(network, nothing, batch, workers).angles_deg.empty());

    // Feedback by -W' points the other way: B = -W2' turned to the projector's scale.
    class Fixed final : public dfa::Projector {
    public:
        explicit Fixed(dfa::Matrix m) : matrix(std::move(m)) {}
        dfa::Matrix matrix;
        Eigen::Index inputs() const override { return matrix.rows(); }
        Eigen::Index outputs() const override { return matrix.cols(); }
        void project(const dfa::Matrix& errors, dfa::Matrix& feedback) override {
            feedback = errors * matrix;
        }
        dfa::ProjectionStats stats() const override { return {}; }
        std::string description() const override { return "fixed"; }
    };
    const dfa::Matrix w2 = network.parameters()[2]->value;
    Fixed opposite(-w2.transpose());
    dfa::DirectFeedback against(network, opposite);
    CHECK(dfa::measure_alignment(network, against, batch, workers).angles_deg[0] ==
          doctest::Approx(180));
    Fixed zero(dfa::Matrix::Zero(3, 8));
    dfa::DirectFeedback silent(network, zero);
    CHECK(dfa::measure_alignment(network, silent, batch, workers).angles_deg[0] ==
          doctest::Approx(90));
}
