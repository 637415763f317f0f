// Calibrate: the graph of nodes, in the order their inputs allow. See calibrate.h.
#include "calibration/calibrate.h"

#include "calibration/record_diff.h"
#include "calibration/record_hash.h"
#include "calibration/record_merge.h"
#include "calibration/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace opal::calibration {

namespace {

// What had to be taken again for a verdict.
void count_repeats(Verdict& verdict, const Session& session) {
    verdict.repeated_runs = session.repeated_runs;
    verdict.misread_frames = session.misread_frames;
    const auto counted = [](std::uint32_t n, const char* what) {
        return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
    };
    std::string again;
    if (session.repeated_runs > 0) again = counted(session.repeated_runs, "run");
    if (session.misread_frames > 0)
        again += (again.empty() ? "" : " and ") + counted(session.misread_frames, "frame");
    if (!again.empty())
        verdict.text +=
            fmt::format("; {} taken again, the last because {}", again, session.last_failure);
}

template <typename Result>
void keep(Session& session, std::optional<Result> Record::*member, Result (*measure)(Session&)) {
    Result result = measure(session);
    session.record.*member = std::move(result);
}

void measure(Session& s, Node node) {
    switch (node) {
        case Node::dark:
            return keep(s, &Record::dark, &measure_dark);
        case Node::exposure:
            return keep(s, &Record::exposure, &measure_exposure);
        case Node::carrier:
            return keep(s, &Record::carrier, &measure_carrier);
        case Node::photon_transfer:
            return keep(s, &Record::photon_transfer, &measure_photon_transfer);
        case Node::reference:
            return keep(s, &Record::reference, &measure_reference);
        case Node::map:
            return keep(s, &Record::map, &measure_map);
        case Node::identity:
            s.record.identity = measure_identity(s);
            return;
        case Node::drift:
            return keep(s, &Record::drift, &measure_drift);
        case Node::matrix:
            return keep(s, &Record::matrix, &measure_matrix);
        case Node::validation:
            return keep(s, &Record::validation, &measure_validation);
    }
}

double wanted_power_mw(const hal::Bench& bench, const Options& options) {
    const double limit = bench.laser_limit_mw();
    if (options.laser_power_mw < 0 || options.laser_power_mw > limit)
        throw std::invalid_argument(fmt::format(
            "a laser power of {:.6g} mW was asked for; this bench allows 0 to {:.6g} mW",
            options.laser_power_mw, limit));
    return options.laser_power_mw > 0 ? options.laser_power_mw : limit;
}

hal::PixelFormat wanted_format(const hal::CameraInfo& camera, const Options& options) {
    const auto fewer_bits = [](auto a, auto b) { return hal::bits_of(a) < hal::bits_of(b); };
    if (!options.format)
        return *std::max_element(camera.formats.begin(), camera.formats.end(), fewer_bits);
    if (std::find(camera.formats.begin(), camera.formats.end(), *options.format) ==
        camera.formats.end())
        throw std::invalid_argument(
            fmt::format("{} bits per pixel were asked for; the camera offers at most {}",
                        hal::bits_of(*options.format),
                        hal::bits_of(*std::max_element(camera.formats.begin(), camera.formats.end(),
                                                       fewer_bits))));
    return *options.format;
}

// Two tiles of the carrier node on each side: see nodes/carrier.cpp.
hal::Region survey_region(const hal::CameraInfo& camera) {
    const int shorter = std::min(camera.sensor_rows, camera.sensor_columns);
    int size = 128;
    while (size < 1024 && 2 * size <= shorter) size *= 2;
    if (size > shorter)
        throw std::invalid_argument(
            fmt::format("the sensor has {} x {} px; calibration needs at least 128 x 128",
                        camera.sensor_rows, camera.sensor_columns));
    return centred_region(camera, size, size, 1, 1);
}

Record fresh_record(hal::Bench& bench, const Options& options) {
    const hal::CameraInfo& camera = bench.camera().info();
    Record record;
    record.bench_name = bench.name();
    record.bench_identity = bench.identity();
    record.created_by = options.created_by;
    record.dmd_rows = bench.dmd().info().rows;
    record.dmd_columns = bench.dmd().info().columns;
    record.inputs = options.inputs;
    const Layout layout(record.dmd_rows, record.dmd_columns, options.inputs);  // throws if too many
    record.layout = layout.fingerprint();
    record.laser_power_mw = wanted_power_mw(bench, options);
    record.survey = survey_region(camera);
    record.holography.format = wanted_format(camera, options);
    record.holography.demodulation = options.demodulation;
    record.holography.region =
        centred_region(camera, options.region_rows, options.region_columns, 1, 1);
    record.options = fmt::format(
        "{} inputs, {} x {} px, {} bits, {:.6g} mW, {} carrier frames, seed {}, {} patterns, "
        "demodulation by {}",
        layout.inputs(), options.region_rows, options.region_columns,
        hal::bits_of(record.holography.format), record.laser_power_mw, options.carrier_frames,
        options.seed, name_of(options.method), name_of(options.demodulation));
    return record;
}

// What was asked for, as far as each node depends on it.
PerNode<std::string> options_of(const Options& o, const Record& fresh) {
    const std::string camera = fmt::format("{} bits", hal::bits_of(fresh.holography.format));
    const std::string light =
        fmt::format("{}, {} x {} px, {:.6g} mW, seed {}", camera, o.region_rows, o.region_columns,
                    fresh.laser_power_mw, o.seed);
    const std::string fields = fmt::format("{}, by {}", light, name_of(o.demodulation));
    const std::string inputs = fmt::format("{}, {} inputs [{}]", fields, o.inputs, fresh.layout);
    PerNode<std::string> options;
    options[Node::dark] = camera;
    options[Node::exposure] = light;
    options[Node::carrier] = fmt::format("{}, {} carrier frames", fields, o.carrier_frames);
    options[Node::photon_transfer] = light;
    for (const Node n : {Node::reference, Node::map}) options[n] = fields;
    for (const Node n : {Node::identity, Node::drift, Node::matrix, Node::validation})
        options[n] = inputs;
    for (const Node n : {Node::matrix, Node::validation})
        options[n] += fmt::format(", {} patterns", name_of(o.method));
    return options;
}

Wanted wanted_of(const Options& options, const Record& fresh) {
    Wanted wanted;
    wanted.bench = bench_hash(fresh);
    const auto asked = options_of(options, fresh);
    for (const NodeInfo& n : all_nodes()) wanted.options[n.node] = asked[n.node];
    wanted.age_limit_s = options.age_limit_s;
    wanted.redo = options.redo;
    wanted.now_utc_s = options.utc_s ? options.utc_s() : 0;
    return wanted;
}

// A record that cannot be read, or is another bench's, is none.
std::optional<Record> readable(const std::filesystem::path& path, const Record& fresh) {
    if (path.empty() || !std::filesystem::exists(path)) return std::nullopt;
    try {
        Record found = load_record(path);
        if (found.bench_identity == fresh.bench_identity) return found;
    } catch (const RecordError&) {
    }
    return std::nullopt;
}

std::optional<Record> stored_record(const Options& options, const Record& fresh,
                                    const Wanted& wanted) {
    std::optional<Record> finished = readable(options.record, fresh);
    std::optional<Record> left = readable(options.partial, fresh);
    if (finished && left) return merge(std::move(*finished), *left, wanted);
    return finished ? std::move(finished) : std::move(left);
}

// Takes what is not merely old out of the stored record, and says why; what is left agrees with
// itself. Settings are those of `fresh`, but for what the remaining nodes have found.
Record remainder(Record stored, const Record& fresh, const Wanted& wanted,
                 PerNode<std::string>& reasons) {
    const auto states = assess(stored, wanted);
    for (const NodeInfo& n : all_nodes()) {
        const Freshness& f = states[n.node];
        if (f.state == NodeState::fresh || f.may_hold) continue;
        reasons[n.node] = f.reason;
        forget(stored, n.node);
    }
    stored.options = fresh.options;
    stored.created_by = fresh.created_by;
    stored.inputs = fresh.inputs;
    stored.layout = fresh.layout;
    stored.survey = fresh.survey;
    if (!stored.exposure) {
        stored.laser_power_mw = fresh.laser_power_mw;
        stored.timing = {};
    }
    if (!stored.carrier) stored.holography = fresh.holography;
    if (stored.dark) stored.holography.black_level_dn = stored.dark->black_level_dn.value;
    return stored;
}

// Forgets every result that was computed, by whatever way, from this one.
void forget_dependents(Record& record, Node changed, PerNode<std::string>& reasons) {
    PerNode<bool> gone;
    gone[changed] = true;
    for (const NodeInfo& n : all_nodes()) {
        for (const Node input : n.inputs) {
            if (!gone[input] || gone[n.node]) continue;
            gone[n.node] = true;
            if (verdict_of(record, n.node) == nullptr) continue;
            reasons[n.node] = fmt::format("its input {} has changed", info_of(input).title);
            forget(record, n.node);
        }
    }
}

// One run of the graph.
class Run {
public:
    Run(hal::Bench& bench, const Options& options, Observer& observer, std::stop_token stop)
        : bench_(bench),
          options_(options),
          observer_(observer),
          stop_(std::move(stop)),
          fresh_(fresh_record(bench, options)),
          wanted_(wanted_of(options, fresh_)),
          record_(fresh_),
          session_{bench, options, observer, stop_, record_} {
        if (auto stored = stored_record(options, fresh_, wanted_))
            record_ = remainder(std::move(*stored), fresh_, wanted_, reasons_);
    }

    Record whole_graph() {
        for (const NodeInfo& n : all_nodes()) {
            if (stop_.stop_requested()) throw Interrupted();
            Freshness found = calibration::assess(record_, n.node, wanted_);
            if (found.state == NodeState::missing && !reasons_[n.node].empty())
                found.reason = reasons_[n.node];
            const bool kept = found.state == NodeState::fresh;
            observer_.node_assessed(n.title, found);
            observer_.node_started(n.title, kept);
            if (!kept) renew(n, found.may_hold);
            const Verdict& verdict = *verdict_of(record_, n.node);
            observer_.node_finished(n.title, verdict);
            if (!verdict.passed) break;
        }
        return std::move(record_);
    }

private:
    // Identity has the phases that the matrix is made with, drift is a matter of the day, and the
    // matrix is what everybody uses: these are not confirmed but replaced.
    static bool can_be_confirmed(Node node) { return node < Node::identity; }

    void renew(const NodeInfo& info, bool may_hold) {
        std::optional<Record> before;
        if (may_hold && can_be_confirmed(info.node)) before = record_;
        light_for(info.node);
        settings_for(info.node);
        session_.repeated_runs = 0;
        session_.misread_frames = 0;
        const hal::Time begin = bench_.clock().now();
        measure(session_, info.node);
        session_.measured_now[info.node] = true;
        settings_after();
        finish(info, seconds(bench_.clock().now() - begin));
        if (before && confirmed(info, *before)) {
            record_ = std::move(*before);
            verdict_of(record_, info.node)->confirmed_utc_s = wanted_.now_utc_s;
            if (light_ && info.node == Node::exposure)
                bench_.laser().set_power(record_.laser_power_mw);
        } else {
            forget_dependents(record_, info.node, reasons_);
        }
        if (!options_.partial.empty())
            save_record(record_, options_.partial, Predecessor::replaced);
    }

    bool confirmed(const NodeInfo& info, const Record& before) {
        if (!verdict_of(record_, info.node)->passed) return false;
        const NodeDiff diff = compare(before, record_, info.node);
        if (diff.kind == NodeDiff::Kind::changed) return false;
        observer_.node_confirmed(info.title, diff.text);
        return true;
    }

    void light_for(Node node) {
        if (node == Node::dark || light_) return;
        if (node == Node::exposure) record_.laser_power_mw = fresh_.laser_power_mw;
        light_.emplace(bench_.laser(), bench_.clock(), record_.laser_power_mw,
                       bench_.laser_limit_mw(),
                       hal::Deadline::after(bench_.clock(), 3 * bench_.laser().info().warm_up +
                                                                std::chrono::seconds(10)),
                       stop_);
    }

    // Those an undisturbed run would have at this point.
    void settings_for(Node node) {
        if (node <= Node::carrier) {
            const double black = record_.holography.black_level_dn;
            kept_ = record_.holography;
            record_.holography = fresh_.holography;
            record_.holography.black_level_dn = black;
        }
        if (node == Node::carrier) record_.timing = record_.exposure->timing;
        if (node > Node::carrier && node <= Node::map) record_.timing = record_.carrier->timing;
    }

    // Those of the results there are.
    void settings_after() {
        if (kept_) {
            const double black = record_.holography.black_level_dn;
            const bool found = record_.holography.pitch_rows_px > 0;  // by the carrier, just now
            if (!found && record_.carrier) record_.holography = std::move(*kept_);
            record_.holography.black_level_dn = black;
            kept_.reset();
        }
        record_.timing = agreed_timing(record_);
    }

    void finish(const NodeInfo& info, double took_s) {
        Verdict& v = *verdict_of(record_, info.node);
        Fingerprint inputs;
        v.bench = *wanted_.bench;
        v.options = *wanted_.options[info.node];
        inputs.add(v.bench);
        inputs.add(v.options);
        v.made_from.clear();
        for (const Node input : info.inputs) {
            v.made_from.push_back({std::string(info_of(input).title), result_hash(record_, input)});
            inputs.add(v.made_from.back().hash);
        }
        v.inputs = inputs.text();
        v.result = result_hash(record_, info.node);
        v.measured_utc_s = options_.utc_s ? options_.utc_s() : 0;
        v.took_s = took_s;
        v.bench_time_s = seconds(bench_.clock().now().time_since_epoch());
        // How long the medium's results hold is known once its drift is.
        for (const Node n : {info.node, Node::identity})
            if (Verdict* const known = verdict_of(record_, n))
                known->age_limit_s = options_.age_limit_s[n].value_or(age_limit_s(record_, n));
        count_repeats(v, session_);
    }

    hal::Bench& bench_;
    const Options& options_;
    Observer& observer_;
    std::stop_token stop_;
    const Record fresh_;
    const Wanted wanted_;
    Record record_;
    Session session_;
    PerNode<std::string> reasons_;
    std::optional<Holography> kept_;
    std::optional<hal::EmissionGuard> light_;
};

}  // namespace

bool Record::complete() const {
    for (const NodeInfo& n : all_nodes()) {
        const Verdict* const verdict = verdict_of(*this, n.node);
        if (verdict == nullptr || !verdict->passed) return false;
    }
    return true;
}

PerNode<Freshness> assess(hal::Bench& bench, const Options& options, const Record& record) {
    return assess(record, wanted_of(options, fresh_record(bench, options)));
}

std::optional<Record> stored_record(hal::Bench& bench, const Options& options) {
    const Record fresh = fresh_record(bench, options);
    return stored_record(options, fresh, wanted_of(options, fresh));
}

Record calibrate(hal::Bench& bench, const Options& options, Observer& observer,
                 std::stop_token stop) {
    return Run(bench, options, observer, std::move(stop)).whole_graph();
}

}  // namespace opal::calibration
