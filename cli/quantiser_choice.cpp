// QuantiserChoice: command-line options -> quantiser options. See quantiser_choice.h.
#include "cli/quantiser_choice.h"

#include <CLI/CLI.hpp>

#include <map>

namespace opal::cli {

namespace {

const std::map<std::string, projection::Quantisation> kinds{
    {"fixed", projection::Quantisation::fixed_threshold},
    {"adaptive", projection::Quantisation::adaptive_threshold},
    {"stochastic", projection::Quantisation::stochastic},
    {"bits", projection::Quantisation::bit_planes}};

}  // namespace

void QuantiserChoice::add_options(CLI::App& command) {
    command
        .add_option("--quantiser", kind,
                    "how a vector becomes patterns: adaptive (ternary, threshold a fraction of the "
                    "largest component), fixed (ternary, fixed threshold), stochastic (ternary, "
                    "right on average), bits (bit-planes)")
        ->capture_default_str()
        ->check(CLI::IsMember({"adaptive", "fixed", "stochastic", "bits"}))
        ->group("Quantiser");
    command
        .add_option("--threshold", threshold, "of adaptive (default 0.3) and fixed (default 0.1)")
        ->group("Quantiser");
    command.add_option("--bits", bits, "of --quantiser bits, 1 to 16; each takes two exposures")
        ->capture_default_str()
        ->group("Quantiser");
    command.add_option("--quantiser-seed", seed, "of --quantiser stochastic")
        ->capture_default_str()
        ->check(CLI::Range(0, 1 << 20))
        ->group("Quantiser");
    command
        .add_flag("!--no-norm", keep_norm,
                  "do not give the quantised vector the length of the error")
        ->group("Quantiser");
}

projection::QuantiserOptions QuantiserChoice::options() const {
    projection::QuantiserOptions chosen;
    chosen.kind = kinds.at(kind);
    // The fixed threshold is in the errors' unit (probabilities), not a fraction.
    constexpr double usual_fixed = 0.1;
    if (chosen.kind == projection::Quantisation::fixed_threshold) chosen.threshold = usual_fixed;
    if (threshold) chosen.threshold = *threshold;
    chosen.bits = bits;
    chosen.seed = seed;
    chosen.restore_norm = keep_norm;
    return chosen;
}

std::string quantiser_name(projection::Quantisation kind) {
    for (const auto& [name, value] : kinds) {
        if (value == kind) return name;
    }
    return "?";
}

std::optional<projection::Quantisation> quantiser_kind(const std::string& name) {
    const auto found = kinds.find(name);
    if (found == kinds.end()) return std::nullopt;
    return found->second;
}

}  // namespace opal::cli
