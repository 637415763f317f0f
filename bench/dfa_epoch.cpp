// How long an epoch of MNIST takes: 60,000 images of 28 x 28, batch 128, 784-1024-1024-10, Adam,
// digital feedback; and what bounds it.
//
//   bench_dfa_epoch                              an epoch of each method on 1 and 2 threads
//   bench_dfa_epoch --benchmark_filter=products  the matrix products of an epoch alone
//   bench_dfa_epoch --benchmark_filter=adam      reading and writing weights and moments alone
//
// Images are made up, with as many dark pixels as MNIST has (81 %); time does not depend on what
// they show. "epoch_s" is seconds per epoch; epochs are cut short and scaled to 469 batches.
#include "dfa/blas.h"
#include "dfa/dense_projector.h"
#include "dfa/elementwise.h"
#include "dfa/random.h"
#include "dfa/recipes.h"

#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

namespace {

using namespace opal::dfa;

constexpr std::uint32_t images = 60000;
constexpr Eigen::Index batch = 128;
constexpr double batches = 469;  // of an epoch
// Multiply-adds of the layers, twice per weight and sample: forward, and gradient of the weights.
constexpr double weights = 784 * 1024 + 1024 * 1024 + 1024 * 10;
constexpr double epoch_flop = 2 * 2 * weights * images;

ImageData make_images(std::uint32_t count) {
    ImageData data;
    data.train.images.count = count;
    data.train.images.rows = 28;
    data.train.images.columns = 28;
    Random random(1, Purpose::order);
    data.train.images.pixels.resize(std::size_t{count} * 784);
    for (std::uint8_t& pixel : data.train.images.pixels) {
        const std::uint32_t draw = random.bits();
        pixel = draw % 100 < 81 ? std::uint8_t{0} : static_cast<std::uint8_t>(draw >> 24);
    }
    for (std::uint32_t k = 0; k < count; ++k) {
        data.train.labels.push_back(static_cast<std::uint8_t>(random.below(10)));
    }
    data.test.images.count = 1;
    data.test.images.rows = 28;
    data.test.images.columns = 28;
    data.test.images.pixels.resize(784);
    data.test.labels.resize(1);
    return data;
}

enum Method { dfa_method, bp_method, shallow_method };

// One iteration is a run of 100 batches.
void epoch(benchmark::State& state, Method method) {
    constexpr std::uint32_t measured_batches = 100;
    static const ImageData data = make_images(measured_batches * batch);
    Workers workers(static_cast<int>(state.range(0)));
    FullyConnectedRecipe recipe = mnist_recipe(1);
    recipe.data.validation = 0;
    recipe.training.epochs = 1;
    recipe.training.test = false;
    ImageSource source(data, recipe.data);
    Network network = make_fully_connected(recipe.network, 1);
    DenseProjector projector(10, 2048, 2, &workers);
    DirectFeedback direct(network, projector, recipe.feedback);
    Backpropagation backpropagation;
    NoFeedback nothing;
    Feedback& feedback = method == bp_method    ? static_cast<Feedback&>(backpropagation)
                         : method == dfa_method ? static_cast<Feedback&>(direct)
                                                : nothing;
    for (auto _ : state) {
        state.PauseTiming();
        auto trainer =
            std::make_unique<Trainer>(network, source, feedback, workers, recipe.training);
        state.ResumeTiming();
        trainer->run();
        state.PauseTiming();
        trainer.reset();
        state.ResumeTiming();
    }
    const double share = measured_batches / batches;  // of an epoch
    const double epochs = share * static_cast<double>(state.iterations());
    state.counters["epoch_s"] =
        benchmark::Counter(epochs, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    if (method == dfa_method) {
        state.counters["flop"] =
            benchmark::Counter(epochs * epoch_flop, benchmark::Counter::kIsRate);
    }
}

// The products of a training step of direct feedback, in the tiles training uses, nothing else.
void products(benchmark::State& state) {
    Workers workers(static_cast<int>(state.range(0)));
    const Matrix x = Matrix::Random(batch, 784);
    const Matrix h = Matrix::Random(batch, 1024);
    const Matrix w1 = Matrix::Random(784, 1024);
    const Matrix w2 = Matrix::Random(1024, 1024);
    Matrix y(batch, 1024);
    std::vector<Matrix> tile(static_cast<std::size_t>(workers.threads()), Matrix(64, 1024));
    const auto gradient = [&](const Matrix& in, Eigen::Index count) {
        const Cut tiles{in.cols(), count};
        workers.run(tiles.count, [&](Eigen::Index task, int worker) {
            multiply(tiles.size(task), 1024, batch, {in.data() + tiles.begin(task), in.cols()},
                     true, {h.data(), 1024}, false,
                     {tile[static_cast<std::size_t>(worker)].data(), 1024});
        });
    };
    for (auto _ : state) {
        multiply_tiled(batch, {x.data(), 784}, w1, false, y, workers);
        multiply_tiled(batch, {h.data(), 1024}, w2, false, y, workers);
        gradient(h, 16);
        gradient(x, 14);
        benchmark::ClobberMemory();
    }
    const double epochs = static_cast<double>(state.iterations()) / batches;
    state.counters["epoch_s"] =
        benchmark::Counter(epochs, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.counters["flop"] = benchmark::Counter(epochs * epoch_flop, benchmark::Counter::kIsRate);
}

// The optimiser over all weights with a gradient that stays in cache, as training has it.
void adam_alone(benchmark::State& state) {
    Workers workers(static_cast<int>(state.range(0)));
    constexpr std::size_t tile = 131072;
    constexpr std::size_t tiles = 14;  // 1.84 M weights
    std::vector<float> w(tile * tiles, 0.1f);
    std::vector<float> m(tile * tiles, 0.1f);
    std::vector<float> v(tile * tiles, 0.1f);
    const std::vector<float> g(tile, 0.01f);
    const AdamStep step{1e-9f, 1.0f, 0.9f, 0.999f, 1e-8f, 0.0f};
    for (auto _ : state) {
        workers.run(tiles, [&](Eigen::Index task, int) {
            const std::size_t from = static_cast<std::size_t>(task) * tile;
            adam(&w[from], &m[from], &v[from], g.data(), step, tile);
        });
        benchmark::ClobberMemory();
    }
    const auto runs = static_cast<double>(state.iterations());
    state.counters["epoch_s"] = benchmark::Counter(
        runs / batches, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    // Three arrays read and written.
    state.counters["bytes"] =
        benchmark::Counter(runs * tile * tiles * 24, benchmark::Counter::kIsRate);
}

BENCHMARK_CAPTURE(epoch, dfa, dfa_method)->Arg(1)->Arg(2)->UseRealTime()->MinTime(1);
BENCHMARK_CAPTURE(epoch, bp, bp_method)->Arg(1)->Arg(2)->UseRealTime()->MinTime(1);
BENCHMARK_CAPTURE(epoch, shallow, shallow_method)->Arg(1)->Arg(2)->UseRealTime()->MinTime(1);
BENCHMARK(products)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(adam_alone)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
