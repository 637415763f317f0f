// bench_fields(): the table, and the few kinds of values in it.
#include "cli/bench_fields.h"

#include "cli/bench_field_values.h"
#include "cli/bench_fields_dlpc900.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace opal::cli {

namespace {

using drivers::DeviceKind;
using drivers::DeviceRole;
using drivers::DeviceUri;
using Plan = drivers::WireBenchPlan;

std::optional<double> positive(const std::string& text) {
    const auto value = number(text);
    return value && *value > 0 ? value : std::nullopt;
}

// A name is one line of text that people can read.
bool set_name(std::string& into, const std::string& text) {
    const bool readable = std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return c >= 0x20 && c != 0x7F; });
    if (text.empty() || text.size() > 100 || !readable) return false;
    into = text;
    return true;
}

template <DeviceRole role, DeviceUri Plan::*device>
bool set_uri(Plan& plan, const std::string& text) {
    const DeviceUri uri = drivers::parse_device_uri(text);
    if (drivers::role_of(uri.kind) != role) return false;
    plan.*device = uri;
    return true;
}

template <DeviceUri Plan::*device>
std::string get_uri(const Plan& plan) {
    return quoted(drivers::to_string(plan.*device));  // "dlpc900:" alone would be a key
}

template <double drivers::LaserFacts::*fact>
bool set_positive(Plan& plan, const std::string& text) {
    const auto value = positive(text);
    if (value) plan.laser_facts.*fact = *value;
    return value.has_value();
}

template <double drivers::LaserFacts::*fact>
std::string get_number(const Plan& plan) {
    return fmt::format("{}", plan.laser_facts.*fact);
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = std::min(text.find_first_not_of(' '), text.size());
    text.remove_prefix(first);
    return text.substr(0, text.find_last_not_of(' ') + 1);  // npos + 1 is 0
}

// "Gain=6, BlackLevel=64"
std::optional<drivers::CameraValues> camera_values(std::string_view text) {
    drivers::CameraValues values;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const std::string_view part = trimmed(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
        const std::size_t equals = part.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const std::string_view name = trimmed(part.substr(0, equals));
        const std::string_view value = trimmed(part.substr(equals + 1));
        if (name.empty() || value.empty()) return std::nullopt;
        values.emplace_back(name, value);
    }
    return values;
}

std::string text_of(const drivers::CameraValues& values) {
    std::string text;
    for (const auto& [name, value] : values)
        text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, value);
    return text;
}

constexpr std::array<std::string_view, 3> families{"06-mld", "06-dpl", "05"};  // of CoboltFamily

std::string forms_of(DeviceRole role) {
    std::string forms;
    for (const drivers::DeviceScheme& scheme : drivers::device_schemes())
        if (scheme.role == role) forms += (forms.empty() ? "" : "; ") + std::string(scheme.form);
    return forms;
}

const char* const above_0_mw = "a number above 0, in mW";

std::vector<BenchField> make_fields() {
    using Facts = drivers::LaserFacts;
    std::vector<BenchField> fields;
    fields.push_back({"name",
                      false,
                      {},
                      "text of one line, up to 100 characters",
                      "what the bench is called; its calibration record is named after it. "
                      "Without it: the file's name",
                      [](Plan& plan, const std::string& text) { return set_name(plan.name, text); },
                      [](const Plan& plan) { return quoted(plan.name); }});
    fields.push_back(
        {"medium",
         true,
         {},
         "text of one line, up to 100 characters",
         "what the light goes through, and anything else that makes it another bench when it "
         "changes: a calibration holds for one medium",
         [](Plan& plan, const std::string& text) { return set_name(plan.medium, text); },
         [](const Plan& plan) { return quoted(plan.medium); }});
    fields.push_back({"dmd.uri",
                      true,
                      {},
                      forms_of(DeviceRole::dmd),
                      "the mirrors",
                      set_uri<DeviceRole::dmd, &Plan::dmd>,
                      get_uri<&Plan::dmd>});
    add_dlpc900_leaving(fields);
    fields.push_back({"camera.uri",
                      true,
                      {},
                      forms_of(DeviceRole::camera),
                      "the camera",
                      set_uri<DeviceRole::camera, &Plan::camera>,
                      get_uri<&Plan::camera>});
    fields.push_back(
        {"camera.values",
         false,
         {},
         "NAME=VALUE, NAME=VALUE, ... (opal features URI lists them)",
         "features to be set when the camera is opened, gain and black level say. Other "
         "values are another bench: its calibration does not hold",
         [](Plan& plan, const std::string& text) {
             const auto values = camera_values(text);
             if (values) plan.camera_values = *values;
             return values.has_value();
         },
         [](const Plan& plan) {
             const std::string text = text_of(plan.camera_values);
             return text.empty() ? text : quoted(text);
         }});
    fields.push_back({"laser.uri",
                      true,
                      {},
                      forms_of(DeviceRole::laser),
                      "the laser",
                      set_uri<DeviceRole::laser, &Plan::laser>,
                      get_uri<&Plan::laser>});
    fields.push_back({"laser.limit_mw",
                      true,
                      {},
                      above_0_mw,
                      "no more light than this, whatever is asked and whatever the laser could",
                      set_positive<&Facts::limit_mw>,
                      get_number<&Facts::limit_mw>});
    fields.push_back(
        {"laser.warm_up_s",
         false,
         {},
         "a number, 0 to 86400, in s",
         "from light to power within specification. Without it: the longest of the "
         "laser's manual",
         [](Plan& plan, const std::string& text) {
             const auto value = number(text);
             if (!value || *value < 0 || *value > 86400) return false;
             plan.laser_facts.warm_up =
                 std::chrono::duration_cast<hal::Duration>(std::chrono::duration<double>(*value));
             return true;
         },
         [](const Plan& plan) {
             if (!plan.laser_facts.warm_up) return std::string();
             return fmt::format("{}",
                                std::chrono::duration<double>(*plan.laser_facts.warm_up).count());
         }});
    fields.push_back({"laser.wavelength_nm",
                      false,
                      {DeviceKind::cobolt, DeviceKind::dlcpro},
                      "a number above 0, in nm",
                      "as on the label; the laser does not tell",
                      [](Plan& plan, const std::string& text) {
                          plan.laser_facts.wavelength_nm = positive(text);
                          return plan.laser_facts.wavelength_nm.has_value();
                      },
                      [](const Plan& plan) {
                          const auto nm = plan.laser_facts.wavelength_nm;
                          return nm ? fmt::format("{}", *nm) : std::string();
                      }});
    fields.push_back({"laser.label_power_mw",
                      true,
                      {DeviceKind::cobolt},
                      above_0_mw,
                      "the power printed on the laser, which its own answers are compared with",
                      set_positive<&Facts::label_power_mw>,
                      get_number<&Facts::label_power_mw>});
    fields.push_back({"laser.family",
                      false,
                      {DeviceKind::cobolt},
                      "06-mld, 06-dpl or 05",
                      "which states its numbers mean. Without it: 06-mld",
                      [](Plan& plan, const std::string& text) {
                          const auto found = std::find(families.begin(), families.end(), text);
                          if (found == families.end()) return false;
                          plan.laser_facts.cobolt_family =
                              static_cast<protocol::CoboltFamily>(found - families.begin());
                          return true;
                      },
                      [](const Plan& plan) {
                          return quoted(std::string(
                              families[static_cast<std::size_t>(plan.laser_facts.cobolt_family)]));
                      }});
    fields.push_back({"laser.threshold_ma",
                      true,
                      {DeviceKind::dlcpro},
                      "a number above 0, in mA",
                      "of the diode's data sheet: the current at which light begins",
                      set_positive<&Facts::threshold_ma>,
                      get_number<&Facts::threshold_ma>});
    fields.push_back({"laser.slope_mw_per_ma",
                      true,
                      {DeviceKind::dlcpro},
                      "a number above 0, in mW per mA",
                      "of the diode's data sheet: power = slope (current - threshold)",
                      set_positive<&Facts::slope_mw_per_ma>,
                      get_number<&Facts::slope_mw_per_ma>});
    fields.push_back({"trigger.camera_line",
                      false,
                      {},
                      "the name of an input of the camera",
                      "where the DMD's trigger output is connected, e.g. Line0. Without it: the "
                      "camera's first line",
                      [](Plan& plan, const std::string& text) {
                          return set_name(plan.trigger.camera_line, text);
                      },
                      [](const Plan& plan) {
                          const std::string& line = plan.trigger.camera_line;
                          return line.empty() ? line : quoted(line);
                      }});
    fields.push_back(
        {"trigger.polarity",
         false,
         {DeviceKind::lightcrafter, DeviceKind::dlpc900},
         "positive or negative",
         "where the pulses go; the camera listens to the edge they begin with. Without "
         "it: positive",
         [](Plan& plan, const std::string& text) {
             plan.trigger.negative = text == "negative";
             return text == "negative" || text == "positive";
         },
         [](const Plan& plan) {
             return plan.trigger.negative ? quoted("negative") : std::string();
         }});
    fields.push_back({"trigger.pulse_us",
                      false,
                      {DeviceKind::lightcrafter, DeviceKind::dlpc900},
                      "a whole number, 1 to 100000, in us; dlpc900: 20 to 20000",
                      "how long a pulse is; some cameras overlook short ones. Without it: 20",
                      [](Plan& plan, const std::string& text) {
                          const bool board = plan.dmd.kind == DeviceKind::dlpc900;
                          const auto us = whole_us(text, board ? 20 : 1, board ? 20000 : 100000);
                          plan.trigger.pulse = us;
                          return us.has_value();
                      },
                      [](const Plan& plan) { return text_in_us(plan.trigger.pulse); }});
    add_dlpc900_triggers(fields);
    return fields;
}

}  // namespace

std::string_view BenchField::section() const {
    const std::size_t dot = path.find('.');
    return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

std::string_view BenchField::key() const {
    return path.substr(path.find('.') + 1);  // npos + 1 is 0
}

bool BenchField::fits(const drivers::WireBenchPlan& plan) const {
    if (kinds.empty()) return true;
    const DeviceUri* const device = device_of(plan, section());
    return device != nullptr && std::find(kinds.begin(), kinds.end(), device->kind) != kinds.end();
}

std::span<const BenchField> bench_fields() {
    static const std::vector<BenchField> fields = make_fields();
    return fields;
}

const DeviceUri* device_of(const drivers::WireBenchPlan& plan, std::string_view section) {
    // The trigger is the DMD's output.
    if (section == "dmd" || section == "trigger") return &plan.dmd;
    if (section == "camera") return &plan.camera;
    if (section == "laser") return &plan.laser;
    return nullptr;
}

}  // namespace opal::cli
