// What of a record still holds: nodes are redone when they are too old, asked for, or made from
// something else, and for no other reason; and what has changed is told in sigmas.
#include "tests/calibration/small_bench.h"

#include "calibration/graph.h"
#include "calibration/record_diff.h"

#include <doctest/doctest.h>

#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

using namespace opal;
using calibration::Node;
using calibration::NodeState;
using calibration::Record;
namespace fs = std::filesystem;
using Names = std::vector<std::string>;

namespace {

class Watch final : public calibration::Observer {
public:
    void node_assessed(std::string_view title, const calibration::Freshness& f) override {
        reasons[std::string(title)] = f.reason;
    }
    void node_confirmed(std::string_view title, std::string_view) override {
        confirmed.emplace_back(title);
    }
    void node_started(std::string_view title, bool kept) override {
        if (!kept) measured.emplace_back(title);
    }
    void node_finished(std::string_view title, const calibration::Verdict& v) override {
        CAPTURE(std::string(title));
        CAPTURE(v.text);
        CHECK(v.passed);
    }
    Names measured, confirmed;
    std::map<std::string, std::string> reasons;
};

class Folder {
public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "opal-fresh-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    fs::path path;
};

// The bench of small_bench() after something on the table was touched: another scene under the old
// name, as in a lab, where nobody tells the bench's identity that a wave plate was turned.
class TouchedBench final : public hal::Bench {
public:
    explicit TouchedBench(std::vector<std::string> overrides)
        : inner_(tests::small_bench(std::move(overrides))),
          identity_(tests::small_bench()->identity()) {}
    hal::Dmd& dmd() override { return inner_->dmd(); }
    hal::Camera& camera() override { return inner_->camera(); }
    hal::Laser& laser() override { return inner_->laser(); }
    hal::Clock& clock() override { return inner_->clock(); }
    const std::string& name() const override { return inner_->name(); }
    const std::string& identity() const override { return identity_; }
    double laser_limit_mw() const override { return inner_->laser_limit_mw(); }

private:
    std::unique_ptr<sim::SimulatedBench> inner_;
    std::string identity_;
};

constexpr double noon_s = 1.8e9;  // some day's
constexpr double hour_s = 3600;

// A finished record on the disk, made at noon.
struct Finished {
    Finished() {
        options = tests::small_options();
        options.record = folder.path / "lab.h5";
        options.utc_s = [this] { return now_s; };
        const auto bench = tests::small_bench();
        Watch watch;
        record = calibration::calibrate(*bench, options, watch);
        REQUIRE(record.complete());
        calibration::save_record(record, options.record);
    }
    Watch again(std::vector<std::string> overrides = {}) {
        TouchedBench bench(std::move(overrides));
        Watch watch;
        result = calibration::calibrate(bench, options, watch);
        CHECK(result.complete());
        return watch;
    }
    Folder folder;
    calibration::Options options;
    double now_s = noon_s;
    Record record, result;
};

bool contains(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("ages, options, requests: what is stale is redone, and nothing else") {
    Finished f;
    for (const auto& n : calibration::all_nodes()) {
        const auto* const v = calibration::verdict_of(f.record, n.node);
        CAPTURE(std::string(n.title));
        REQUIRE(v != nullptr);
        CHECK(v->measured_utc_s == noon_s);
        CHECK(v->result.size() == 16);
        CHECK(v->made_from.size() == n.inputs.size());
        CHECK_FALSE(v->checks.empty());
        CHECK(v->age_limit_s > 0);
    }
    // Nothing has changed: nothing is measured, and the result is the same to the bit.
    f.now_s = noon_s + 60;
    CHECK(f.again().measured.empty());
    CHECK(calibration::encode_record(f.result) == calibration::encode_record(f.record));

    // Validation is good for an hour, the others for longer.
    f.now_s = noon_s + 1.5 * hour_s;
    Watch watch = f.again();
    CHECK(watch.measured == Names{"validation"});
    CHECK(contains(watch.reasons["validation"], "90 min old, good for 60 min"));
    CHECK(contains(watch.reasons["dark"], "good for 24 h"));
    CHECK(f.result.matrix->entries == f.record.matrix->entries);
    // The matrix was 90 minutes old then, not as old as validation's own frames: two seconds of
    // them say nothing about that, and the budget does not pretend they do.
    const auto drift_of = [](const Record& r) {
        const auto& budget = r.validation->budget;
        return *std::find_if(budget.begin(), budget.end(),
                             [](const auto& s) { return s.name == "drift"; });
    };
    CHECK(drift_of(f.record).separable);
    CHECK(contains(drift_of(f.record).how, "matrix's age of 0."));  // 1536 frames of 200 us
    CHECK_FALSE(drift_of(f.result).separable);
    CHECK(contains(drift_of(f.result).how, "matrix's age of 90 min"));

    // The reference is confirmed after eight hours: the map made from it stays. The medium's
    // results are replaced: after four hours nobody promises them.
    f.now_s = noon_s + 10 * hour_s;
    watch = f.again();
    CHECK(watch.measured ==
          Names{"reference", "identity", "drift", "transmission matrix", "validation"});
    CHECK(watch.confirmed == Names{"reference"});
    CHECK(f.result.reference->mean_dn.value == f.record.reference->mean_dn.value);
    CHECK(f.result.reference->verdict.confirmed_utc_s == f.now_s);
    CHECK(f.result.reference->verdict.measured_utc_s == noon_s);
    CHECK(contains(watch.reasons["transmission matrix"], "its input identity has changed"));

    // The same with another wish.
    f.options.age_limit_s[Node::validation] = 0;  // none
    f.now_s = noon_s + 1.5 * hour_s;
    CHECK(f.again().measured.empty());
    f.options.age_limit_s[Node::drift] = 60;
    CHECK(f.again().measured == Names{"drift", "validation"});
    f.options.age_limit_s = {};

    // A clock that was set back makes ages unknown, not young.
    f.now_s = noon_s - hour_s;
    CHECK(contains(f.again().reasons["dark"], "clock was set back"));

    f.now_s = noon_s;
    f.options.redo[Node::map] = true;
    watch = f.again();
    CHECK(watch.measured == Names{"map"});
    CHECK(watch.reasons["map"] == "asked for");
    f.options.redo = {};

    // More inputs: everything up to the map does not know them.
    f.options.inputs = 5;
    watch = f.again();
    CHECK(watch.measured == Names{"identity", "drift", "transmission matrix", "validation"});
    CHECK(contains(watch.reasons["identity"], "other options"));
    CHECK(f.result.inputs == 5);
}

TEST_CASE("a verdict that was no is not forgotten over the older record") {
    Finished f;
    f.options.partial = f.folder.path / "lab.h5.partial";
    f.now_s = noon_s + 60;
    f.options.redo[Node::reference] = true;
    {
        // Somebody has turned the wave plate: 2.2 : 1 where 4 : 1 is wanted.
        TouchedBench bench({"reference.ratio=1.5"});
        calibration::Observer silent;
        const Record bad = calibration::calibrate(bench, f.options, silent);
        REQUIRE_FALSE(bad.complete());
        REQUIRE_FALSE(bad.reference->verdict.passed);
    }
    f.options.redo = {};
    f.now_s = noon_s + 120;
    const auto bench = tests::small_bench();
    const auto stored = calibration::stored_record(*bench, f.options);
    REQUIRE(stored);
    const auto states = calibration::assess(*bench, f.options, *stored);
    CHECK(states[Node::carrier].state == NodeState::fresh);
    CHECK(states[Node::reference].state == NodeState::failed);
    CHECK(states[Node::map].state == NodeState::stale);
    CHECK(states[Node::matrix].state == NodeState::stale);
    // The plate is back where it was.
    const Watch watch = f.again();
    CHECK(watch.measured ==
          Names{"reference", "map", "identity", "drift", "transmission matrix", "validation"});
    CHECK(contains(watch.reasons.at("reference"), "its verdict was no"));
    CHECK(calibration::encode_record(f.result) != calibration::encode_record(f.record));
}

TEST_CASE(
    "killed while measuring again: the newer result counts, and what hung on the older goes") {
    Finished f;
    f.options.partial = f.folder.path / "lab.h5.partial";
    f.now_s = noon_s + 60;
    f.options.redo[Node::reference] = true;
    // 30 % less light from the reference arm; the run ends with the map under way.
    const std::vector<std::string> touched{"sensor.reference_photons_per_px_us=28"};
    struct Killed {};
    class Killer final : public calibration::Observer {
    public:
        void node_started(std::string_view title, bool) override {
            if (title == "map") throw Killed{};
        }
    } killer;
    {
        TouchedBench bench(touched);
        CHECK_THROWS_AS(calibration::calibrate(bench, f.options, killer), Killed);
    }
    f.options.redo = {};
    f.now_s = noon_s + 120;
    const Watch watch = f.again(touched);
    CHECK(watch.measured == Names{"map", "identity", "drift", "transmission matrix", "validation"});
    CHECK(contains(watch.reasons.at("map"), "its input reference has changed"));
    CHECK(f.result.reference->mean_dn.value < 0.8 * f.record.reference->mean_dn.value);
    CHECK(f.result.holography.reference_dn != f.record.holography.reference_dn);

    // What is left of a run that asked for something else takes nothing away.
    f.options.partial = f.folder.path / "other.partial";
    f.options.inputs = 5;
    f.options.redo[Node::identity] = true;
    class Stop final : public calibration::Observer {
    public:
        void node_started(std::string_view title, bool) override {
            if (title == "drift") throw Killed{};
        }
    } stop;
    {
        TouchedBench bench({});
        CHECK_THROWS_AS(calibration::calibrate(bench, f.options, stop), Killed);
    }
    f.options.redo = {};
    f.options.inputs = tests::small_options().inputs;
    CHECK(f.again().measured.empty());
    CHECK(calibration::encode_record(f.result) == calibration::encode_record(f.record));
}

TEST_CASE("a bench that has changed: what was too old is replaced, and so is all that follows") {
    Finished f;
    f.now_s = noon_s + 10 * hour_s;
    f.options.age_limit_s[Node::validation] = 0;
    for (const Node n : {Node::identity, Node::drift, Node::matrix}) f.options.age_limit_s[n] = 0;
    // 30 % less light from the reference arm.
    const Watch watch = f.again({"sensor.reference_photons_per_px_us=28"});
    CHECK(watch.measured ==
          Names{"reference", "map", "identity", "drift", "transmission matrix", "validation"});
    CHECK(watch.confirmed.empty());

    const auto diff = calibration::compare(f.record, f.result);
    CHECK(diff.changed());
    const auto& reference = diff.nodes[static_cast<std::size_t>(Node::reference)];
    CHECK(reference.kind == calibration::NodeDiff::Kind::changed);
    // The exposure was kept, so the mean itself fell: 28 / 40.
    REQUIRE(reference.changes.front().what == "reference light");
    CHECK(reference.changes.front().percent() == doctest::Approx(-30).epsilon(0.05));
    CHECK(reference.changes.front().sigmas > 40);
    CHECK(contains(reference.text, "reference light fell by 30 %"));
    CHECK(contains(reference.text, "the laser has aged"));
    CHECK(diff.nodes.front().kind == calibration::NodeDiff::Kind::same);
}

TEST_CASE("a beam that has moved sideways, as bright as before, is not confirmed") {
    Finished f;
    f.now_s = noon_s + 60;
    f.options.redo[Node::map] = true;
    // Half of a block's width on the DMD: contrast, latency and timing are as they were.
    Watch watch = f.again({"dmd.illumination_column_offset_px=20"});
    CHECK(watch.confirmed.empty());
    CHECK(watch.measured == Names{"map", "identity", "drift", "transmission matrix", "validation"});
    const auto diff = calibration::compare(f.record, f.result);
    const auto& map = diff.nodes[static_cast<std::size_t>(Node::map)];
    CHECK(map.kind == calibration::NodeDiff::Kind::changed);
    CHECK(contains(map.text, "the beam on the DMD has moved"));
    CHECK(contains(map.text, "light of the DMD's block"));

    // The reference beam in the same way, its light within 2 % of what it was.
    f.options.redo = {};
    f.options.redo[Node::reference] = true;
    Record moved = f.record;
    auto& light = moved.holography.reference_dn;
    for (std::size_t i = 0; i < light.size(); ++i)
        light[i] *= 1 + 0.06F * (static_cast<float>(i % 64) / 63 - 0.5F);
    const auto seen = calibration::compare(f.record, moved, Node::reference);
    CHECK(seen.kind == calibration::NodeDiff::Kind::changed);
    CHECK(contains(seen.text, "reference beam has moved"));
}

TEST_CASE("the reference's uncertainty is that of the laser's power") {
    // 1 % from frame to frame, the same in all pixels: 64 frames give the mean to 0.125 %, however
    // many pixels there are. The scatter of 64 is known to 9 %.
    const auto bench = tests::small_bench({"laser.power_noise=0.01"});
    class Stop final : public calibration::Observer {
    public:
        void node_started(std::string_view title, bool) override {
            if (title == "map") stop.request_stop();
        }
        std::stop_source stop;
    } watch;
    Folder folder;
    auto options = tests::small_options();
    options.partial = folder.path / "partial.h5";
    CHECK_THROWS_AS(calibration::calibrate(*bench, options, watch, watch.stop.get_token()),
                    calibration::Interrupted);
    const Record record = calibration::load_record(options.partial);
    const auto& mean = record.reference->mean_dn;
    CHECK(mean.sigma / mean.value == doctest::Approx(0.01 / 8).epsilon(0.35).scale(0));
}

TEST_CASE("two calibrations of one bench are equal; another medium is not") {
    Finished f;
    const auto bench = tests::small_bench();
    calibration::Options fresh = f.options;
    fresh.record.clear();
    fresh.carrier_frames = 192;  // shifts every frame after it: other noise, the same question
    Watch watch;
    const Record other = calibration::calibrate(*bench, fresh, watch);
    const auto diff = calibration::compare(f.record, other);
    for (const auto& n : diff.nodes) {
        CAPTURE(std::string(calibration::info_of(n.node).title));
        CAPTURE(n.text);
        // The shift comes after the first two.
        CHECK(n.kind == (n.node < Node::carrier ? calibration::NodeDiff::Kind::same
                                                : calibration::NodeDiff::Kind::within));
    }
    CHECK_FALSE(diff.changed());
    REQUIRE(diff.matrix);
    CHECK(diff.matrix->correlation > 0.998);

    Record moved = other;
    // An independent medium of the same strength: the modes in another order.
    auto& t = moved.matrix->entries;
    std::rotate(t.begin(), t.begin() + 37, t.end());
    const auto now = calibration::compare(f.record, moved);
    CHECK(now.changed());
    CHECK(now.matrix->correlation < 0.2);
    CHECK(contains(now.nodes[static_cast<std::size_t>(Node::matrix)].text, "has moved"));

    // A tilt of half a radian over the region is told from a medium that moved.
    moved = other;
    const auto columns = static_cast<std::size_t>(moved.holography.mode_columns);
    for (std::size_t k = 0; k < moved.matrix->entries.size(); ++k)
        moved.matrix->entries[k] *= std::polar(1.0F, 0.03F * static_cast<float>(k % columns));
    const auto tilted = calibration::compare(f.record, moved);
    CHECK(contains(tilted.nodes[static_cast<std::size_t>(Node::matrix)].text, "tilt"));
    CHECK(tilted.matrix->flat_correlation > 0.998);
}

TEST_CASE("ages in words") {
    CHECK(calibration::text_of_age(90) == "90 s");
    CHECK(calibration::text_of_age(1500) == "25 min");
    CHECK(calibration::text_of_age(9000) == "2.5 h");
    CHECK(calibration::text_of_age(30 * 86400.0) == "30 d");
}
