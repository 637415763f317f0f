// SceneField: values as text, ranges in words, and the checks that need more than one field.
#include "sim/scene_fields.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace opal::sim {
namespace {

// Shortest text that reads back to the same double, with a mark that it is not a whole number.
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

std::optional<SceneProblem> find_combination(const Scene& s) {
    const auto problem = [](std::string path, std::string text) {
        return SceneProblem{std::move(path), std::move(text)};
    };
    const int short_side = s.dmd.rows < s.dmd.columns ? s.dmd.rows : s.dmd.columns;
    if (s.dmd.macro_pixel_px > short_side)
        return problem("dmd.macro_pixel_px",
                       fmt::format("{} is more than the DMD's short side; allowed: 1 to {}",
                                   s.dmd.macro_pixel_px, short_side));
    const std::int64_t mirrors = std::int64_t{s.dmd.rows} * s.dmd.columns;
    if (std::int64_t{s.dmd.stuck_on} + s.dmd.stuck_off > mirrors)
        return problem("dmd.stuck_off",
                       fmt::format("{} stuck on and {} stuck off are more than the DMD has; "
                                   "allowed: {} together",
                                   s.dmd.stuck_on, s.dmd.stuck_off, mirrors));
    if (s.speckle.pixels_per_mode_rows > s.sensor.rows)
        return problem("speckle.pixels_per_mode_rows",
                       fmt::format("{} is more than the sensor has; allowed: 1 to {}",
                                   s.speckle.pixels_per_mode_rows, s.sensor.rows));
    if (s.speckle.pixels_per_mode_columns > s.sensor.columns)
        return problem("speckle.pixels_per_mode_columns",
                       fmt::format("{} is more than the sensor has; allowed: 1 to {}",
                                   s.speckle.pixels_per_mode_columns, s.sensor.columns));
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
    if (std::holds_alternative<std::string& (*)(Scene&)>(member)) return "text";
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
    return find_combination(scene);
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
