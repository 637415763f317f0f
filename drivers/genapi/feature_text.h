// FeatureText: values of features <-> what people write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace opal::drivers::genapi {

// `representation`: of the description: HexNumber, IPV4Address, MACAddress; anything else: decimal.
std::string integer_as_text(std::int64_t value, std::string_view representation);
std::optional<std::int64_t> integer_from_text(std::string_view text,
                                              std::string_view representation);
// The shortest that reads back as the same number.
std::string number_as_text(double value);
std::optional<double> number_from_text(std::string_view text);
std::string bytes_as_text(std::span<const std::byte> bytes);
std::optional<std::vector<std::byte>> bytes_from_text(std::string_view text);
std::optional<bool> truth_from_text(std::string_view text);  // true, false, on, off, 1, 0

}  // namespace opal::drivers::genapi
