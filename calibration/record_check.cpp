// RecordCheck: see record_check.h.
#include "calibration/record_check.h"

#include "calibration/record_fields.h"

#include <fmt/format.h>

#include <cmath>
#include <complex>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <type_traits>

namespace opal::calibration {

namespace {

struct Limit {
    std::string_view field;  // with its groups
    double low;
    double high;
};

constexpr double any = std::numeric_limits<double>::max();

// Limits that hold whatever else the record says; 0 is "not measured yet" where it is allowed. Far
// outside of any bench, and inside of what the program can count with.
constexpr Limit limits[] = {
    {"dmd_rows", 2, 16384},
    {"dmd_columns", code_blocks, 16384},
    {"inputs", 1, 1 << 24},
    {"laser_power_mw", 0, 1e6},
    {"survey.row", 0, 65535},
    {"survey.column", 0, 65535},
    {"survey.rows", 1, 65536},
    {"survey.columns", 1, 65536},
    {"holography.region.row", 0, 65535},
    {"holography.region.column", 0, 65535},
    {"holography.region.rows", 1, 16384},
    {"holography.region.columns", 1, 16384},
    {"holography.black_level_dn", 0, 4095},
    {"holography.carrier_rows_cpp", -0.5, 0.5},
    {"holography.carrier_columns_cpp", -0.5, 0.5},
    {"holography.curvature_rad_per_px2", -1, 1},
    {"holography.pitch_rows_px", 0, 256},
    {"holography.pitch_columns_px", 0, 256},
    {"holography.mode_rows", 0, 16384},
    {"holography.mode_columns", 0, 16384},
    {"dark.read_noise_deep_dn", 0, any},
    {"dark.deep_bits", 8, 16},
    {"exposure.saturation_dn", 0, 65535},
    {"exposure.saturated_fraction", 0, 1},
    {"carrier.width_rows_cpp", 0, 1},
    {"carrier.width_columns_cpp", 0, 1},
    {"carrier.pitch_rows_px", 0, 256},
    {"carrier.pitch_columns_px", 0, 256},
    {"carrier.frames", 0, 1e9},
    {"carrier.spectrum_size", 0, 16384},
    {"photon_transfer.gain_e_per_dn", 0, any},
    {"photon_transfer.read_noise_e", 0, any},
    {"map.rows", 0, 16384},
    {"map.columns", 0, 16384},
    {"identity.strip_variance", 0, any},
    {"drift.batch_frames", 1, 4294967295.0},
    {"matrix.inputs", 1, 1 << 24},
    {"matrix.order", 0, 1 << 24},
    {"matrix.repeats", 0, 1 << 24},
    {"matrix.frames", 1, 1e9},
    {"matrix.noise_power", 0, any},
    {"validation.correlation", 0, 1},
    {"validation.worst_correlation", 0, 1},
    {"validation.patterns", 1, 1e9},
    {"validation.new_patterns", 0, 1e9},
};

constexpr double hour_ns = 3.6e12;

// Walks the fields of record_fields.h and keeps what is wrong with the first bad one.
class CheckArchive {
public:
    const std::optional<std::string>& found() const { return found_; }

    void text(const char*, std::string&) {}
    template <typename T>
    void number(const char* name, const char*, T& value) {
        if constexpr (!std::is_same_v<T, bool>) limited(name, static_cast<double>(value));
    }
    void measured(const char* name, const char*, Measured& m) {
        limited(name, m.value);
        if (!(m.sigma >= 0 && std::isfinite(m.sigma)))
            report(name, fmt::format("has an uncertainty of {}; wanted is a number, at least 0",
                                     m.sigma));
    }
    void time(const char* name, hal::Duration& d) {
        const auto ns = static_cast<double>(d.count());
        if (ns < 0 || ns > hour_ns)
            report(name, fmt::format("is {:g} ns; possible are 0 to {:g}", ns, hour_ns));
    }
    void format(const char*, hal::PixelFormat&) {}
    template <typename T>
    void array(const char* name, const char*, std::vector<T>& values, const Shape&) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (finite(values[i])) continue;
            return report(name, fmt::format("holds a value that is not finite, number {}", i));
        }
    }
    template <typename T>
    void list(const char* name, std::vector<T>& values) {
        const Inside inside(*this, name);
        for (T& value : values) fields(*this, value);
    }
    template <typename T>
    void group(const char* name, T& value) {
        const Inside inside(*this, name);
        fields(*this, value);
    }
    template <typename T>
    void group(const char* name, std::optional<T>& value) {
        if (value) group(name, *value);
    }

private:
    struct Inside {
        Inside(CheckArchive& a, const char* name) : archive(a), length(a.place_.size()) {
            archive.place_ += name;
            archive.place_ += '.';
        }
        ~Inside() { archive.place_.resize(length); }
        Inside(const Inside&) = delete;
        Inside& operator=(const Inside&) = delete;
        CheckArchive& archive;
        std::size_t length;
    };

    static bool finite(double value) { return std::isfinite(value); }
    static bool finite(std::complex<float> value) {
        return std::isfinite(value.real()) && std::isfinite(value.imag());
    }
    void report(const char* name, const std::string& what) {
        if (!found_) found_ = fmt::format("{}{} {}", place_, name, what);
    }
    void limited(const char* name, double value) {
        if (!std::isfinite(value))
            return report(name, fmt::format("is {}; wanted is a number", value));
        const std::string whole = place_ + name;
        for (const Limit& l : limits) {
            if (l.field != whole || (value >= l.low && value <= l.high)) continue;
            report(name, l.high == any
                             ? fmt::format("is {:.10g}; at least {:g} is possible", value, l.low)
                             : fmt::format("is {:.10g}; possible are {:.10g} to {:.10g}", value,
                                           l.low, l.high));
        }
    }

    std::string place_;
    std::optional<std::string> found_;
};

// What follows from several fields together. Keeps the first contradiction.
class Relations {
public:
    const std::optional<std::string>& found() const { return found_; }

    void at_most(const char* field, std::int64_t value, std::int64_t most, const std::string& why) {
        if (value > most)
            report(fmt::format("{} is {}; {} allows at most {}", field, value, why, most));
    }
    void equal(const char* field, std::int64_t value, std::int64_t wanted, const std::string& why) {
        if (value != wanted)
            report(fmt::format("{} is {}; {} wants {}", field, value, why, wanted));
    }
    void size(const char* field, std::size_t values, std::size_t wanted, const std::string& why) {
        if (values != wanted)
            report(fmt::format("{} holds {} values; {} wants {}", field, values, why, wanted));
    }
    void report(std::string what) {
        if (!found_) found_ = std::move(what);
    }

private:
    std::optional<std::string> found_;
};

void check_holography(Relations& check, const Record& r) {
    const Holography& h = r.holography;
    const std::string region =
        fmt::format("a region of {} x {} px", h.region.rows, h.region.columns);
    check.at_most("holography.pitch_rows_px", h.pitch_rows_px, h.region.rows, region);
    check.at_most("holography.pitch_columns_px", h.pitch_columns_px, h.region.columns, region);
    if (!r.carrier || !r.carrier->verdict.passed) return;
    if (h.pitch_rows_px < 1 || h.pitch_columns_px < 1)
        return check.report(
            "holography.pitch_rows_px or pitch_columns_px is 0; at least 1 is "
            "possible");
    const std::string pitch =
        fmt::format("{} at a pitch of {} x {} px", region, h.pitch_rows_px, h.pitch_columns_px);
    check.equal("holography.mode_rows", h.mode_rows, h.region.rows / h.pitch_rows_px, pitch);
    check.equal("holography.mode_columns", h.mode_columns, h.region.columns / h.pitch_columns_px,
                pitch);
    if (r.reference)
        check.size("holography.reference_dn", h.reference_dn.size(), h.region.pixels(), region);
}

void check_light(Relations& check, const Record& r) {
    const std::size_t modes = r.holography.modes();
    const std::string for_modes = fmt::format("the number of modes, {},", modes);
    const Identity& i = r.identity;
    if (!i.columns.empty() || !i.background.empty() || r.matrix) {
        check.size("identity.columns", i.columns.size(), code_blocks * modes, for_modes);
        check.size("identity.background", i.background.size(), modes, for_modes);
    }
    if (r.matrix) {
        check.equal("matrix.inputs", r.matrix->inputs, r.inputs, "the number of inputs");
        const auto inputs = static_cast<std::size_t>(r.inputs);
        const std::string both = fmt::format("{} inputs and {} modes", inputs, modes);
        check.size("matrix.entries", r.matrix->entries.size(), inputs * modes, both);
        check.size("matrix.input_variance", r.matrix->input_variance.size(), inputs,
                   "the number of inputs");
        if (!r.matrix->singular_values.empty())
            check.size("matrix.singular_values", r.matrix->singular_values.size(),
                       std::min(inputs, modes), both);
    }
    if (r.validation) {
        for (const auto* example :
             {&r.validation->example_predicted, &r.validation->example_measured})
            if (!example->empty())
                check.size("validation.example", example->size(), modes, for_modes);
    }
}

void check_curves(Relations& check, const Record& r) {
    if (r.dark)
        for (const std::uint32_t pixel : r.dark->hot_pixels)
            check.at_most("dark.hot_pixels", pixel,
                          static_cast<std::int64_t>(r.survey.pixels()) - 1, "the survey region");
    if (r.carrier) {
        const auto size = static_cast<std::size_t>(r.carrier->spectrum_size);
        check.size("carrier.spectrum", r.carrier->spectrum.size(), size * size, "spectrum_size");
    }
    if (const auto& p = r.photon_transfer) {
        check.size("photon_transfer.variance_dn2", p->variance_dn2.size(), p->mean_dn.size(),
                   "mean_dn");
        check.size("photon_transfer.exposure_us", p->exposure_us.size(), p->mean_dn.size(),
                   "mean_dn");
    }
    if (r.map) {
        const auto blocks =
            static_cast<std::size_t>(r.map->rows) * static_cast<std::size_t>(r.map->columns);
        check.size("map.light_dn", r.map->light_dn.size(), blocks, "rows x columns");
        check.size("map.response", r.map->response.size(), r.map->delay_us.size(), "delay_us");
    }
    if (r.drift) {
        check.size("drift.phase_rad", r.drift->phase_rad.size(), r.drift->time_s.size(), "time_s");
        check.size("drift.correlation", r.drift->correlation.size(), r.drift->time_s.size(),
                   "time_s");
    }
}

void check_layout(Relations& check, const Record& r) {
    try {
        const Layout layout(r.dmd_rows, r.dmd_columns, r.inputs);
        if (layout.fingerprint() != r.layout)
            check.report(
                "it was made for another arrangement of inputs and identity code on the DMD than "
                "this version of the program draws");
    } catch (const std::invalid_argument& e) {
        check.report(fmt::format("inputs or mirrors are impossible: {}", e.what()));
    }
}

}  // namespace

std::optional<std::string> find_contradiction(const Record& record) {
    Record copy = record;  // archives walk fields by reference, whether they read or write
    CheckArchive each;
    fields(each, copy);
    if (each.found()) return each.found();
    Relations together;
    check_layout(together, record);
    check_holography(together, record);
    check_light(together, record);
    check_curves(together, record);
    return together.found();
}

}  // namespace opal::calibration
