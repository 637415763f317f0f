// Graph: the nodes of a calibration, what each is computed from, and whether a stored result still
// holds. Between a record that exists and the run that brings it up to date (calibrate.h).
//
//   dark -> exposure -> carrier -> photon transfer ---------------------+
//                          |-----> reference -> map -> identity -> drift |
//                                                       |-> matrix ------+-> validation
//
// A result is fresh if it passed, was made on this bench by this program with the same options (as
// far as the node depends on them), its inputs have the hashes they had then, and it is younger
// than its age limit. Whatever is not fresh is measured again, and nothing else.
//
// Rule: ages are differences of wall time, on every bench. A bench's own clock cannot tell how old
// a record is: it starts anew with the computer, or, simulated, with every run of the program.
#pragma once

#include "calibration/record.h"

#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace opal::calibration {

// In the order of measurement.
enum class Node : std::size_t {
    dark,
    exposure,
    carrier,
    photon_transfer,
    reference,
    map,
    identity,
    drift,
    matrix,
    validation
};
inline constexpr std::size_t node_count = 10;

template <typename T>
class PerNode {
public:
    T& operator[](Node n) { return values_[static_cast<std::size_t>(n)]; }
    const T& operator[](Node n) const { return values_[static_cast<std::size_t>(n)]; }

private:
    std::array<T, node_count> values_{};
};

struct NodeInfo {
    Node node;
    std::string_view title;     // for people: "transmission matrix"
    std::vector<Node> inputs;   // direct ones
    double age_limit_s;         // unless the caller wants another
    std::string_view why_ages;  // what changes with time
};

const std::vector<NodeInfo>& all_nodes();
const NodeInfo& info_of(Node node);
// By its title, with '-' or '_' for blanks; "matrix" will do.
std::optional<Node> node_named(std::string_view title);

// Null: not measured.
const Verdict* verdict_of(const Record& record, Node node);
Verdict* verdict_of(Record& record, Node node);
// Removes a result, and the settings that came with it.
void forget(Record& record, Node node);
// Of the result alone, without its verdict; "" if there is none.
std::string result_hash(const Record& record, Node node);

enum class NodeState { missing, failed, stale, fresh };

struct Freshness {
    NodeState state = NodeState::missing;
    // Stale, but only for its age or because it was asked for: it may turn out to be as it was.
    bool may_hold = false;
    std::string reason;  // "22 min old, good for 1 h", "its input carrier has changed"
    double age_s = -1;   // since measured or confirmed; negative: not known
    double limit_s = 0;  // 0: none
};

// What a result has to have been made with. Unset: not asked.
struct Wanted {
    std::optional<std::string> bench;              // bench_hash()
    PerNode<std::optional<std::string>> options;   // Verdict::options
    PerNode<std::optional<double>> age_limit_s{};  // unset: as the result says; 0: never too old
    PerNode<bool> redo{};
    double now_utc_s = 0;  // 0: unknown, nothing is too old
};

// Of what has to be the same for any result: the bench and the program.
std::string bench_hash(const Record& record);

Freshness assess(const Record& record, Node node, const Wanted& wanted);
// Of the whole record; what depends on something not fresh is not fresh either.
PerNode<Freshness> assess(const Record& record, const Wanted& wanted);

// The share of the field's correlation that a matrix may lose before it is measured again. Where
// 0.99 is wanted of a fresh one, half a percent is what there is to spend.
inline constexpr double spare_correlation = 5e-3;

// The age limit a new result gets: shorter for what the light passes through where the drift node
// has seen the medium change.
double age_limit_s(const Record& record, Node node);

// "90 s", "22 min", "3.5 h", "12 d".
std::string text_of_age(double seconds);

}  // namespace opal::calibration
