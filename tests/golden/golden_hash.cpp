// GoldenHash: prints one line per frozen frame, "case frame hash", or compares them with the
// committed ones.
//
//   golden_hash [--threads N] [--every-target] [--expect hashes.txt]
//
// Needs hal and sim only. With --every-target all frames are rendered once per vector instruction
// set of this machine. Exit code 1 and one line per difference if anything differs.
#include "sim/physics/optics.h"
#include "tests/golden/bench_runs.h"
#include "tests/golden/fnv.h"
#include "tests/golden/golden_cases.h"

#include <hwy/highway.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <thread>

namespace {

using namespace opal;
using namespace opal::golden;

// One bench and what its frames need.
struct Bench {
    explicit Bench(const Case& c) : optics(c.scene) {
        for (const Shot& shot : c.shots) {
            for (const Segment& s : shot.segments) {
                if (lights.count(s.pattern) != 0) continue;
                optics.reduce(pattern_of(c.scene.dmd, s.pattern), lights[s.pattern]);
            }
        }
    }
    sim::Optics optics;
    std::map<int, sim::ChannelAmplitudes> lights;
};

std::uint64_t hash_of(const Bench& bench, const Shot& shot, sim::Optics::Scratch& scratch) {
    std::vector<sim::LightSegment> segments;
    for (const Segment& s : shot.segments) {
        segments.push_back({&bench.lights.at(s.pattern), s.start, s.duration, s.power_q16});
    }
    hal::Frame frame;
    bench.optics.expose({shot.region, shot.format, shot.total, shot.frame_key, segments}, scratch,
                        frame);
    Fnv hash;
    for (const int n : {frame.region.row, frame.region.column, frame.region.rows,
                        frame.region.columns, frame.bits()}) {
        hash.add(n);
    }
    hash.add(frame.bytes);
    return hash.value();
}

// All frames of all cases, shared among threads frame by frame, and those of whole benches.
std::string lines_of(const std::vector<Case>& cases, int threads) {
    std::ostringstream lines;
    for (const Case& c : cases) {
        const Bench bench(c);
        std::vector<std::uint64_t> hashes(c.shots.size());
        std::vector<std::thread> team;
        for (int t = 0; t < threads; ++t) {
            team.emplace_back([&, t] {
                const auto scratch = bench.optics.make_scratch();
                for (auto n = static_cast<std::size_t>(t); n < c.shots.size();
                     n += static_cast<std::size_t>(threads)) {
                    hashes[n] = hash_of(bench, c.shots[n], *scratch);
                }
            });
        }
        for (std::thread& t : team) t.join();
        for (std::size_t n = 0; n < hashes.size(); ++n) {
            lines << c.name << ' ' << n << ' ' << std::hex << std::setfill('0') << std::setw(16)
                  << hashes[n] << std::dec << '\n';
        }
    }
    return lines.str() + bench_run_lines(threads);
}

std::string committed(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
        std::cerr << "golden_hash: cannot read " << path << '\n';
        std::exit(2);
    }
    std::string lines;
    for (std::string line; std::getline(file, line);) {
        if (!line.empty() && line[0] != '#') lines += line + '\n';
    }
    return lines;
}

bool same(const std::string& got, const std::string& expected, const std::string& how) {
    std::istringstream a(got);
    std::istringstream b(expected);
    bool equal = true;
    std::string x;
    std::string y;
    while (true) {
        const bool more_a = static_cast<bool>(std::getline(a, x));
        const bool more_b = static_cast<bool>(std::getline(b, y));
        if (!more_a && !more_b) break;
        if (!more_a) x = "nothing";
        if (!more_b) y = "nothing";
        if (x != y) {
            std::cout << how << ": rendered " << x << ", committed " << y << '\n';
            equal = false;
        }
    }
    return equal;
}

}  // namespace

int main(int argc, char** argv) {
    int threads = 1;
    bool every_target = false;
    std::string expect;
    for (int n = 1; n < argc; ++n) {
        const std::string arg = argv[n];
        if (arg == "--threads" && n + 1 < argc) {
            threads = std::max(1, std::atoi(argv[++n]));
        } else if (arg == "--expect" && n + 1 < argc) {
            expect = argv[++n];
        } else if (arg == "--every-target") {
            every_target = true;
        } else {
            std::cerr << "usage: golden_hash [--threads N] [--every-target] [--expect FILE]\n";
            return 2;
        }
    }
    const std::vector<Case> cases = golden_cases();
    if (expect.empty()) {
        std::cout << lines_of(cases, threads);
        return 0;
    }
    const std::string expected = committed(expect);
    const std::string team = std::to_string(threads) + " threads";
    bool equal = same(lines_of(cases, threads), expected, team);
    if (every_target) {
        for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
            hwy::SetSupportedTargetsForTest(target);
            hwy::GetChosenTarget().Update(hwy::SupportedTargets());
            equal = same(lines_of(cases, threads), expected, hwy::TargetName(target)) && equal;
        }
    }
    std::cout << (equal ? "all frames as committed, " : "FRAMES DIFFER, ") << team
              << (every_target ? ", every instruction set" : "") << '\n';
    return equal ? 0 : 1;
}
