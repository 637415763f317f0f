// Progress: draws the bar or, without a terminal, a line now and then. See progress.h.
#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace opal::cli {

namespace {

constexpr std::chrono::milliseconds redraw_period{150};
constexpr int bar_width = 12;
// A rate over less than this is guesswork and is not shown.
constexpr double settled_s = 0.5;

}  // namespace

Progress::Progress(const Terminal& terminal, std::string label, std::string unit)
    : terminal_(terminal),
      label_(std::move(label)),
      unit_(std::move(unit)),
      started_(Clock::now()),
      shown_(started_) {}

Progress::~Progress() {
    clear();
}

void Progress::update(double done, double total, std::string_view detail) {
    const auto now = Clock::now();
    if (terminal_.err_is_terminal() && !lines_) {
        if (visible_ && now - shown_ < redraw_period) return;
        std::string text = line(done, total, detail, true);
        const auto width = static_cast<std::size_t>(std::max(terminal_.width() - 1, 20));
        if (text.size() > width) text.resize(width);
        fmt::print(stderr, "\r\033[K{}", text);
        std::fflush(stderr);
        visible_ = true;
    } else {
        if (now - shown_ < line_period_) return;
        terminal_.note(line(done, total, detail, false));
    }
    shown_ = now;
}

void Progress::as_lines(std::chrono::seconds period) {
    lines_ = true;
    line_period_ = period;
}

void Progress::clear() {
    if (!visible_) return;
    fmt::print(stderr, "\r\033[K");
    std::fflush(stderr);
    visible_ = false;
}

std::string Progress::line(double done, double total, std::string_view detail, bool bar) const {
    const double elapsed_s = std::chrono::duration<double>(Clock::now() - started_).count();
    std::string text = fmt::format("  {:<20}", label_);
    if (total > 0) {
        const double part = std::clamp(done / total, 0.0, 1.0);
        if (bar) {
            const auto filled = static_cast<std::size_t>(part * bar_width);
            text += fmt::format(" [{:#<{}}{:-<{}}]", "", filled, "", bar_width - filled);
        }
        text +=
            fmt::format(" {:3.0f} %  {:.0f}/{:.0f} {}", std::floor(100 * part), done, total, unit_);
    } else {
        text += fmt::format(" {:.0f} {}", done, unit_);
    }
    if (elapsed_s > settled_s && done > 0) {
        const double rate = done / elapsed_s;
        text += fmt::format("  {:.{}f}/s", rate, rate < 10 ? 1 : 0);
        const double left_s = (total - done) / rate;
        if (left_s >= 1) text += fmt::format("  {} left", duration_text(left_s));
    }
    if (!detail.empty()) text += fmt::format("  {}", detail);
    return text;
}

std::string duration_text(double seconds) {
    if (!(seconds >= 0) || !std::isfinite(seconds)) return "?";
    if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
    const auto whole = static_cast<long long>(std::llround(seconds));
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace opal::cli
