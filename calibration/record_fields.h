// RecordFields: the one list of what a record holds: name, unit and shape of every field, in the
// order it is stored. Saving, loading and hashing all walk this list, so none can forget a field.
//
// An archive offers
//   text(name, string), number(name, unit, arithmetic), measured(name, unit, Measured),
//   array(name, unit, vector, shape), time(name, Duration), group(name, optional or struct)
// and may read or write what it is given.
//
// Rule: `record_version` counts what a file means. Whoever adds, renames or removes a field, or
// changes what a stored number means (a unit, a sign, the demodulator's filter), raises it, and
// files of other versions are refused: a calibration takes a minute, a wrong one costs a day. What
// the mirrors of an input or of the code are is not the version's business: the record carries a
// fingerprint of its layout.
#pragma once

#include "calibration/layout.h"
#include "calibration/record.h"

#include <array>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace opal::calibration {

inline constexpr int record_version = 5;

using Shape = std::vector<std::size_t>;

// The shape of an array whose length is whatever it is.
template <typename T>
Shape line(const std::vector<T>& values) {
    return {values.size()};
}

// (rows, the rest); {0} when empty.
template <typename T>
Shape table(const std::vector<T>& values, std::size_t rows) {
    if (values.empty() || rows == 0) return {values.size()};
    return {rows, values.size() / rows};
}

// A choice, by its name.
template <typename Archive, typename Choice>
void named(Archive& a, const char* field, Choice& choice,
           std::optional<Choice> (*find)(std::string_view)) {
    std::string name(name_of(choice));
    a.text(field, name);
    const std::optional<Choice> found = find(name);
    if (!found)
        throw std::runtime_error(std::string(field) + " '" + name +
                                 "' is not known to this version; calibrate again");
    choice = *found;
}

template <typename Archive>
void fields(Archive& a, Check& c) {
    a.text("name", c.name);
    a.text("unit", c.unit);
    a.number("value", "", c.value);
    a.number("sigma", "", c.sigma);
    a.number("low", "", c.low);
    a.number("high", "", c.high);
}

template <typename Archive>
void fields(Archive& a, NodeInput& i) {
    a.text("node", i.node);
    a.text("hash", i.hash);
}

template <typename Archive>
void fields(Archive& a, Verdict& v) {
    a.number("passed", "", v.passed);
    a.text("text", v.text);
    a.text("inputs", v.inputs);
    a.text("bench", v.bench);
    a.text("options", v.options);
    a.text("result", v.result);
    a.list("made_from", v.made_from);
    a.list("checks", v.checks);
    a.number("measured_utc_s", "s since 1970", v.measured_utc_s);
    a.number("confirmed_utc_s", "s since 1970", v.confirmed_utc_s);
    a.number("age_limit_s", "s", v.age_limit_s);
    a.number("bench_time_s", "s", v.bench_time_s);
    a.number("took_s", "s", v.took_s);
    a.number("repeated_runs", "", v.repeated_runs);
    a.number("misread_frames", "", v.misread_frames);
}

template <typename Archive>
void fields(Archive& a, Timing& t) {
    a.time("exposure", t.exposure);
    a.time("trigger_delay", t.trigger_delay);
    a.time("pattern", t.pattern);
    a.time("dark", t.dark);
}

template <typename Archive>
void fields(Archive& a, hal::Region& r) {
    a.number("row", "px", r.row);
    a.number("column", "px", r.column);
    a.number("rows", "px", r.rows);
    a.number("columns", "px", r.columns);
}

template <typename Archive>
void fields(Archive& a, Holography& h) {
    a.group("region", h.region);
    a.format("bits", h.format);
    a.number("black_level_dn", "DN", h.black_level_dn);
    a.number("carrier_rows_cpp", "cycles/px", h.carrier_rows_cpp);
    a.number("carrier_columns_cpp", "cycles/px", h.carrier_columns_cpp);
    a.number("curvature_rad_per_px2", "rad/px^2", h.curvature_rad_per_px2);
    a.number("pitch_rows_px", "px", h.pitch_rows_px);
    a.number("pitch_columns_px", "px", h.pitch_columns_px);
    a.number("mode_rows", "", h.mode_rows);
    a.number("mode_columns", "", h.mode_columns);
    named(a, "demodulation", h.demodulation, demodulation_named);
    a.array("reference_dn", "DN", h.reference_dn,
            table(h.reference_dn, static_cast<std::size_t>(h.region.rows)));
}

template <typename Archive>
void fields(Archive& a, Dark& d) {
    a.group("verdict", d.verdict);
    a.measured("black_level_dn", "DN", d.black_level_dn);
    a.measured("black_level_deep_dn", "DN", d.black_level_deep_dn);
    a.measured("read_noise_deep_dn", "DN", d.read_noise_deep_dn);
    a.measured("dark_current_deep_dn_per_s", "DN/s", d.dark_current_deep_dn_per_s);
    a.number("offset_spread_deep_dn", "DN", d.offset_spread_deep_dn);
    a.number("temperature_c", "degC", d.temperature_c);
    a.number("deep_bits", "bit", d.deep_bits);
    a.array("hot_pixels", "index in the survey region", d.hot_pixels, line(d.hot_pixels));
}

template <typename Archive>
void fields(Archive& a, Exposure& e) {
    a.group("verdict", e.verdict);
    a.group("timing", e.timing);
    a.number("laser_power_mw", "mW", e.laser_power_mw);
    a.number("saturation_dn", "DN", e.saturation_dn);
    a.number("brightest_dn", "DN", e.brightest_dn);
    a.number("mean_dn", "DN", e.mean_dn);
    a.number("saturated_fraction", "", e.saturated_fraction);
}

template <typename Archive>
void fields(Archive& a, Carrier& c) {
    a.group("verdict", c.verdict);
    a.measured("rows_cpp", "cycles/px", c.rows_cpp);
    a.measured("columns_cpp", "cycles/px", c.columns_cpp);
    a.measured("curvature_rad_per_px2", "rad/px^2", c.curvature_rad_per_px2);
    a.number("width_rows_cpp", "cycles/px", c.width_rows_cpp);
    a.number("width_columns_cpp", "cycles/px", c.width_columns_cpp);
    a.number("pitch_rows_px", "px", c.pitch_rows_px);
    a.number("pitch_columns_px", "px", c.pitch_columns_px);
    a.group("timing", c.timing);
    a.number("peak_to_floor", "", c.peak_to_floor);
    a.number("frames", "", c.frames);
    a.number("spectrum_size", "", c.spectrum_size);
    a.array("spectrum", "log10 DN^2", c.spectrum,
            table(c.spectrum, static_cast<std::size_t>(c.spectrum_size)));
}

template <typename Archive>
void fields(Archive& a, PhotonTransfer& p) {
    a.group("verdict", p.verdict);
    a.measured("gain_e_per_dn", "e-/DN", p.gain_e_per_dn);
    a.measured("gain_deep_e_per_dn", "e-/DN", p.gain_deep_e_per_dn);
    a.measured("read_noise_e", "e-", p.read_noise_e);
    a.number("linearity_percent", "%", p.linearity_percent);
    a.array("mean_dn", "DN", p.mean_dn, line(p.mean_dn));
    a.array("variance_dn2", "DN^2", p.variance_dn2, line(p.variance_dn2));
    a.array("exposure_us", "us", p.exposure_us, line(p.exposure_us));
}

template <typename Archive>
void fields(Archive& a, Reference& r) {
    a.group("verdict", r.verdict);
    a.measured("mean_dn", "DN", r.mean_dn);
    a.number("unevenness", "", r.unevenness);
    a.measured("ratio", "", r.ratio);
}

template <typename Archive>
void fields(Archive& a, Map& m) {
    a.group("verdict", m.verdict);
    a.number("rows", "", m.rows);
    a.number("columns", "", m.columns);
    a.array("light_dn", "DN", m.light_dn, table(m.light_dn, static_cast<std::size_t>(m.rows)));
    a.measured("contrast", "", m.contrast);
    a.measured("latency_us", "us", m.latency_us);
    a.array("delay_us", "us", m.delay_us, line(m.delay_us));
    a.array("response", "", m.response, line(m.response));
    a.group("timing", m.timing);
}

template <typename Archive>
void fields(Archive& a, Identity& i) {
    a.group("verdict", i.verdict);
    a.array("columns", "sqrt(DN)", i.columns, table(i.columns, code_blocks));
    a.array("background", "sqrt(DN)", i.background, line(i.background));
    a.number("strip_variance", "DN", i.strip_variance);
    a.number("signal_to_noise", "", i.signal_to_noise);
    a.number("phase_error_rad", "rad", i.phase_error_rad);
    a.number("word_margin", "", i.word_margin);
}

template <typename Archive>
void fields(Archive& a, Drift& d) {
    a.group("verdict", d.verdict);
    a.number("drift_rad_per_s", "rad/s", d.drift_rad_per_s);
    a.number("phase_rms_rad", "rad", d.phase_rms_rad);
    a.number("vibration_rad", "rad", d.vibration_rad);
    a.number("vibration_hz", "Hz", d.vibration_hz);
    a.number("power_rms", "", d.power_rms);
    a.measured("decorrelation_per_s", "1/s", d.decorrelation_per_s);
    a.number("observed_s", "s", d.observed_s);
    a.number("batch_frames", "", d.batch_frames);
    a.array("time_s", "s", d.time_s, line(d.time_s));
    a.array("phase_rad", "rad", d.phase_rad, line(d.phase_rad));
    a.array("correlation", "", d.correlation, line(d.correlation));
}

template <typename Archive>
void fields(Archive& a, TransmissionMatrix& m) {
    a.group("verdict", m.verdict);
    named(a, "method", m.method, method_named);
    a.number("inputs", "", m.inputs);
    a.array("entries", "sqrt(DN)", m.entries, table(m.entries, static_cast<std::size_t>(m.inputs)));
    a.number("order", "", m.order);
    a.number("repeats", "", m.repeats);
    a.number("frames", "", m.frames);
    a.array("input_variance", "", m.input_variance, line(m.input_variance));
    a.number("noise_power", "DN", m.noise_power);
    a.number("entry_snr", "", m.entry_snr);
    a.array("singular_values", "sqrt(DN)", m.singular_values, line(m.singular_values));
}

template <typename Archive>
void fields(Archive& a, ErrorSource& e) {
    a.text("name", e.name);
    a.number("share", "", e.share);
    a.measured("measured", "", e.measured);
    a.number("separable", "", e.separable);
    a.text("how", e.how);
}

template <typename Archive>
void fields(Archive& a, Validation& v) {
    a.group("verdict", v.verdict);
    a.measured("correlation", "", v.correlation);
    a.number("worst_correlation", "", v.worst_correlation);
    a.number("effective_bits", "bit", v.effective_bits);
    a.number("patterns", "", v.patterns);
    a.number("new_patterns", "", v.new_patterns);
    a.number("measured_error", "", v.measured_error);
    a.number("predicted_error", "", v.predicted_error);
    a.list("budget", v.budget);
    a.measured("temporal_error", "", v.temporal_error);
    a.measured("reproducible_error", "", v.reproducible_error);
    a.number("noise_limited_bits", "bit", v.noise_limited_bits);
    a.number("shot_limited_bits", "bit", v.shot_limited_bits);
    a.number("phase_step_rad", "rad", v.phase_step_rad);
    a.array("example_predicted", "sqrt(DN)", v.example_predicted, line(v.example_predicted));
    a.array("example_measured", "sqrt(DN)", v.example_measured, line(v.example_measured));
}

template <typename Archive>
void settings_fields(Archive& a, Record& r) {
    a.text("bench_name", r.bench_name);
    a.text("bench_identity", r.bench_identity);
    a.text("created_by", r.created_by);
    a.text("options", r.options);
    a.number("dmd_rows", "mirror", r.dmd_rows);
    a.number("dmd_columns", "mirror", r.dmd_columns);
    a.number("inputs", "", r.inputs);
    a.text("layout", r.layout);
    a.number("laser_power_mw", "mW", r.laser_power_mw);
    a.group("timing", r.timing);
    a.group("survey", r.survey);
    a.group("holography", r.holography);
}

template <typename Archive>
void fields(Archive& a, Record& r) {
    settings_fields(a, r);
    a.group("dark", r.dark);
    a.group("exposure", r.exposure);
    a.group("carrier", r.carrier);
    a.group("photon_transfer", r.photon_transfer);
    a.group("reference", r.reference);
    a.group("map", r.map);
    a.group("identity", r.identity);
    a.group("drift", r.drift);
    a.group("matrix", r.matrix);
    a.group("validation", r.validation);
}

}  // namespace opal::calibration
