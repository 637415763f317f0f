// The ways to measure a transmission matrix, on one bench: Hadamard and random patterns, in memory
// and on disk; filter and Kramers-Kronig; with a reference arm and without. Each predicts patterns
// it was not made from, and all find the same matrix.
#include "calibration/calibrate.h"
#include "calibration/intensity_comparison.h"
#include "calibration/matrix_comparison.h"
#include "calibration/matrix_uncertainty.h"
#include "sim/scene_file.h"
#include "sim/simulated_bench.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

using namespace opal;
using namespace opal::calibration;

namespace {

using Settings = std::vector<std::string>;

std::unique_ptr<sim::SimulatedBench> bench(const Settings& more = {}) {
    Settings settings{"dmd.rows=240",          "dmd.columns=320",
                      "dmd.macro_pixel_px=10", "dmd.illumination_waist_px=300",
                      "sensor.rows=128",       "sensor.columns=128",
                      "laser.warm_up_s=0.1"};
    settings.insert(settings.end(), more.begin(), more.end());
    return sim::make_simulated_bench(sim::load_scene("lab", settings), {2, nullptr});
}

Options small_region() {
    Options options;
    options.region_rows = options.region_columns = 64;
    options.carrier_frames = 64;
    return options;
}

Record calibrated(const Options& options, const Settings& more = {}) {
    const auto opened = bench(more);
    Observer nobody;
    Record record = calibrate(*opened, options, nobody);
    for (const NodeInfo& n : all_nodes())
        if (const Verdict* const verdict = verdict_of(record, n.node)) {
            INFO(std::string(n.title) << ": " << verdict->text);
            CHECK(verdict->passed);
        }
    REQUIRE(record.complete());
    return record;
}

const Record& usual() {
    static const Record record = calibrated(small_region());
    return record;
}

// A folder of this test's own, removed with all it holds.
struct Folder {
    std::filesystem::path path;
    Folder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "opal-methods-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
};

}  // namespace

TEST_CASE("two calibrations differ by what they state: noise, and a phase surface") {
    Options other = small_region();
    other.seed = 2;
    const Record again = calibrated(other);
    const auto found = compare_matrices(usual(), again);
    REQUIRE(found);
    // Carriers from 64 frames of 128 x 128 px: a surface far above the noise of the entries, which
    // the stated uncertainty has to cover: 4 sigma of three normal numbers, once in 5000.
    CAPTURE(found->surface_rad);
    CAPTURE(found->surface_sigma_rad);
    CHECK(found->surface_rad > 0.005);
    CHECK(found->surface_rad < 4 * found->surface_sigma_rad);
    CHECK_FALSE(found->surface_moved());
    CHECK_FALSE(found->medium_moved());
    // What is left: 2560 complex numbers, so the mean square of (difference / sigma) scatters by 2
    // % about one. What the frames of one calibration share (the guard strip's field, the
    // reference's image, clipped pixels) is not in sigma; three pairs gave 0.95, 1.15 and 1.21.
    CHECK(found->rest_over_noise > 0.8);
    CHECK(found->rest_over_noise < 1.4);
    // Without the surface taken out the difference is many times the entries' own sigma.
    const double noise = 1 - found->flat_expected * found->flat_expected;
    CHECK(1 - found->correlation * found->correlation > 3 * noise);
}

TEST_CASE("a record says how far a mode's phase is known") {
    const std::vector<float> phase = phase_sigma(usual());
    const Holography& h = usual().holography;
    REQUIRE(phase.size() == h.modes());
    // At the corner, by hand: 31.5 px up and left of the centre.
    const Carrier& c = *usual().carrier;
    const double r = 31.5;
    const double bend = h.curvature_rad_per_px2 == 0 ? std::hypot(c.curvature_rad_per_px2.sigma,
                                                                  c.curvature_rad_per_px2.value)
                                                     : c.curvature_rad_per_px2.sigma;
    const double expected = std::sqrt(std::pow(6.283185307 * c.rows_cpp.sigma * r, 2) +
                                      std::pow(6.283185307 * c.columns_cpp.sigma * r, 2) +
                                      std::pow(bend * 2 * r * r, 2));
    CHECK(static_cast<double>(phase.front()) == doctest::Approx(expected).epsilon(1e-5));
    CHECK(entry_sigma(usual()).size() == usual().matrix->entries.size());
}

TEST_CASE("random patterns find the matrix of Hadamard patterns; on disk the same bytes") {
    const Folder folder;
    const auto file = folder.path / "record.h5";
    save_record(usual(), file);
    Options random = small_region();
    random.record = file;
    random.method = MatrixMethod::random;
    random.scratch = folder.path / "scratch";
    const Record in_memory = calibrated(random);
    CHECK_FALSE(std::filesystem::exists(random.scratch));
    // Only what depends on the method was measured again.
    CHECK(result_hash(in_memory, Node::identity) == result_hash(usual(), Node::identity));
    CHECK(in_memory.matrix->method == MatrixMethod::random);
    CHECK(in_memory.validation->correlation.value >= 0.999);
    CHECK(in_memory.validation->new_patterns == in_memory.validation->patterns);
    const auto found = compare_matrices(usual(), in_memory);
    REQUIRE(found);
    // Same carrier, same guard strip: noise alone. 2560 complex numbers: 2 %, and what the strip's
    // field adds to both.
    CHECK(found->surface_rad < 0.002);
    CHECK(found->rest_over_noise > 0.85);
    CHECK(found->rest_over_noise < 1.6);

    random.memory_limit_mib = 0;
    const Record on_disk = calibrated(random);
    CHECK(on_disk.matrix->entries == in_memory.matrix->entries);
    CHECK(result_hash(on_disk, Node::matrix) == result_hash(in_memory, Node::matrix));
    CHECK_FALSE(std::filesystem::exists(random.scratch));
}

TEST_CASE("another way of demodulating or of measuring makes stale what was made otherwise") {
    const auto opened = bench();
    Options asked = small_region();
    const auto fresh = assess(*opened, asked, usual());
    for (const NodeInfo& n : all_nodes()) CHECK(fresh[n.node].state == NodeState::fresh);
    asked.method = MatrixMethod::random;
    const auto method = assess(*opened, asked, usual());
    CHECK(method[Node::drift].state == NodeState::fresh);
    CHECK(method[Node::matrix].state == NodeState::stale);
    CHECK(method[Node::matrix].reason.find("hadamard patterns") != std::string::npos);
    asked = small_region();
    asked.demodulation = Demodulation::kramers_kronig;
    const auto demodulation = assess(*opened, asked, usual());
    CHECK(demodulation[Node::photon_transfer].state == NodeState::stale);  // its input carrier
    CHECK(demodulation[Node::dark].state == NodeState::fresh);
    CHECK(demodulation[Node::carrier].state == NodeState::stale);
    CHECK(demodulation[Node::carrier].reason.find("by filter") != std::string::npos);
}

TEST_CASE("off-axis, Kramers-Kronig and intensities alone agree on one matrix") {
    Options options = small_region();
    options.demodulation = Demodulation::kramers_kronig;
    const Record kramers_kronig = calibrated(options);
    CHECK(kramers_kronig.holography.demodulation == Demodulation::kramers_kronig);
    CHECK(kramers_kronig.validation->correlation.value >= 0.999);
    const auto same = compare_matrices(usual(), kramers_kronig);
    REQUIRE(same);
    // The two low-passes differ: the filter's amplitude is a half at the pupil's edge, where the
    // other's is one, so of a mode's power they share all but about what lies there, 0.4 %; and the
    // filter has half of itself at the rim, a quarter of all modes here, up to 10 % off in
    // amplitude (docs/calibration.md): a quarter of 1 % of the power. 1 - 0.0065 / 2 = 0.9968.
    CHECK(same->flat_correlation > 0.995);

    IntensityOptions without;
    without.region_rows = without.region_columns = 64;
    const auto blocked = bench({"reference.blocked=true"});
    Observer nobody;
    const IntensityMatrix intensities = measure_intensities(*blocked, without, nobody);
    INFO(intensities.verdict.text);
    REQUIRE(intensities.verdict.passed);
    CHECK(blocked->laser().status().state == hal::LaserState::off);
    CHECK(intensities.patterns == 128);
    // What it is off by is what its own noise predicts: the error's relative scatter is that of
    // 128 x 256 numbers, 1 %, and the laser's power noise of 0.3 % a frame is in both.
    const double error = 1 - std::pow(intensities.correlation.value, 2);
    CHECK(error / intensities.expected_error > 0.8);
    CHECK(error / intensities.expected_error < 1.3);
    for (const Record* const record : {&usual(), &kramers_kronig}) {
        const auto found = compare(*record, intensities);
        // A pixel at a mode's centre sees the field there, the demodulator the mean over a few
        // pixels: neighbours share 0.2 % of their power (docs/calibration.md), in T and in the sum
        // of all T, so B' loses twice that at most; PRNU of one pixel is 1 % in amplitude, 1e-4. 1
        // - (2 * 0.002 + 1e-4) / 2 = 0.998.
        CHECK(found.correlation > 0.997);
        CHECK(found.correlation < found.expected + 1e-4);
        CHECK(found.worst_input > 0.99);
    }

    // It still holds on the bench it came from, with other patterns, and on no other.
    const auto same_bench = bench({"reference.blocked=true"});
    const IntensityMatrix held = validate_intensities(*same_bench, intensities, 7, nobody);
    INFO(held.verdict.text);
    CHECK(held.verdict.passed);
    CHECK(held.entries == intensities.entries);
    const double now = 1 - std::pow(held.correlation.value, 2);
    CHECK(now / held.expected_error > 0.8);
    CHECK(now / held.expected_error < 1.3);
    IntensityMatrix wrong = intensities;
    std::rotate(wrong.entries.begin(), wrong.entries.begin() + 256, wrong.entries.end());
    CHECK_FALSE(validate_intensities(*same_bench, wrong, 7, nobody).verdict.passed);
    wrong.bench_identity += "?";
    CHECK_THROWS_AS(validate_intensities(*same_bench, wrong, 7, nobody), std::invalid_argument);

    // The file, and what is not comparable.
    const Folder folder;
    save_intensities(intensities, folder.path / "b.h5");
    CHECK(holds_intensities(folder.path / "b.h5"));
    const IntensityMatrix back = load_intensities(folder.path / "b.h5");
    CHECK(back.entries == intensities.entries);
    CHECK(back.sigma == intensities.sigma);
    CHECK(back.region == intensities.region);
    save_record(usual(), folder.path / "a.h5");
    CHECK_FALSE(holds_intensities(folder.path / "a.h5"));
    CHECK_THROWS_AS(load_intensities(folder.path / "a.h5"), RecordError);
    IntensityMatrix shifted = intensities;
    shifted.pitch_rows_px = 2;
    CHECK_THROWS_AS(compare(usual(), shifted), std::invalid_argument);
    // Inputs in another order are found.
    shifted = intensities;
    std::rotate(shifted.entries.begin(), shifted.entries.begin() + 256, shifted.entries.end());
    CHECK(compare(usual(), shifted).correlation < 0.5);
}

TEST_CASE("with the reference arm open, intensities alone say what to do") {
    IntensityOptions options;
    options.region_rows = options.region_columns = 64;
    const auto open = bench();
    Observer nobody;
    const IntensityMatrix found = measure_intensities(*open, options, nobody);
    CHECK_FALSE(found.verdict.passed);
    CHECK(found.verdict.text.find("block the reference arm") != std::string::npos);
    CHECK(open->laser().status().state == hal::LaserState::off);
}

TEST_CASE("at 2 x 2 pixels per mode a bench is calibrated by Kramers-Kronig to 0.99") {
    const Settings dense{"speckle.pixels_per_mode_rows=2", "speckle.pixels_per_mode_columns=2",
                         "reference.carrier_rows_cpp=0.245", "reference.carrier_columns_cpp=0.235"};
    Options options = small_region();
    options.region_rows = options.region_columns = 32;  // as many modes as 64 x 64 px elsewhere
    options.demodulation = Demodulation::kramers_kronig;
    const Record record = calibrated(options, dense);
    CHECK(record.holography.pitch_rows_px == 2);
    CHECK(record.holography.pitch_columns_px == 2);
    CHECK(record.validation->correlation.value >= 0.99);
    // By the filter the carrier's verdict says what to do.
    options.demodulation = Demodulation::filter;
    const auto opened = bench(dense);
    Observer nobody;
    const Record refused = calibrate(*opened, options, nobody);
    REQUIRE(refused.carrier);
    CHECK_FALSE(refused.carrier->verdict.passed);
    CHECK(refused.carrier->verdict.text.find("kramers-kronig") != std::string::npos);
}
