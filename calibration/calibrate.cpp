// Calibrate: the graph of nodes, in the order their inputs allow. See calibrate.h.
#include "calibration/calibrate.h"

#include "calibration/record_hash.h"
#include "calibration/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace opal::calibration {

namespace {

// One node of the graph.
struct Node {
    const char* title;
    bool light;                                              // needs the laser
    std::function<const Verdict*(const Record&)> verdict;    // null: not measured yet
    std::function<void(Session&, const std::string&)> run;   // stores result and input hash
    std::function<void(Record&, Fingerprint&)> fingerprint;  // of the stored result
};

// What every verdict says besides its finding: what it was made from, and what had to be taken
// again for it.
void finish(Verdict& verdict, const Session& session, const std::string& inputs) {
    verdict.inputs = inputs;
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
Node node(const char* title, std::optional<Result> Record::*member, Result (*measure)(Session&)) {
    return {title, std::string_view(title) != "dark",
            [member](const Record& r) { return r.*member ? &(r.*member)->verdict : nullptr; },
            [member, measure](Session& s, const std::string& inputs) {
                Result result = measure(s);
                finish(result.verdict, s, inputs);
                s.record.*member = std::move(result);
            },
            [member](Record& r, Fingerprint& print) {
                if (r.*member) print.add_result(*(r.*member));
            }};
}

// Identity stands in the record by value: projection/ needs it always.
Node identity_node() {
    return {"identity", true,
            [](const Record& r) {
                return r.identity.verdict.text.empty() ? nullptr : &r.identity.verdict;
            },
            [](Session& s, const std::string& inputs) {
                Identity result = measure_identity(s);
                finish(result.verdict, s, inputs);
                s.record.identity = std::move(result);
            },
            [](Record& r, Fingerprint& print) { print.add_result(r.identity); }};
}

std::vector<Node> graph() {
    return {node("dark", &Record::dark, &measure_dark),
            node("exposure", &Record::exposure, &measure_exposure),
            node("carrier", &Record::carrier, &measure_carrier),
            node("photon transfer", &Record::photon_transfer, &measure_photon_transfer),
            node("reference", &Record::reference, &measure_reference),
            node("map", &Record::map, &measure_map),
            identity_node(),
            node("drift", &Record::drift, &measure_drift),
            node("transmission matrix", &Record::matrix, &measure_matrix),
            node("validation", &Record::validation, &measure_validation)};
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
    record.holography.region =
        centred_region(camera, options.region_rows, options.region_columns, 1, 1);
    record.options = fmt::format(
        "{} inputs, {} x {} px, {} bits, {:.6g} mW, {} carrier frames, seed {}", layout.inputs(),
        options.region_rows, options.region_columns, hal::bits_of(record.holography.format),
        record.laser_power_mw, options.carrier_frames, options.seed);
    return record;
}

// What an interrupted run left, if it asked the same of the same bench.
std::optional<Record> left_over(const Options& options, const Record& fresh) {
    if (options.partial.empty() || !std::filesystem::exists(options.partial)) return std::nullopt;
    try {
        Record found = load_record(options.partial);
        if (found.bench_identity == fresh.bench_identity && found.options == fresh.options &&
            found.created_by == fresh.created_by && found.layout == fresh.layout)
            return found;
    } catch (const RecordError&) {
        // A partial record is a convenience: one that cannot be read is measured again.
    }
    return std::nullopt;
}

}  // namespace

bool Record::complete() const {
    for (const Node& n : graph()) {
        const Verdict* verdict = n.verdict(*this);
        if (verdict == nullptr || !verdict->passed) return false;
    }
    return true;
}

Record calibrate(hal::Bench& bench, const Options& options, Observer& observer,
                 std::stop_token stop) {
    Record record = fresh_record(bench, options);
    Fingerprint inputs;
    inputs.add(record.bench_identity);
    inputs.add(record.options);
    if (auto found = left_over(options, record)) record = std::move(*found);

    Session session{bench, options, observer, stop, record};
    std::optional<hal::EmissionGuard> light;
    for (const Node& n : graph()) {
        if (stop.stop_requested()) throw Interrupted();
        const Verdict* stored = n.verdict(record);
        const bool resumed = stored != nullptr && stored->passed && stored->inputs == inputs.text();
        observer.node_started(n.title, resumed);
        if (!resumed) {
            if (n.light && !light)
                light.emplace(bench.laser(), bench.clock(), record.laser_power_mw,
                              bench.laser_limit_mw(),
                              hal::Deadline::after(bench.clock(), 3 * bench.laser().info().warm_up +
                                                                      std::chrono::seconds(10)),
                              stop);
            session.repeated_runs = 0;
            session.misread_frames = 0;
            n.run(session, inputs.text());
            if (!options.partial.empty())
                save_record(record, options.partial, Predecessor::replaced);
        }
        n.fingerprint(record, inputs);
        observer.node_finished(n.title, *n.verdict(record));
        if (!n.verdict(record)->passed) return record;
    }
    return record;
}

}  // namespace opal::calibration
