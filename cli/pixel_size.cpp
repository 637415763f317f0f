// PixelSize: see pixel_size.h.
#include "cli/pixel_size.h"

#include "cli/exit_code.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>
#include <system_error>

namespace opal::cli {

namespace {

// A whole number of pixels at the front of `text`, which is cut off; 0 if there is none.
int take_pixels(std::string_view& text) {
    int pixels = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pixels);
    if (error != std::errc() || pixels > 1 << 20) return 0;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return pixels;
}

}  // namespace

std::pair<int, int> read_pixels(const std::string& option, const std::string& text) {
    std::string_view rest = text;
    const int rows = take_pixels(rest);
    const bool times = rest.starts_with('x');
    if (times) rest.remove_prefix(1);
    const int columns = take_pixels(rest);
    if (!times || !rest.empty() || rows < 1 || columns < 1)
        throw BadInput(
            fmt::format("{} {}: wanted is ROWSxCOLUMNS in pixels, e.g. 128x128", option, text));
    return {rows, columns};
}

}  // namespace opal::cli
