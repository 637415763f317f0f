// SceneField: values as text, ranges in words, and the checks that need more than one field.
#include "sim/scene_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace opal::sim {
namespace {

// Shortest text that reads back to the same double.
std::string number_text(double value) {
    return fmt::format("{}", value);
}

template <typename Type>
const Type& read(Type& (*member)(Scene&), const Scene& scene) {
    // The accessors only form a reference to a member; nothing is written through it here.
    return member(const_cast<Scene&>(scene));
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

std::string choices_text(const SceneChoice& choice) {
    std::string out;
    for (std::size_t i = 0; i < choice.words.size(); ++i)
        out += fmt::format("{}{}",
                           i == 0                         ? ""
                           : i + 1 == choice.words.size() ? " or "
                                                          : ", ",
                           choice.words[i]);
    return out;
}

std::optional<double> number_of(const SceneField& field, const Scene& scene) {
    if (const auto* i = std::get_if<int& (*)(Scene&)>(&field.member)) return read(*i, scene);
    if (const auto* d = std::get_if<double& (*)(Scene&)>(&field.member)) return read(*d, scene);
    return std::nullopt;
}

SceneProblem problem(std::string path, std::string text) {
    return {std::move(path), std::move(text)};
}

// Arrays of mirrors, pixels and modes have to fit into memory and into 32-bit positions.
constexpr std::int64_t most_elements = std::int64_t{1} << 26;
constexpr std::int64_t most_layered = std::int64_t{1} << 25;  // layered_medium.cpp says why

std::optional<SceneProblem> find_dmd_problem(const DmdScene& dmd) {
    const int short_side = std::min(dmd.rows, dmd.columns);
    if (dmd.macro_pixel_px > short_side)
        return problem("dmd.macro_pixel_px",
                       fmt::format("{} is more than the DMD's short side; allowed: 1 to {}",
                                   dmd.macro_pixel_px, short_side));
    const std::int64_t mirrors = std::int64_t{dmd.rows} * dmd.columns;
    if (mirrors > most_elements)
        return problem("dmd.columns", fmt::format("{} x {} mirrors; allowed: {} in all", dmd.rows,
                                                  dmd.columns, most_elements));
    // Positions are drawn until they differ, which takes ever longer the fuller the array gets.
    if (std::int64_t{dmd.stuck_on} + dmd.stuck_off > mirrors / 2)
        return problem("dmd.stuck_off",
                       fmt::format("{} stuck on and {} stuck off are more than half of the DMD; "
                                   "allowed: {} together",
                                   dmd.stuck_on, dmd.stuck_off, mirrors / 2));
    // A beam that misses the centres of all macro-pixels would light nothing.
    if (dmd.illumination_waist_px > 0 && dmd.illumination_waist_px < 0.5 * dmd.macro_pixel_px)
        return problem("dmd.illumination_waist_px",
                       fmt::format("{} is less than half a macro-pixel; allowed: 0 or at least {}",
                                   dmd.illumination_waist_px, 0.5 * dmd.macro_pixel_px));
    if (std::abs(dmd.illumination_row_offset_px) > 0.5 * dmd.rows)
        return problem("dmd.illumination_row_offset_px",
                       fmt::format("the beam's centre misses the DMD; allowed: {} to {}",
                                   -0.5 * dmd.rows, 0.5 * dmd.rows));
    if (std::abs(dmd.illumination_column_offset_px) > 0.5 * dmd.columns)
        return problem("dmd.illumination_column_offset_px",
                       fmt::format("the beam's centre misses the DMD; allowed: {} to {}",
                                   -0.5 * dmd.columns, 0.5 * dmd.columns));
    return std::nullopt;
}

std::optional<SceneProblem> find_combination(const Scene& s) {
    if (auto found = find_dmd_problem(s.dmd)) return found;
    // Time over this is the number of the medium's epoch, which has to stay a number.
    constexpr double shortest_decorrelation_s = 1e-3;
    if (s.medium.decorrelation_s > 0 && s.medium.decorrelation_s < shortest_decorrelation_s)
        return problem("medium.decorrelation_s",
                       fmt::format("{} is too short; allowed: 0 (never) or at least {}",
                                   s.medium.decorrelation_s, shortest_decorrelation_s));
    if (s.speckle.pixels_per_mode_rows > s.sensor.rows)
        return problem("speckle.pixels_per_mode_rows",
                       fmt::format("{} is more than the sensor has; allowed: 1 to {}",
                                   s.speckle.pixels_per_mode_rows, s.sensor.rows));
    if (s.speckle.pixels_per_mode_columns > s.sensor.columns)
        return problem("speckle.pixels_per_mode_columns",
                       fmt::format("{} is more than the sensor has; allowed: 1 to {}",
                                   s.speckle.pixels_per_mode_columns, s.sensor.columns));
    if (std::int64_t{s.sensor.rows} * s.sensor.columns > most_elements)
        return problem("sensor.columns",
                       fmt::format("{} x {} pixels; allowed: {} in all", s.sensor.rows,
                                   s.sensor.columns, most_elements));
    // Speckle reaches over the edge of the sensor: 64 more modes each way are enough for any.
    const std::int64_t modes =
        (std::int64_t{s.sensor.rows} / s.speckle.pixels_per_mode_rows + 64) *
        (std::int64_t{s.sensor.columns} / s.speckle.pixels_per_mode_columns + 64);
    const std::int64_t channels = (std::int64_t{s.dmd.rows} / s.dmd.macro_pixel_px + 1) *
                                  (std::int64_t{s.dmd.columns} / s.dmd.macro_pixel_px + 1);
    if (s.medium.kind == MediumKind::layered && std::max(modes, channels) > most_layered)
        return problem(
            "medium.kind",
            fmt::format("layered with {} modes and {} macro-pixels; allowed: {} of each, "
                        "or dense",
                        modes, channels, most_layered));
    return std::nullopt;
}

}  // namespace

bool SceneRange::contains(double value) const {
    if (!std::isfinite(value)) return false;
    if (least_excluded ? value <= least : value < least) return false;
    return most_excluded ? value < most : value <= most;
}

std::string SceneRange::text() const {
    const bool has_least = least > -std::numeric_limits<double>::max();
    const bool has_most = most < std::numeric_limits<double>::max();
    if (!has_least && !has_most) return "";
    const std::string low =
        fmt::format("{} {}", least_excluded ? "above" : "at least", number_text(least));
    const std::string high =
        fmt::format("{} {}", most_excluded ? "below" : "at most", number_text(most));
    if (!has_most) return low;
    if (!has_least) return high;
    if (!least_excluded && !most_excluded)
        return fmt::format("{} to {}", number_text(least), number_text(most));
    return low + " and " + high;
}

std::string_view SceneField::section() const {
    const auto dot = path.find('.');
    return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

std::string_view SceneField::key() const {
    const auto dot = path.find('.');
    return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

std::string SceneField::value_text(const Scene& scene) const {
    return std::visit(
        [&](const auto& m) -> std::string {
            using M = std::decay_t<decltype(m)>;
            if constexpr (std::is_same_v<M, SceneChoice>) {
                return std::string(m.words[static_cast<std::size_t>(m.get(scene))]);
            } else {
                const auto& value = read(m, scene);
                using V = std::decay_t<decltype(value)>;
                if constexpr (std::is_same_v<V, bool>) return value ? "true" : "false";
                if constexpr (std::is_same_v<V, double>) return number_text(value);
                if constexpr (std::is_same_v<V, std::string>) return quoted(value);
                if constexpr (std::is_integral_v<V>) return std::to_string(value);
            }
        },
        member);
}

std::string SceneField::allowed_text() const {
    if (const auto* choice = std::get_if<SceneChoice>(&member)) return choices_text(*choice);
    if (std::holds_alternative<bool& (*)(Scene&)>(member)) return "true or false";
    if (std::holds_alternative<std::string& (*)(Scene&)>(member))
        return "text in one line, 1 to 100 bytes";
    if (std::holds_alternative<std::uint64_t& (*)(Scene&)>(member))
        return fmt::format("a whole number, 0 to {}", std::numeric_limits<std::uint64_t>::max());
    std::string out =
        std::holds_alternative<double& (*)(Scene&)>(member) ? "a number" : "a whole number";
    if (const std::string limits = range.text(); !limits.empty()) out += ", " + limits;
    if (!unit.empty()) out += fmt::format(" {}", unit);
    return out;
}

std::optional<SceneProblem> find_problem(const Scene& scene) {
    for (const SceneField& field : scene_fields()) {
        const auto value = number_of(field, scene);
        if (value && !field.range.contains(*value))
            return SceneProblem{std::string(field.path),
                                fmt::format("{} is impossible; allowed: {}", number_text(*value),
                                            field.allowed_text())};
    }
    if (const auto problem = find_name_problem(scene.name))
        return SceneProblem{"name", fmt::format("the name {}", *problem)};
    return find_combination(scene);
}

std::optional<std::string_view> find_name_problem(std::string_view name) {
    if (name.empty()) return "is empty";
    if (name.size() > 100) return "is longer than 100 bytes";
    for (const char c : name)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "has control characters";
    return std::nullopt;
}

std::string scene_fingerprint(const Scene& scene) {
    std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a, 64 bits [Fowler, Noll, Vo]
    const auto add = [&](std::string_view text) {
        for (const char c : text) {
            hash ^= static_cast<unsigned char>(c);
            hash *= 0x100000001b3u;
        }
    };
    for (const SceneField& field : scene_fields()) {
        if (!field.part_of_bench) continue;
        add(field.path);
        add("=");
        add(field.value_text(scene));
        add("\n");
    }
    return fmt::format("{:016x}", hash);
}

}  // namespace opal::sim
