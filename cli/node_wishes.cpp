// NodeWishes: see node_wishes.h.
#include "cli/node_wishes.h"

#include "cli/exit_code.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <ctime>
#include <string_view>

namespace opal::cli {

namespace {

struct Unit {
    std::string_view name;
    double seconds;
};
constexpr Unit units[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}};

calibration::Node node_of(const std::string& name) {
    if (const auto node = calibration::node_named(name)) return *node;
    std::string all;
    for (const auto& n : calibration::all_nodes()) {
        std::string title(n.title);
        for (char& c : title)
            if (c == ' ') c = '-';
        all += (all.empty() ? "" : ", ") + title;
    }
    throw BadInput(
        fmt::format("no step of the calibration is called '{}'; there are {}", name, all));
}

}  // namespace

double age_of(const std::string& text) {
    if (text == "none") return 0;
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
    if (error == std::errc() && std::isfinite(value) && value > 0)
        for (const Unit& u : units)
            if (u.name == unit) return value * u.seconds;
    throw BadInput(fmt::format(
        "'{}' is no age; wanted is a number above 0 with s, min, h or d, e.g. 30min, or none",
        text));
}

calibration::PerNode<std::optional<double>> age_limits_of(const std::vector<std::string>& words) {
    calibration::PerNode<std::optional<double>> limits;
    for (const std::string& word : words) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos) {
            for (const auto& n : calibration::all_nodes()) limits[n.node] = age_of(word);
        } else {
            limits[node_of(word.substr(0, equals))] = age_of(word.substr(equals + 1));
        }
    }
    return limits;
}

calibration::PerNode<bool> nodes_of(const std::vector<std::string>& names) {
    calibration::PerNode<bool> chosen;
    for (const std::string& name : names) {
        if (name == "all") {
            for (const auto& n : calibration::all_nodes()) chosen[n.node] = true;
        } else {
            chosen[node_of(name)] = true;
        }
    }
    return chosen;
}

double utc_now_s() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::string date_of(double utc_s) {
    const auto whole = static_cast<std::time_t>(utc_s);
    std::tm parts{};
    if (!(utc_s > 0) || gmtime_r(&whole, &parts) == nullptr) return "at an unknown time";
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace opal::cli
