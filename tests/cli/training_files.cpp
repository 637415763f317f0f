// Files of training: results and checkpoints come back as they were, and damage is refused.
#include "cli/exit_code.h"
#include "cli/files.h"
#include "cli/training_checkpoint.h"
#include "cli/training_results.h"
#include "cli/version.h"
#include "tests/cli/scratch_folder.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

using namespace opal;
using namespace opal::cli;

namespace {

TrainingRun full_run() {
    TrainingRun run;
    run.task = "mnist";
    run.network = "784-1024-1024-10";
    run.method = "optical";
    run.seed = 3;
    run.recipe = {{"learning_rate", "0.001"}, {"epochs", "2"}};
    run.quantiser.emplace();
    run.quantiser->kind = projection::Quantisation::bit_planes;
    run.quantiser->bits = 3;
    run.quantiser->restore_norm = false;
    run.bench =
        BenchUsed{"simulated bench 'lab'", "sim:lab", {"laser.power_noise=0"}, "abc", "ef", 10};
    run.alignment = true;
    run.program = "opal 9";
    run.feedback = "optical 10 -> 2048";
    run.seconds = 1.5;
    run.projections = {100, 40, 2};
    run.health = projection::OpticalHealth{1, 2, 0.75, 0.125};
    dfa::EpochMetrics epoch;
    epoch.epoch = 1;
    epoch.learning_rate = 0.5;
    epoch.training = {12.5, 40, 50};
    epoch.validation = dfa::Score{2.5, 8, 10};
    epoch.alignment_deg = {60.5, 70.25};
    epoch.feedback.resize(2);
    epoch.feedback[0] = {.mean = 0.5,
                         .deviation = 0.1,
                         .kurtosis = 7,
                         .correlation = 0.25,
                         .signal_to_noise = 12.5,
                         .noise_correlation = 0.125,
                         .histogram = {1, 2, 3}};
    epoch.elapsed_s = 0.75;
    run.result.epochs.push_back(epoch);
    run.result.test = dfa::Score{5, 15, 20};
    run.result.steps = 8;
    return run;
}

SavedRun some_state() {
    SavedRun saved;
    saved.state.step = 8;
    saved.state.elapsed_s = 0.1;
    saved.state.epochs = full_run().result.epochs;
    saved.state.epoch_so_far = {0.1, 3, 7};
    dfa::Matrix a(2, 3);
    a << 1, -0.0f, 3e-40f, 4, 5, 6;  // a signed zero and a denormal number: bytes, not values
    saved.state.weights = {a, dfa::Matrix::Constant(1, 3, 0.1f)};
    saved.state.moments = {a * 2, a * 3};
    saved.carried.moment = {hal::Duration(123456789012345), 1ULL << 40};
    saved.carried.projections = {7, 8, 9};
    saved.carried.health = projection::OpticalHealth{1, 0, 0.9, 0.1};
    saved.carried.description = "optical";
    return saved;
}

bool same_bytes(const std::vector<dfa::Matrix>& a, const std::vector<dfa::Matrix>& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t k = 0; k < a.size(); ++k) {
        if (a[k].rows() != b[k].rows() || a[k].cols() != b[k].cols()) return false;
        const auto size = static_cast<std::size_t>(a[k].size()) * sizeof(float);
        if (std::memcmp(a[k].data(), b[k].data(), size) != 0) return false;
    }
    return true;
}

}  // namespace

TEST_CASE("results: everything written is read back") {
    const ScratchFolder folder;
    const auto file = folder.path() / "results.json";
    write_file(file, results_json({full_run()}));
    const auto runs = read_results(file);
    REQUIRE(runs.size() == 1);
    const TrainingRun& run = runs.front();
    const TrainingRun wanted = full_run();
    CHECK(run.recipe == wanted.recipe);
    REQUIRE(run.quantiser);
    CHECK(run.quantiser->kind == projection::Quantisation::bit_planes);
    CHECK(run.quantiser->bits == 3);
    CHECK(!run.quantiser->restore_norm);
    REQUIRE(run.bench);
    CHECK(run.bench->overrides == wanted.bench->overrides);
    CHECK(run.bench->identity == "abc");
    CHECK(run.bench->record_sha256 == "ef");
    CHECK(run.bench->camera_bits == 10);
    CHECK(run.alignment);
    CHECK(run.program == "opal 9");
    REQUIRE(run.health);
    CHECK(run.health->lowest_correlation == 0.75);
    CHECK(run.health->repeated_runs == 2);
    REQUIRE(run.result.epochs.size() == 1);
    CHECK(run.result.epochs[0].alignment_deg == wanted.result.epochs[0].alignment_deg);
    CHECK(run.result.epochs[0].validation->correct == 8);
    REQUIRE(run.result.epochs[0].feedback.size() == 2);
    const auto& heard = run.result.epochs[0].feedback[0];
    CHECK(heard.mean == 0.5);
    CHECK(heard.deviation == 0.1);
    CHECK(heard.kurtosis == 7);
    CHECK(heard.correlation == 0.25);
    CHECK(heard.signal_to_noise == 12.5);
    CHECK(heard.noise_correlation == 0.125);
    CHECK(heard.histogram[2] == 3);
    CHECK(!run.result.epochs[0].feedback[1].signal_to_noise);
    CHECK(run.result.test->loss() == doctest::Approx(0.25));
    // A second trip changes nothing any more.
    CHECK(results_json(runs) == results_json({wanted}));
}

TEST_CASE("checkpoint: every byte of the state comes back") {
    const ScratchFolder folder;
    const auto file = folder.path() / "run.checkpoint";
    const Checkpoint checkpoint(file, full_run());
    std::string stale;
    CHECK(!checkpoint.load(stale));
    const SavedRun saved = some_state();
    checkpoint.save(saved.state, saved.carried);
    const auto back = checkpoint.load(stale);
    REQUIRE(back);
    CHECK(stale.empty());
    CHECK(back->state.step == 8);
    CHECK(back->state.elapsed_s == 0.1);
    CHECK(same_bytes(back->state.weights, saved.state.weights));
    CHECK(same_bytes(back->state.moments, saved.state.moments));
    CHECK(back->state.epoch_so_far.loss_sum == 0.1);
    REQUIRE(back->state.epochs.size() == 1);
    CHECK(back->state.epochs[0].validation->loss_sum == 2.5);
    CHECK(back->state.epochs[0].feedback.size() == saved.state.epochs[0].feedback.size());
    CHECK(back->state.epochs[0].alignment_deg == saved.state.epochs[0].alignment_deg);
    CHECK(back->carried.moment.time == saved.carried.moment.time);
    CHECK(back->carried.moment.exposures == 1ULL << 40);
    CHECK(back->carried.projections.repeats == 9);
    CHECK(back->carried.health->lowest_correlation == 0.9);
    CHECK(back->carried.description == "optical");
}

TEST_CASE("checkpoint: another run's, damaged and cut files are refused, another build's ignored") {
    const ScratchFolder folder;
    const auto file = folder.path() / "run.checkpoint";
    const SavedRun saved = some_state();
    Checkpoint(file, full_run()).save(saved.state, saved.carried);
    std::string stale;

    TrainingRun other = full_run();
    other.recipe[0].value = "0.002";
    try {
        Checkpoint(file, other).load(stale);
        FAIL("a checkpoint of another run was taken");
    } catch (const BadInput& e) {
        CHECK(std::string(e.what()).find("/recipe/learning_rate: \"0.001\" there, \"0.002\"") !=
              std::string::npos);
    }

    const auto content = read_file(file);
    const std::string good(reinterpret_cast<const char*>(content.data()), content.size());
    for (std::size_t k = 0; k < good.size(); k += 7) {
        std::string bad = good;
        bad[k] = static_cast<char>(bad[k] ^ 0x10);
        write_file(file, bad);
        CHECK_THROWS_AS(Checkpoint(file, full_run()).load(stale), BadInput);
    }
    for (std::size_t size = 0; size < good.size(); size += 11) {
        write_file(file, good.substr(0, size));
        CHECK_THROWS_AS(Checkpoint(file, full_run()).load(stale), BadInput);
    }
    write_file(file, good);
    CHECK(Checkpoint(file, full_run()).load(stale));
}
