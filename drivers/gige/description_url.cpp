// DescriptionUrl: parsing and downloading.
#include "drivers/gige/description_url.h"

#include "drivers/genapi/description.h"
#include "hal/error.h"
#include "protocol/gvcp_registers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace opal::drivers::gige {

namespace reg = protocol::gvcp::reg;
using hal::DeviceError;
using hal::ErrorKind;

namespace {

constexpr std::uint32_t largest_file = 64u << 20;

std::optional<std::uint32_t> hexadecimal(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    std::uint32_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, 16);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

std::string read_url(ControlChannel& channel, std::uint32_t address) {
    std::array<std::byte, protocol::gvcp::url_length> raw;
    channel.read(address, raw);
    const auto end = std::find(raw.begin(), raw.end(), std::byte{0});
    return {reinterpret_cast<const char*>(raw.data()), static_cast<std::size_t>(end - raw.begin())};
}

std::string printable(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E) c = '?';
    return text;
}

}  // namespace

std::optional<DescriptionUrl> parse_description_url(std::string_view url) {
    constexpr std::string_view scheme = "local:";
    if (url.size() < scheme.size()) return std::nullopt;
    for (std::size_t i = 0; i < scheme.size(); ++i)
        if ((url[i] | 0x20) != (scheme[i] | 0x20)) return std::nullopt;
    url.remove_prefix(scheme.size());
    while (url.starts_with('/')) url.remove_prefix(1);
    url = url.substr(0, url.find('?'));
    const std::size_t first = url.find(';');
    const std::size_t second = first == std::string_view::npos ? first : url.find(';', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    const auto address = hexadecimal(url.substr(first + 1, second - first - 1));
    const auto length = hexadecimal(url.substr(second + 1));
    if (!address || !length || *length == 0) return std::nullopt;
    return DescriptionUrl{std::string(url.substr(0, first)), *address, *length};
}

std::string fetch_description(ControlChannel& channel) {
    std::string problems;
    for (const std::uint32_t place : {reg::first_url, reg::second_url}) {
        const std::string text = read_url(channel, place);
        const auto url = parse_description_url(text);
        if (!url || url->length > largest_file) {
            if (!text.empty()) problems += " '" + printable(text) + "' is no file in the camera;";
            continue;
        }
        try {
            std::vector<std::byte> file(url->length);
            channel.read(url->address, file);
            return genapi::unpack_description(file);
        } catch (const genapi::DescriptionError& error) {
            problems += std::string(" ") + error.what() + ";";
        } catch (const DeviceError& error) {
            if (error.kind() == ErrorKind::timeout) throw;
            problems += std::string(" ") + error.what() + ";";
        }
    }
    throw DeviceError(ErrorKind::corrupt, channel.name(), "read its description",
                      "the camera does not say what it can do:" +
                          (problems.empty() ? " it names no file" : problems));
}

}  // namespace opal::drivers::gige
