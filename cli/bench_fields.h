// bench_fields(): the one table of everything a bench file can say. See bench_file.h.
#pragma once

#include "drivers/wire_bench.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace opal::cli {

struct BenchField {
    std::string_view path;                   // "laser.limit_mw"; without a dot: top level
    bool required = false;                   // where it may be written at all
    std::vector<drivers::DeviceKind> kinds;  // which it is for; empty: any
    std::string allowed;                     // "a number above 0, in mW"
    std::string_view doc;
    // False: the text is none of what is allowed.
    bool (*set)(drivers::WireBenchPlan& plan, const std::string& text);
    // As written; empty: not said.
    std::string (*get)(const drivers::WireBenchPlan& plan);

    std::string_view section() const;  // "laser"; empty: top level
    std::string_view key() const;
    // For the device its section is about, as the plan has it by now.
    bool fits(const drivers::WireBenchPlan& plan) const;
};

std::span<const BenchField> bench_fields();
// Whom a section is about; nullptr: nobody.
const drivers::DeviceUri* device_of(const drivers::WireBenchPlan& plan, std::string_view section);

}  // namespace opal::cli
