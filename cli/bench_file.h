// Bench files: bench.yaml -> the devices of a bench, by URI, how they are wired and what they are
// allowed; strictly. Whatever is not exactly right is one line that says where, what, and what
// would be right:
//
//   bench.yaml:7:3: laser.limit_w: unknown key; did you mean limit_mw?
//
// One table (bench_fields.h) knows every key: reading, writing and explaining walk it.
#pragma once

#include "drivers/wire_bench.h"

#include <filesystem>
#include <string>

namespace opal::cli {

struct BenchFile {
    drivers::WireBenchPlan plan;
    // "lab": all three devices are sim:lab, one simulated bench; of the plan its name counts.
    std::string scene;
};

// All throw BadInput.
BenchFile load_bench_file(const std::filesystem::path& file);
// `name` stands for the file in messages.
BenchFile parse_bench_file(const std::string& text, const std::string& name);

// A file that reads back to the same plan.
std::string bench_file_text(const drivers::WireBenchPlan& plan);
// Every key with its meaning, and for which devices it is.
std::string explain_bench_file();

}  // namespace opal::cli
