// Hints: edit distance for typing errors, stems for wrong units.
#include "sim/scene_hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

namespace opal::sim {
namespace {

// Endings that are units, the field table's own and those people write by habit. Longest first.
constexpr std::array<std::string_view, 42> unit_endings{"_photons_per_px_us",
                                                        "_rad_per_px2",
                                                        "_us_per_row",
                                                        "_e_per_dn8",
                                                        "_e_per_dn",
                                                        "_e_per_s",
                                                        "_pixels",
                                                        "_mirrors",
                                                        "_degrees",
                                                        "_seconds",
                                                        "_percent",
                                                        "_photons",
                                                        "_volts",
                                                        "_min",
                                                        "_mib",
                                                        "_gib",
                                                        "_khz",
                                                        "_dn8",
                                                        "_cpp",
                                                        "_cpf",
                                                        "_rad",
                                                        "_deg",
                                                        "_ms",
                                                        "_us",
                                                        "_ns",
                                                        "_um",
                                                        "_nm",
                                                        "_mm",
                                                        "_px",
                                                        "_hz",
                                                        "_mw",
                                                        "_uw",
                                                        "_mb",
                                                        "_gb",
                                                        "_dn",
                                                        "_s",
                                                        "_h",
                                                        "_e",
                                                        "_c",
                                                        "_k",
                                                        "_w",
                                                        "_m"};

std::string_view stem_of(std::string_view key) {
    for (const std::string_view ending : unit_endings)
        if (key.size() > ending.size() && key.ends_with(ending))
            return key.substr(0, key.size() - ending.size());
    return key;
}

// Levenshtein's distance, one row at a time.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
        }
    }
    return row.back();
}

std::vector<std::string_view> keys_of(std::string_view section) {
    std::vector<std::string_view> keys;
    if (section.empty()) {
        keys.push_back("base");
        for (const std::string_view name : scene_sections()) keys.push_back(name);
    }
    for (const SceneField& field : scene_fields())
        if (field.section() == section) keys.push_back(field.key());
    return keys;
}

// Fields of other sections with exactly this key.
std::vector<std::string_view> paths_elsewhere(std::string_view key) {
    std::vector<std::string_view> paths;
    for (const SceneField& field : scene_fields())
        if (field.key() == key) paths.push_back(field.path);
    return paths;
}

}  // namespace

std::span<const std::string_view> scene_sections() {
    static const std::vector<std::string_view> sections = [] {
        std::vector<std::string_view> names;
        for (const SceneField& field : scene_fields())
            if (!field.section().empty() && (names.empty() || names.back() != field.section()))
                names.push_back(field.section());
        return names;
    }();
    return sections;
}

std::string listed(std::span<const std::string_view> words) {
    std::string out;
    for (const std::string_view word : words) {
        if (!out.empty()) out += ", ";
        out += word;
    }
    return out;
}

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> words) {
    // Two letters or a third of them may be wrong; beyond that a guess would mislead.
    std::size_t best = std::max<std::size_t>(2, word.size() / 3) + 1;
    std::string_view nearest;
    for (const std::string_view candidate : words) {
        const std::size_t d = distance(word, candidate);
        if (d < best) {
            best = d;
            nearest = candidate;
        }
    }
    return nearest;
}

std::string explain_unknown_key(std::string_view section, std::string_view key) {
    for (const SceneField& field : scene_fields()) {
        if (field.section() != section || stem_of(field.key()) != stem_of(key)) continue;
        const bool has_unit = stem_of(key) != key;
        return fmt::format("{}; allowed: {}, {}", has_unit ? "wrong unit" : "keys carry their unit",
                           field.key(), field.allowed_text());
    }
    const auto keys = keys_of(section);
    if (const auto paths = paths_elsewhere(key); !paths.empty())
        return fmt::format("unknown key here; it exists as {}; allowed: {}", listed(paths),
                           listed(keys));
    if (const auto near = nearest_word(key, keys); !near.empty())
        return fmt::format("unknown key; did you mean {}? allowed: {}", near, listed(keys));
    return fmt::format("unknown key; allowed: {}", listed(keys));
}

}  // namespace opal::sim
