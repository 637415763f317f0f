// RecordDiff: two calibration records of the same bench -> what has changed, node by node, in
// units of the stated uncertainty, in plain words. `opal calibrate --diff` shows it; calibrate()
// asks it whether an old result still holds.
//
// Rule: a number has changed if it moved by more than four times the combined uncertainty of both
// readings, which chance does once in 16 000 times; a number that states no uncertainty, if it
// moved by more than the tolerance of record_diff.cpp's table. What is in neither is not compared.
#pragma once

#include "calibration/graph.h"
#include "calibration/matrix_comparison.h"
#include "calibration/record.h"

#include <optional>
#include <string>
#include <vector>

namespace opal::calibration {

inline constexpr double enough_sigmas = 4;

struct Change {
    std::string what;  // "reference light"
    std::string unit;
    Measured before, after;
    double sigmas = 0;     // |difference| over the combined uncertainty; 0: none is stated
    double tolerance = 0;  // relative, where no uncertainty is stated
    bool significant = false;
    std::string cause = {};  // what may have happened, if significant

    double difference() const { return after.value - before.value; }
    double percent() const;  // of the value before
};

struct NodeDiff {
    Node node = Node::dark;
    enum class Kind { same, within, changed, only_before, only_after, absent } kind = Kind::absent;
    std::vector<Change> changes = {};  // everything compared, the most significant first
    std::string text = {};             // one line
};

struct RecordDiff {
    bool comparable = true;  // false: other benches, inputs or regions; `remark` says which
    std::string remark;
    std::vector<NodeDiff> nodes;  // all of them, in order
    std::optional<MatrixComparison> matrix;
    bool changed() const;
};

RecordDiff compare(const Record& before, const Record& after);
NodeDiff compare(const Record& before, const Record& after, Node node);

}  // namespace opal::calibration
