// Trainer: learns, repeats itself to the byte, stops and goes on.
#include "dfa/dense_projector.h"
#include "dfa/graph_source.h"
#include "dfa/image_source.h"
#include "dfa/trainer.h"
#include "tests/dfa/reference.h"

#include <doctest/doctest.h>

#include <cstring>
#include <limits>

using namespace opal;

namespace {

// Pictures of 6 x 6 whose class (0..3) is decided by which two of their quarters agree in
// brightness: not linearly separable, so that a shallow network cannot do what a deep one can.
dfa::ImageData quarters(std::uint32_t train, std::uint32_t test) {
    tests::Numbers numbers(42);
    const auto make = [&](std::uint32_t count) {
        dfa::LabelledImages made;
        made.images = {count, 6, 6, {}};
        for (std::uint32_t k = 0; k < count; ++k) {
            bool bright[4];
            for (bool& b : bright) b = numbers.next() > 0;
            for (int y = 0; y < 6; ++y) {
                for (int x = 0; x < 6; ++x) {
                    const int level = bright[y / 3 * 2 + x / 3] ? 170 : 85;
                    made.images.pixels.push_back(
                        static_cast<std::uint8_t>(level + 50 * numbers.next()));
                }
            }
            made.labels.push_back(
                static_cast<std::uint8_t>(2 * (bright[0] != bright[3]) + (bright[1] != bright[2])));
        }
        return made;
    };
    return {make(train), make(test)};
}

enum class Method { bp, dfa, shallow };

struct Setting {
    Method method = Method::dfa;
    int threads = 2;
    std::uint64_t seed = 1;
    std::uint32_t epochs = 2;
    float dropout = 0;
    int max_shift_px = 0;
};

// Everything a training needs, kept together. Widths above 256 make several tiles.
class Bench {
public:
    Bench(const dfa::ImageData& data, const Setting& setting)
        : workers(setting.threads),
          source(data, {.validation = 64,
                        .seed = setting.seed,
                        .batch = 50,
                        .max_shift_px = setting.max_shift_px}),
          network(dfa::make_fully_connected(
              {.widths = {36, 96, 300, 10}, .dropout = setting.dropout}, setting.seed)),
          projector(10, 396, setting.seed + 100, &workers),
          direct(network, projector) {
        dfa::TrainingOptions options;
        options.epochs = setting.epochs;
        options.learning_rate = 2e-3;
        options.seed = setting.seed;
        options.alignment = setting.method == Method::dfa;
        dfa::Feedback& feedback = setting.method == Method::bp ? backpropagation
                                  : setting.method == Method::dfa
                                      ? static_cast<dfa::Feedback&>(direct)
                                      : nothing;
        trainer.emplace(network, source, feedback, workers, options);
    }

    dfa::Workers workers;
    dfa::ImageSource source;
    dfa::Network network;
    dfa::DenseProjector projector;
    dfa::Backpropagation backpropagation;
    dfa::NoFeedback nothing;
    dfa::DirectFeedback direct;
    std::optional<dfa::Trainer> trainer;
};

bool same_bytes(const std::vector<dfa::Matrix>& a, const std::vector<dfa::Matrix>& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t k = 0; k < a.size(); ++k) {
        const auto bytes = static_cast<std::size_t>(a[k].size()) * sizeof(float);
        if (a[k].size() != b[k].size() || std::memcmp(a[k].data(), b[k].data(), bytes) != 0) {
            return false;
        }
    }
    return true;
}

}  // namespace

TEST_CASE("a task no linear rule can solve: bp and dfa learn it, shallow does worse") {
    const dfa::ImageData data = quarters(4064, 500);
    double accuracy[3];
    for (Method method : {Method::bp, Method::dfa, Method::shallow}) {
        Bench bench(data, {.method = method, .epochs = 15});
        const dfa::TrainingResult result = bench.trainer->run();
        REQUIRE(result.test);
        CHECK(result.test->labelled == 500);
        CHECK(result.epochs.size() == 15);
        CHECK(result.steps == 15 * 80);
        CHECK(result.epochs.back().training.loss() < result.epochs.front().training.loss());
        CHECK(result.epochs.back().validation->labelled == 64);
        accuracy[static_cast<int>(method)] = result.test->accuracy();
        if (method == Method::dfa) {
            for (double angle : result.epochs.back().alignment_deg) CHECK(angle < 90);
        }
    }
    MESSAGE("accuracy bp ", accuracy[0], ", dfa ", accuracy[1], ", shallow ", accuracy[2]);
    CHECK(accuracy[0] > 0.97);
    CHECK(accuracy[1] > 0.97);
    CHECK(accuracy[2] < accuracy[1] - 0.02);
}

TEST_CASE("the same seed gives the same bytes on any number of threads, another seed others") {
    const dfa::ImageData data = quarters(464, 50);
    for (Method method : {Method::bp, Method::dfa}) {
        Bench first(data, {.method = method, .threads = 1, .dropout = 0.1f, .max_shift_px = 1});
        first.trainer->run();
        const dfa::TrainingState state = first.trainer->state();
        for (int threads : {1, 2, 3}) {
            Bench again(data,
                        {.method = method, .threads = threads, .dropout = 0.1f, .max_shift_px = 1});
            again.trainer->run();
            CHECK(same_bytes(state.weights, again.trainer->state().weights));
            CHECK(same_bytes(state.moments, again.trainer->state().moments));
        }
        Bench other(data, {.method = method, .seed = 2, .dropout = 0.1f, .max_shift_px = 1});
        other.trainer->run();
        CHECK(!same_bytes(state.weights, other.trainer->state().weights));
    }
}

TEST_CASE("a stopped run says so, does not look at the test set, and resumes to the same bytes") {
    const dfa::ImageData data = quarters(464, 50);
    const Setting setting{.epochs = 3, .dropout = 0.2f};
    Bench whole(data, setting);
    const dfa::TrainingResult expected = whole.trainer->run();

    // Stops in the middle of the second of three epochs of eight batches.
    class Stopper final : public dfa::Observer {
    public:
        std::stop_source source;
        std::uint64_t last = 0;
        std::uint32_t epochs_seen = 0;
        void on_step(const dfa::StepProgress& progress) override {
            CHECK(progress.step == last + 1);
            CHECK(progress.steps == 24);
            CHECK(progress.epoch == (progress.step - 1) / 8 + 1);
            last = progress.step;
            if (progress.step == 13) source.request_stop();
        }
        void on_epoch(const dfa::EpochMetrics& metrics) override {
            CHECK(metrics.epoch == ++epochs_seen);
        }
    };
    Bench stopped(data, setting);
    Stopper stopper;
    const dfa::TrainingResult part = stopped.trainer->run(&stopper, stopper.source.get_token());
    CHECK(part.interrupted);
    CHECK(!part.test);
    CHECK(part.steps == 13);
    CHECK(part.epochs.size() == 1);
    CHECK(stopper.epochs_seen == 1);

    Bench resumed(data, setting);
    resumed.trainer->restore(stopped.trainer->state());
    const dfa::TrainingResult rest = resumed.trainer->run();
    CHECK(!rest.interrupted);
    CHECK(rest.steps == 24);
    REQUIRE(rest.epochs.size() == 3);
    CHECK(same_bytes(resumed.trainer->state().weights, whole.trainer->state().weights));
    CHECK(same_bytes(resumed.trainer->state().moments, whole.trainer->state().moments));
    for (std::size_t k = 0; k < 3; ++k) {
        CHECK(rest.epochs[k].training.loss_sum == expected.epochs[k].training.loss_sum);
        CHECK(rest.epochs[k].training.correct == expected.epochs[k].training.correct);
        CHECK(rest.epochs[k].alignment_deg == expected.epochs[k].alignment_deg);
    }
    CHECK(rest.test->loss_sum == expected.test->loss_sum);

    // And the stopped trainer itself goes on to the same end.
    stopped.trainer->run();
    CHECK(same_bytes(stopped.trainer->state().weights, whole.trainer->state().weights));
}

TEST_CASE("a state that does not fit is refused and changes nothing") {
    const dfa::ImageData data = quarters(464, 50);
    Bench bench(data, {});
    const dfa::TrainingState before = bench.trainer->state();
    dfa::TrainingState wrong = before;
    wrong.weights[2].resize(5, 5);
    CHECK_THROWS_AS(bench.trainer->restore(wrong), std::invalid_argument);
    wrong = before;
    wrong.moments.pop_back();
    CHECK_THROWS_AS(bench.trainer->restore(wrong), std::invalid_argument);
    wrong = before;
    wrong.step = 17;  // of 16
    CHECK_THROWS_AS(bench.trainer->restore(wrong), std::invalid_argument);
    wrong = before;
    wrong.step = 8;  // an epoch done, but no metrics of it
    CHECK_THROWS_AS(bench.trainer->restore(wrong), std::invalid_argument);
    CHECK(same_bytes(bench.trainer->state().weights, before.weights));
}

TEST_CASE("data that does not fit the network, and a diverging run, end in one line") {
    const dfa::ImageData data = quarters(464, 50);
    Bench bench(data, {});
    dfa::Network narrow = dfa::make_fully_connected({.widths = {35, 8, 10}}, 1);
    CHECK_THROWS_WITH(dfa::Trainer(narrow, bench.source, bench.backpropagation, bench.workers, {}),
                      "the network maps 35 inputs to 10 classes, but the data has 36 and 10");
    bench.network.parameters()[0]->value(3, 3) = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH(bench.trainer->run(),
                      "training diverged: the loss of step 1 is not a finite number; a lower "
                      "learning rate may help");
}

TEST_CASE("the clock is the caller's") {
    const dfa::ImageData data = quarters(464, 50);
    Bench bench(data, {});
    double now = 100;
    dfa::TrainingOptions options;
    options.epochs = 2;
    options.clock_s = [&] { return now += 0.5; };
    dfa::Trainer trainer(bench.network, bench.source, bench.direct, bench.workers, options);
    const dfa::TrainingResult result = trainer.run();
    CHECK(result.epochs[0].elapsed_s == doctest::Approx(0.5));
    CHECK(result.epochs[1].elapsed_s == doctest::Approx(1.0));
}

TEST_CASE("a graph network learns two communities from one label each") {
    // Two rings of 20 nodes joined by one edge; every node has its own word and nothing tells the
    // rings apart but the citations.
    std::vector<std::pair<std::int32_t, std::int32_t>> edges{{0, 20}};
    for (std::int32_t n = 0; n < 20; ++n) {
        for (std::int32_t hop : {1, 2, 5}) {
            edges.emplace_back(n, (n + hop) % 20);
            edges.emplace_back(20 + n, 20 + (n + hop) % 20);
        }
    }
    dfa::GraphData data;
    data.classes = 2;
    std::vector<dfa::SparseEntry> words;
    for (std::int32_t n = 0; n < 40; ++n) {
        words.push_back({n, n, 1.0f});
        data.labels.push_back(n / 20);
        data.parts.push_back(n % 20 == 10  ? dfa::Part::training
                             : n % 20 == 5 ? dfa::Part::validation
                                           : dfa::Part::test);
    }
    data.words = dfa::SparseMatrix(40, 40, words);
    data.adjacency = dfa::normalised_adjacency(40, edges);
    for (bool routed : {false, true}) {
        std::vector<std::vector<dfa::Matrix>> weights;
        for (int threads : {1, 2}) {
            dfa::Workers workers(threads);
            dfa::GraphSource source(data);
            dfa::Network network = dfa::make_graph_network(
                data.adjacency, {.widths = {40, 16, 2}, .hidden_dropout = 0.2f}, 3);
            dfa::DenseProjector projector(2, 16, 4);
            dfa::DirectFeedback feedback(network, projector,
                                         {.gain = 1, .route = routed ? &data.adjacency : nullptr});
            dfa::TrainingOptions options;
            options.epochs = 100;
            options.learning_rate = 0.01;
            options.decay = dfa::Decay::constant;
            options.warmup_epochs = 0;
            dfa::Trainer trainer(network, source, feedback, workers, options);
            const dfa::TrainingResult result = trainer.run();
            REQUIRE(result.test);
            CHECK(result.test->labelled == 36);
            // One label reaches its 2-hop neighbours; 36 nodes, chance is 18.
            CHECK(result.test->correct >= 32);
            weights.push_back(trainer.state().weights);
        }
        CHECK(same_bytes(weights[0], weights[1]));
    }
}
