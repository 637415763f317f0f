// QuantiserChoice: the options that say how errors become patterns.
#pragma once

#include "projection/quantiser.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace CLI {
class App;
}

namespace opal::cli {

struct QuantiserChoice {
    explicit QuantiserChoice(std::string usual) : kind(std::move(usual)) {}

    std::string kind;
    std::optional<double> threshold;
    int bits = 8;
    std::uint64_t seed = 1;
    bool keep_norm = true;

    // --quantiser, --threshold, --bits, --quantiser-seed, --no-norm
    void add_options(CLI::App& command);
    projection::QuantiserOptions options() const;
};

// The word of --quantiser, both ways.
std::string quantiser_name(projection::Quantisation kind);
std::optional<projection::Quantisation> quantiser_kind(const std::string& name);

}  // namespace opal::cli
