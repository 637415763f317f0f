// DescriptionUrl: where a GigE Vision camera keeps its description, and fetching it from there.
#pragma once

#include "drivers/gige/control_channel.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace opal::drivers::gige {

struct DescriptionUrl {
    std::string file;  // "camera.zip"
    std::uint32_t address = 0;
    std::uint32_t length = 0;
};

// "Local:name.xml;ADDRESS;LENGTH", hexadecimal without 0x, perhaps "Local:///..." and with a query
// behind; nothing for every other form.
std::optional<DescriptionUrl> parse_description_url(std::string_view url);

// The XML, from the first place of the two that works. Throws hal::DeviceError.
std::string fetch_description(ControlChannel& channel);

}  // namespace opal::drivers::gige
