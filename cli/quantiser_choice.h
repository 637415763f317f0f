// QuantiserChoice: the options that say how errors become patterns.
#pragma once

#include "projection/quantiser.h"

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace opal::cli {

struct QuantiserChoice {
    std::string kind = "adaptive";
    std::optional<double> threshold;
    int bits = 4;
    std::uint64_t seed = 1;
    bool keep_norm = true;

    // --quantiser, --threshold, --bits, --quantiser-seed, --no-norm
    void add_options(CLI::App& command);
    projection::QuantiserOptions options() const;
};

}  // namespace opal::cli
