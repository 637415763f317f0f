// Hints for people who mistyped: the key they probably meant, with the right unit.
#pragma once

#include "sim/scene_fields.h"

#include <span>
#include <string>
#include <string_view>

namespace opal::sim {

// What is wrong with `key` in `section` (empty: top level), which no field has, and what is
// allowed: "wrong unit; allowed: ...", "unknown key; did you mean ...". One line without a full
// stop.
std::string explain_unknown_key(std::string_view section, std::string_view key);

// The nearest of `words`, or empty if none is near.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> words);

// "a, b, c"
std::string listed(std::span<const std::string_view> words);

// The sections of scene_fields(), in order.
std::span<const std::string_view> scene_sections();

}  // namespace opal::sim
