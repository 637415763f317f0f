// The purity rule: libraries do not print, exit, sleep, read a clock, or draw numbers that differ
// between runs or standard libraries. Programs (cli/, tests/, bench/) may. See rules.h.
#include "tests/tidy/rules.h"

#include <array>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace opal::tests {
namespace {

struct Impurity {
    const char* word;  // the name in permissions.txt
    const char* pattern;
    const char* message;
};

const std::array<Impurity, 16> impurities{{
    {"cout", R"(\bstd::(cout|cerr|clog)\b)", "prints; take a callback or a std::ostream"},
    {"printf", R"(\b(printf|puts|fprintf|fputs|putchar)\s*\()", "prints; take a callback"},
    {"fmt::print", R"(\bfmt::print(ln)?\s*\()", "prints; take a callback or a std::ostream"},
    {"exit", R"(\b(exit|_Exit|quick_exit)\s*\()", "ends the program; throw instead"},
    {"abort", R"(\b(abort|terminate)\s*\(\s*\))", "ends the program; assert or throw instead"},
    {"sleep_for", R"(\b(sleep_for|usleep|nanosleep)\s*\()", "sleeps; use hal::Clock"},
    {"sleep_until", R"(\bsleep_until\s*\()", "sleeps; use hal::Clock"},
    {"steady_clock::now", R"(\bsteady_clock::now\b)", "reads a clock; use hal::Clock"},
    {"system_clock::now", R"(\bsystem_clock::now\b)", "reads a clock; take the time as argument"},
    {"time", R"(\b(std::time|gettimeofday|clock_gettime)\s*\()", "reads a clock; use hal::Clock"},
    {"random_device", R"(\brandom_device\b)", "differs from run to run; take a seed"},
    {"rand", R"(\b(rand|srand)\s*\()", "differs between machines; take a seed"},
    {"distribution", R"(\bstd::\w+_distribution\b)",
     "differs between standard libraries; use the counter-based generator"},
    {"shuffle", R"(\bstd::(shuffle|sample)\b)",
     "differs between standard libraries; use the counter-based generator"},
    {"getenv", R"(\bgetenv\s*\()", "reads the environment; take an argument"},
    {"default_random_engine", R"(\bdefault_random_engine\b)",
     "differs between standard libraries; take a seed"},
}};

bool is_program(const SourceFile& file) {
    return is_below(file.path, "cli") || is_below(file.path, "tests") ||
           is_below(file.path, "bench");
}

bool is_known_word(const std::string& word) {
    for (const Impurity& impurity : impurities) {
        if (word == impurity.word) return true;
    }
    return false;
}

}  // namespace

Permissions parse_permissions(std::string_view table) {
    Permissions permissions;
    std::istringstream in{std::string(table)};
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        if (line.empty() || line[0] == '#') continue;
        const std::size_t colon = line.find(": ");
        std::istringstream words(colon == std::string::npos ? "" : line.substr(colon + 2));
        std::set<std::string> allowed;
        for (std::string word; words >> word;) {
            if (!is_known_word(word)) {
                throw std::runtime_error("line " + std::to_string(number) + ": \"" + word +
                                         "\" is no word of the purity rule");
            }
            allowed.insert(word);
        }
        if (allowed.empty()) {
            throw std::runtime_error("line " + std::to_string(number) +
                                     ": want \"file: words it may use\"");
        }
        permissions[line.substr(0, colon)] = allowed;
    }
    return permissions;
}

void check_purity(const SourceFile& file, const Permissions& permissions,
                  std::vector<Violation>& violations) {
    if (file.kind != FileKind::cpp || is_program(file)) return;
    const auto permitted = permissions.find(file.path);
    for (const Impurity& impurity : impurities) {
        if (permitted != permissions.end() && permitted->second.contains(impurity.word)) continue;
        const std::regex pattern(impurity.pattern);
        for (std::size_t i = 0; i < file.code.size(); ++i) {
            if (std::regex_search(file.code[i], pattern)) {
                violations.push_back({file.path, i + 1, "purity",
                                      std::string(impurity.word) + " " + impurity.message});
            }
        }
    }
}

}  // namespace opal::tests
