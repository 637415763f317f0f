// The graph as a whole: it stops at the first negative verdict and says what to do, resumes where
// it stopped, and leaves the laser off whatever happens.
#include "tests/calibration/small_bench.h"
#include "tests/projection/faulty_bench.h"

#include "hal/error.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>

using namespace opal;
using calibration::Record;
namespace fs = std::filesystem;

namespace {

class Watch final : public calibration::Observer {
public:
    void node_started(std::string_view title, bool resumed) override {
        (resumed ? kept : measured).emplace_back(title);
        if (on_start) on_start(title);
    }
    void progress(std::size_t done, std::size_t) override {
        if (on_progress) on_progress(done);
    }
    void node_finished(std::string_view title, const calibration::Verdict& verdict) override {
        last_title = title;
        last = verdict;
    }
    std::vector<std::string> measured, kept;
    std::string last_title;
    calibration::Verdict last;
    std::function<void(std::string_view)> on_start;
    std::function<void(std::size_t)> on_progress;
};

void check_safe(hal::Bench& bench) {
    CHECK(bench.laser().status().state == hal::LaserState::off);
    CHECK_FALSE(bench.camera().status().armed);
    CHECK_FALSE(bench.dmd().status().running);
}

// Calibrates, expects a negative verdict of this node, returns its text.
std::string failure_of(const std::string& node, std::vector<std::string> overrides) {
    const auto bench = tests::small_bench(std::move(overrides));
    Watch watch;
    const Record record = calibration::calibrate(*bench, tests::small_options(), watch);
    check_safe(*bench);
    CHECK_FALSE(record.complete());
    CHECK(watch.last_title == node);
    CHECK_FALSE(watch.last.passed);
    return watch.last.text;
}

bool contains(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

class Folder {
public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "opal-graph-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    fs::path path;
};

// A camera whose trigger input hangs in the air: software triggers work, edges never arrive.
class UnpluggedCamera final : public hal::Camera {
public:
    explicit UnpluggedCamera(hal::Camera& inner, hal::Clock& clock)
        : inner_(inner), clock_(clock) {}
    const hal::CameraInfo& info() const override { return inner_.info(); }
    hal::CameraSettings configure(const hal::CameraSettings& wanted) override {
        return inner_.configure(wanted);
    }
    const hal::CameraSettings& settings() const override { return inner_.settings(); }
    void arm(std::uint64_t frames) override { inner_.arm(frames); }
    void trigger() override { inner_.trigger(); }
    bool receive(hal::Frame& frame, hal::Deadline deadline) override {
        if (inner_.settings().trigger == hal::TriggerSource::software)
            return inner_.receive(frame, deadline);
        clock_.wait_until(deadline.at);
        return false;
    }
    void disarm() override { inner_.disarm(); }
    hal::CameraStatus status() override { return inner_.status(); }

private:
    hal::Camera& inner_;
    hal::Clock& clock_;
};

class UnpluggedBench final : public hal::Bench {
public:
    explicit UnpluggedBench(hal::Bench& inner)
        : inner_(inner), camera_(inner.camera(), inner.clock()) {}
    hal::Dmd& dmd() override { return inner_.dmd(); }
    hal::Camera& camera() override { return camera_; }
    hal::Laser& laser() override { return inner_.laser(); }
    hal::Clock& clock() override { return inner_.clock(); }
    const std::string& name() const override { return inner_.name(); }
    const std::string& identity() const override { return inner_.identity(); }
    double laser_limit_mw() const override { return inner_.laser_limit_mw(); }

private:
    hal::Bench& inner_;
    UnpluggedCamera camera_;
};

}  // namespace

TEST_CASE("a healthy small bench passes") {
    const auto bench = tests::small_bench();
    Watch watch;
    const Record record = calibration::calibrate(*bench, tests::small_options(), watch);
    INFO(watch.last_title << ": " << watch.last.text);
    CHECK(record.complete());
    CHECK(watch.measured.size() == 10);
    check_safe(*bench);
    // Validation asks what the matrix was not made from: four inputs have 16 patterns, and half of
    // them were kept back.
    REQUIRE(record.validation);
    CHECK(record.validation->patterns == 256);
    CHECK(record.validation->new_patterns == 256);
    CHECK(contains(record.validation->verdict.text, "256 of them new"));
}

TEST_CASE("negative verdicts name the node, the finding and the remedy") {
    {
        const std::string text = failure_of("reference", {"reference.ratio=1.5"});
        CHECK(contains(text, "reference too weak"));
        CHECK(contains(text, "half-wave plate"));
    }
    {
        const std::string text =
            failure_of("exposure", {"sensor.reference_photons_per_px_us=0.00001"});
        CHECK(contains(text, "more laser power"));
    }
    {
        // Both bands lie on top of the light that does not interfere.
        const std::string text = failure_of(
            "carrier", {"reference.carrier_rows_cpp=0.1", "reference.carrier_columns_cpp=0.1"});
        CHECK(contains(text, "tilt the reference more"));
    }
    {
        const std::string text = failure_of("map", {"dmd.contrast=20"});
        CHECK(contains(text, "stray light"));
    }
    {
        const std::string text = failure_of("dark", {"sensor.black_level_dn8=0"});
        CHECK(contains(text, "black level"));
    }
}

TEST_CASE("too much light: the laser's power is lowered until nothing saturates") {
    const auto bench = tests::small_bench(
        {"sensor.reference_photons_per_px_us=40000", "sensor.min_exposure_us=50"});
    Watch watch;
    const Record record = calibration::calibrate(*bench, tests::small_options(), watch);
    REQUIRE(record.exposure);
    INFO(record.exposure->verdict.text);
    CHECK(record.exposure->verdict.passed);
    CHECK(record.laser_power_mw < 0.1 * bench->laser_limit_mw());
    CHECK(record.exposure->saturated_fraction < 1e-3);
    check_safe(*bench);
}

TEST_CASE("interlock open: one clear fault, laser off") {
    const auto bench = tests::small_bench();
    bench->set_interlock(false);
    Watch watch;
    try {
        calibration::calibrate(*bench, tests::small_options(), watch);
        FAIL("calibrated through an open door");
    } catch (const hal::DeviceError& e) {
        CHECK(e.kind() == hal::ErrorKind::refused);
        CHECK(contains(e.what(), "interlock"));
    }
    check_safe(*bench);
}

TEST_CASE("the door opens in the middle: no record of dark frames is taken for light") {
    const auto bench = tests::small_bench();
    Watch watch;
    watch.on_start = [&](std::string_view title) {
        if (title == "reference") bench->set_interlock(false);
    };
    bool complete = true;
    try {
        complete = calibration::calibrate(*bench, tests::small_options(), watch).complete();
    } catch (const hal::DeviceError&) {
        complete = false;
    }
    CHECK_FALSE(complete);
    check_safe(*bench);
}

TEST_CASE("trigger cable unplugged: the message says where to look") {
    const auto inner = tests::small_bench();
    UnpluggedBench bench(*inner);
    Watch watch;
    try {
        calibration::calibrate(bench, tests::small_options(), watch);
        FAIL("calibrated without triggers");
    } catch (const hal::DeviceError& e) {
        CHECK(e.kind() == hal::ErrorKind::mispaired);
        CHECK(contains(e.what(), "trigger cable"));
    }
    check_safe(bench);
}

TEST_CASE("Ctrl-C anywhere: Interrupted, everything off; the next run resumes and agrees") {
    const Folder folder;
    auto options = tests::small_options();
    options.partial = folder.path / "lab.h5.partial";
    {
        const auto bench = tests::small_bench();
        std::stop_source stop;
        Watch watch;
        watch.on_start = [&](std::string_view title) {
            if (title == "map")
                watch.on_progress = [&](std::size_t done) {
                    if (done == 20) stop.request_stop();
                };
        };
        CHECK_THROWS_AS(calibration::calibrate(*bench, options, watch, stop.get_token()),
                        calibration::Interrupted);
        check_safe(*bench);
        CHECK(watch.measured.back() == "map");
    }
    REQUIRE(fs::exists(options.partial));
    const auto bench = tests::small_bench();
    Watch watch;
    const Record record = calibration::calibrate(*bench, options, watch);
    CHECK(watch.kept ==
          std::vector<std::string>{"dark", "exposure", "carrier", "photon transfer", "reference"});
    CHECK(watch.measured.front() == "map");
    CHECK(record.complete());
    // Should the record itself not reach the disk, nothing has to be measured again.
    Watch again;
    CHECK(calibration::calibrate(*bench, options, again).complete());
    CHECK(again.measured.empty());
    CHECK(again.kept.size() == 10);
}

TEST_CASE("a partial record of another question is not used") {
    const Folder folder;
    auto options = tests::small_options();
    options.partial = folder.path / "partial.h5";
    const auto stop_at = [&](const char* node, calibration::Options asked) {
        const auto bench = tests::small_bench();
        std::stop_source stop;
        Watch watch;
        watch.on_start = [&](std::string_view title) {
            if (title == node) stop.request_stop();
        };
        CHECK_THROWS_AS(calibration::calibrate(*bench, asked, watch, stop.get_token()),
                        calibration::Interrupted);
        return watch;
    };
    stop_at("carrier", options);
    // Dark frames do not depend on the region; everything else does.
    auto other = options;
    other.region_rows = 32;
    CHECK(stop_at("carrier", other).kept == std::vector<std::string>{"dark"});
    auto seeded = other;
    seeded.created_by = "opal of tomorrow";
    CHECK(stop_at("exposure", seeded).kept.empty());
}

TEST_CASE("impossible wishes are refused before anything moves") {
    const auto bench = tests::small_bench();
    Watch watch;
    const auto refused = [&](auto change) {
        auto options = tests::small_options();
        change(options);
        CHECK_THROWS_AS(calibration::calibrate(*bench, options, watch), std::invalid_argument);
    };
    refused([](auto& o) { o.inputs = 0; });
    refused([](auto& o) { o.inputs = 1000000; });
    refused([](auto& o) { o.region_rows = 4096; });
    refused([](auto& o) { o.region_columns = 0; });
    refused([&](auto& o) { o.laser_power_mw = bench->laser_limit_mw() * 1.01; });
    refused([](auto& o) { o.laser_power_mw = -1; });
    CHECK(watch.measured.empty());
    check_safe(*bench);
}

TEST_CASE("exposures taken again are counted and told, node by node") {
    const auto inner = tests::small_bench();
    tests::FaultyBench bench(*inner);
    Watch watch;
    std::uint64_t begin = 0;  // of a node, in frames received
    std::string node;
    watch.on_start = [&](std::string_view title) {
        node = title;
        begin = bench.faulty.frames;
    };
    // Data of the first run of each of these nodes: six exposures teach the sentinels, three lead.
    bench.faulty.torn = [&](std::uint64_t n) { return node == "drift" && n == begin + 20; };
    bench.faulty.stale = [&](std::uint64_t n) {
        if (node == "transmission matrix") return n == begin + 30 || n == begin + 80;
        return node == "validation" && n == begin + 51;
    };
    const Record record = calibration::calibrate(bench, tests::small_options(), watch);
    INFO(watch.last_title << ": " << watch.last.text);
    REQUIRE(record.complete());
    check_safe(*inner);
    CHECK(record.identity.verdict.repeated_runs == 0);
    CHECK_FALSE(contains(record.identity.verdict.text, "taken again"));
    CHECK(record.drift->verdict.repeated_runs == 1);
    CHECK(contains(record.drift->verdict.text, "1 run taken again"));
    CHECK(contains(record.drift->verdict.text, "incomplete"));
    CHECK(record.matrix->verdict.repeated_runs == 0);
    CHECK(record.matrix->verdict.misread_frames == 2);
    CHECK(contains(record.matrix->verdict.text, "2 frames taken again"));
    CHECK(contains(record.matrix->verdict.text, "code word"));
    CHECK(record.validation->verdict.misread_frames == 1);
    CHECK(contains(record.validation->verdict.text, "1 frame taken again"));

    const Folder folder;
    calibration::save_record(record, folder.path / "lab.h5");
    const Record back = calibration::load_record(folder.path / "lab.h5");
    CHECK(back.drift->verdict.repeated_runs == 1);
    CHECK(back.matrix->verdict.misread_frames == 2);
}

TEST_CASE("a camera that is always one frame late inside the data is found out") {
    const auto inner = tests::small_bench();
    tests::FaultyBench bench(*inner);
    Watch watch;
    std::string node;
    std::uint64_t begin = 0;
    watch.on_start = [&](std::string_view title) {
        node = title;
        begin = bench.faulty.frames;
    };
    // Every data frame of every run shows the light of the one before; sentinels are as they
    // should be. Six exposures teach the sentinels; runs are of 128 patterns and four sentinels.
    bench.faulty.stale = [&](std::uint64_t n) {
        if (node != "transmission matrix" || n < begin + 6) return false;
        const std::uint64_t at = (n - begin - 6) % 132;
        return at > 3 && at < 131;
    };
    try {
        calibration::calibrate(bench, tests::small_options(), watch);
        FAIL("a shifted matrix was accepted");
    } catch (const hal::DeviceError& e) {
        CHECK(e.kind() == hal::ErrorKind::mispaired);
        CHECK(contains(e.what(), "code word"));
        CHECK(contains(e.what(), "trigger cable"));
    }
    check_safe(*inner);
}

TEST_CASE("a region too small to tell frames apart is refused, with one that is not") {
    const auto bench = tests::small_bench();
    auto options = tests::small_options();
    options.region_rows = 32;
    options.region_columns = 32;
    Watch watch;
    CHECK_FALSE(calibration::calibrate(*bench, options, watch).complete());
    CHECK(watch.last_title == "identity");
    CHECK(contains(watch.last.text, "32 x 32 px has 64 modes"));
    CHECK(contains(watch.last.text, "--region "));
}

TEST_CASE("an uncertainty is shown with two digits, and its value with as many decimals") {
    CHECK(calibration::text_of({2.50312, 0.00418}) == "2.5031 +- 0.0042");
    CHECK(calibration::text_of({1801.3, 26.2}) == "1801 +- 26");
    CHECK(calibration::text_of({1801.3, 262}) == "1801 +- 262");
    CHECK(calibration::text_of({5, 0}) == "5");
}
