// FeatureText: writing and reading numbers, addresses and bytes.
#include "drivers/genapi/feature_text.h"

#include "drivers/genapi/literal.h"

#include <fmt/format.h>

namespace opal::drivers::genapi {

std::string integer_as_text(std::int64_t value, std::string_view representation) {
    const auto bits = static_cast<std::uint64_t>(value);
    if (representation == "HexNumber") return fmt::format("{:#x}", bits);
    if (representation == "IPV4Address")
        return fmt::format("{}.{}.{}.{}", bits >> 24 & 0xFF, bits >> 16 & 0xFF, bits >> 8 & 0xFF,
                           bits & 0xFF);
    if (representation == "MACAddress")
        return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bits >> 40 & 0xFF,
                           bits >> 32 & 0xFF, bits >> 24 & 0xFF, bits >> 16 & 0xFF,
                           bits >> 8 & 0xFF, bits & 0xFF);
    return std::to_string(value);
}

std::optional<std::int64_t> integer_from_text(std::string_view text,
                                              std::string_view representation) {
    const std::string_view clean = trimmed(text);
    if (representation == "IPV4Address" && clean.find('.') != std::string_view::npos) {
        std::int64_t address = 0;
        std::string_view rest = clean;
        for (int part = 0; part < 4; ++part) {
            const std::size_t dot = part < 3 ? rest.find('.') : rest.size();
            if (dot == std::string_view::npos) return std::nullopt;
            const auto byte = parse_integer(rest.substr(0, dot));
            if (!byte || *byte < 0 || *byte > 255) return std::nullopt;
            address = address << 8 | *byte;
            rest.remove_prefix(part < 3 ? dot + 1 : dot);
        }
        return address;
    }
    return parse_integer(clean);
}

std::string number_as_text(double value) {
    return fmt::format("{}", value);
}

std::optional<double> number_from_text(std::string_view text) {
    return parse_number(trimmed(text));
}

std::string bytes_as_text(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte b : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(b));
    return text;
}

std::optional<std::vector<std::byte>> bytes_from_text(std::string_view text) {
    const std::string_view digits = trimmed(text);
    if (digits.size() % 2 != 0) return std::nullopt;
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        const auto byte = parse_integer("0x" + std::string(digits.substr(i, 2)));
        if (!byte) return std::nullopt;
        bytes.push_back(static_cast<std::byte>(*byte));
    }
    return bytes;
}

std::optional<bool> truth_from_text(std::string_view text) {
    if (text == "true" || text == "True" || text == "on" || text == "On" || text == "1")
        return true;
    if (text == "false" || text == "False" || text == "off" || text == "Off" || text == "0")
        return false;
    return std::nullopt;
}

}  // namespace opal::drivers::genapi
