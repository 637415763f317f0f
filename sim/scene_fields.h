// scene_fields(): the one table of everything a scene can say. Parsing, validation, dumping,
// documentation and the bench's identity all walk it, so none can know a field the others do not.
//
// A field's path is "section.key" or "key"; its section and key are the names in sim/scene.h.
#pragma once

#include "sim/scene.h"

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace opal::sim {

// The values a number may take, ends included unless said otherwise.
struct SceneRange {
    double least = -std::numeric_limits<double>::max();
    double most = std::numeric_limits<double>::max();
    bool least_excluded = false;
    bool most_excluded = false;

    bool contains(double value) const;
    std::string text() const;  // "1 to 65536", "above 0", "above -0.5 and below 0.5"
};

// A field that takes one of a few words.
struct SceneChoice {
    std::vector<std::string_view> words;
    int (*get)(const Scene&);  // index into words
    void (*set)(Scene&, int);
};

struct SceneField {
    using Member = std::variant<int& (*)(Scene&), double& (*)(Scene&), bool& (*)(Scene&),
                                std::uint64_t& (*)(Scene&), std::string& (*)(Scene&), SceneChoice>;
    std::string_view path;
    Member member;
    SceneRange range;
    std::string_view unit;  // as in the key's ending, spelled for people; empty: none
    std::string_view doc;
    bool part_of_bench = true;  // another value is another bench: a calibration no longer holds

    std::string_view section() const;  // empty for top-level keys
    std::string_view key() const;
    std::string value_text(const Scene& scene) const;  // as YAML; reads back to the same value
    std::string allowed_text() const;                  // "a whole number, 1 to 65536 px"
};

std::span<const SceneField> scene_fields();

// A value, or a combination of values, no bench can have.
struct SceneProblem {
    std::string path;
    std::string text;  // "21 asked; allowed: ..."
};
std::optional<SceneProblem> find_problem(const Scene& scene);
// What a scene's name must not be: "is empty", or nothing.
std::optional<std::string_view> find_name_problem(std::string_view name);

// 16 hexadecimal digits, equal for scenes that describe the same bench.
std::string scene_fingerprint(const Scene& scene);

}  // namespace opal::sim
