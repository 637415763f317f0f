// What a calibration is still worth: rates and ages of a record made by hand, against arithmetic on
// paper.
#include "cli/drift_state.h"

#include "tests/calibration/sample_record.h"

#include <doctest/doctest.h>

#include <string>

using namespace opal;
using calibration::Node;
using calibration::NodeState;

namespace {

calibration::PerNode<calibration::Freshness> all_fresh(double age_s, double limit_s) {
    calibration::PerNode<calibration::Freshness> states;
    for (const auto& node : calibration::all_nodes())
        states[node.node] = {
            .state = NodeState::fresh, .reason = "", .age_s = age_s, .limit_s = limit_s};
    return states;
}

calibration::Record record_of(calibration::Measured decorrelation_per_s) {
    calibration::Record record = tests::sample_record();
    record.drift.emplace();
    record.drift->decorrelation_per_s = decorrelation_per_s;
    return record;
}

std::string line(const calibration::Record& record,
                 const calibration::PerNode<calibration::Freshness>& states,
                 const std::string& what) {
    for (const auto& [name, text] : cli::drift_lines(record, states))
        if (name == what) return text;
    return "no such line";
}

}  // namespace

TEST_CASE("a medium that fades spends the budget; the uncertainty of its rate says when") {
    // Of 0.005: 0.001 are gone after 100 s, the rest in 400 s. Two sigma faster, 1.25e-5 per s,
    // spend 0.005 in 400 s; two sigma slower, 7.5e-6 per s, in 666.7 s.
    const calibration::Record record = record_of({1e-5, 1.25e-6});
    auto states = all_fresh(100, 3600);
    states[Node::validation].limit_s = 130;
    const auto state = cli::drift_state(record, states);
    REQUIRE(state);
    CHECK(state->seen);
    CHECK(state->loss.value == doctest::Approx(0.001));
    CHECK(state->loss.sigma == doctest::Approx(1.25e-4));
    CHECK(state->left.value == doctest::Approx(0.004));
    CHECK(state->left.sigma == doctest::Approx(1.25e-4));
    CHECK(state->spent_in_s == doctest::Approx(400));
    CHECK(state->spent_soonest_s == doctest::Approx(300));
    REQUIRE(state->spent_latest_s);
    CHECK(*state->spent_latest_s == doctest::Approx(566.667));
    REQUIRE(state->due);
    CHECK(*state->due == Node::validation);
    CHECK(state->due_in_s == doctest::Approx(30));
    CHECK(line(record, states, "budget left") == "0.4 +- 0.01 % of 0.5 %");
    CHECK(line(record, states, "next calibration") == "in 30 s: validation, good for 2 min");

    states[Node::map].state = NodeState::stale;
    states[Node::map].reason = "its mirrors were cleaned";
    CHECK_FALSE(cli::drift_state(record, states)->due);
    CHECK(line(record, states, "next calibration").starts_with("now: "));
    CHECK(line(record, states, "next calibration").find("its mirrors were cleaned") !=
          std::string::npos);
}

TEST_CASE("a medium that has not been seen to fade gets a bound and no date") {
    // At most 5e-6 per s: 0.005 in 1000 s, of which 100 are gone.
    const calibration::Record record = record_of({1e-6, 2e-6});
    const auto states = all_fresh(100, 0);
    const auto state = cli::drift_state(record, states);
    REQUIRE(state);
    CHECK_FALSE(state->seen);
    CHECK(state->spent_soonest_s == doctest::Approx(900));
    CHECK_FALSE(state->spent_latest_s);
    CHECK_FALSE(state->due);
    CHECK(line(record, states, "budget spent") == "not before 15 min from now");
    CHECK(line(record, states, "next calibration") == "no limit was set");
}

TEST_CASE("without a matrix or a drift node nothing is claimed") {
    calibration::Record record = record_of({1e-6, 2e-6});
    record.matrix.reset();
    CHECK(cli::drift_lines(record, all_fresh(1, 2)).empty());
}
