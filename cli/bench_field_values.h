// Values of bench files: one word of YAML -> a number, a time, one of two words, and back.
#pragma once

#include "hal/clock.h"

#include <optional>
#include <string>
#include <string_view>

namespace opal::cli {

// All: nothing if the text is no such value.
std::optional<double> number(const std::string& text);
std::optional<hal::Duration> whole_us(const std::string& text, int least, int most);
std::optional<bool> is_second(const std::string& text, std::string_view first,
                              std::string_view second);

// In YAML's double quotes wherever plain text could mean something else.
std::string quoted(const std::string& text);
std::string text_in_us(const std::optional<hal::Duration>& span);  // empty: not said

}  // namespace opal::cli
