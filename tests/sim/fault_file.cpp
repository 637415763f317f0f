// Schedules of faults as files: what is taken, what is refused and with which words.
#include "sim/faults/fault_file.h"
#include "sim/scene_file.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace opal;
using namespace opal::sim;

namespace {

std::string refusal(const std::string& text) {
    try {
        parse_faults(text, "f.yaml");
    } catch (const SceneError& e) {
        CHECK(std::string(e.what()).find('\n') == std::string::npos);
        return e.what();
    }
    return "taken";
}

}  // namespace

TEST_CASE("the table of faults names each once, in the order of the enumeration") {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < fault_kinds; ++i) {
        const FaultType& type = fault_types()[i];
        CHECK(static_cast<std::size_t>(type.kind) == i);
        CHECK(names.insert(type.name).second);
        CHECK_FALSE(type.imitates.empty());
        for (const FaultParameter& p : type.parameters)
            if (!p.key.empty()) CHECK(p.range.contains(p.initial));
    }
    // Every row of the list of known trigger troubles has a fault.
    std::set<int> rows;
    for (const FaultType& type : fault_types()) rows.insert(type.row);
    for (int row = 1; row <= 17; ++row) CHECK(rows.count(row) == 1);
}

TEST_CASE("a file says what it says") {
    const FaultSchedule s = parse_faults(
        "name: a bad cable\nseed: 18446744073709551615\nfaults:\n"
        "  - {fault: trigger_lost, every_frames: 5000, edges: 2}\n"
        "  - fault: stale_buffers\n    at_frame: 12000\n    runs: 4\n",
        "f.yaml");
    CHECK(s.name == "a bad cable");
    CHECK(s.seed == 18446744073709551615u);
    REQUIRE(s.faults.size() == 2);
    CHECK(s.faults[0].kind == FaultKind::trigger_lost);
    CHECK(s.faults[0].every_frames == 5000);
    CHECK(s.faults[0].values[0] == 2);
    CHECK(s.faults[0].runs == 1);
    CHECK(s.faults[1].at_frame == 12000);
    CHECK(s.faults[1].runs == 4);
    CHECK(parse_faults("seed: 2\n", "storm.yaml").name == "storm");
}

TEST_CASE("what is wrong is named with its line, and what would be right") {
    const std::string head = "faults:\n  - fault: ";
    CHECK(refusal("seed: 1\nfault:\n  - x\n") ==
          "f.yaml:2:1: fault: unknown key; did you mean faults?");
    CHECK(refusal(head + "trigger_last\n    every_frames: 5\n") ==
          "f.yaml:2:12: trigger_last: unknown fault; did you mean trigger_lost?");
    CHECK(refusal(head + "trigger_lost\n    every_frame: 5\n") ==
          "f.yaml:3:5: every_frame: unknown key of trigger_lost; did you mean every_frames?");
    CHECK(refusal(head + "trigger_lost\n") ==
          "f.yaml:2:5: trigger_lost: allowed: either at_frame or every_frames, one of the two");
    CHECK(refusal(head + "trigger_lost\n    every_frames: 5\n    at_frame: 7\n") ==
          "f.yaml:2:5: trigger_lost: allowed: either at_frame or every_frames, one of the two");
    CHECK(refusal(head + "trigger_lost\n    every_frames: often\n") ==
          "f.yaml:3:19: every_frames: 'often' is not a number; allowed: a number, 1 to "
          "1000000000000000");
    CHECK(refusal(head + "trigger_lost\n    at_frame: 1.5\n") ==
          "f.yaml:3:15: at_frame: '1.5' is no whole number; allowed: a whole number, 0 to "
          "1000000000000000");
    CHECK(refusal(head + "trigger_lost\n    every_frames: 5\n    edges: 0\n") ==
          "f.yaml:4:12: edges: '0' is impossible; allowed: a whole number, 1 to 1000");
    CHECK(refusal(head + "trigger_lost\n    every_frames: 5\n    every_frames: 6\n") ==
          "f.yaml:4:5: every_frames: duplicate key; allowed: once");
    CHECK(refusal("faults: trigger_lost\n") ==
          "f.yaml:1:9: faults: wrong type; allowed: a list, each entry '- fault: NAME'");
    CHECK(refusal("faults:\n  - trigger_lost\n") ==
          "f.yaml:2:5: faults: an entry begins with '- fault: NAME', e.g. trigger_lost");
    // A lasting fault strikes once: "runs" would mean nothing.
    CHECK(refusal(head + "mode_hop\n    every_frames: 5\n    runs: 2\n").find("f.yaml:4:5: runs") ==
          0);
    CHECK(refusal("faults: [\n").find("f.yaml:2:1: not YAML") == 0);
    CHECK(refusal("").find("f.yaml: nothing in it") == 0);
}

TEST_CASE("built-in schedules can be written and read back") {
    for (const BuiltInFaults& known : built_in_faults()) {
        CAPTURE(known.name);
        const std::string text = dump_faults(built_in_schedule(known.name));
        CHECK(dump_faults(parse_faults(text, "f.yaml")) == text);
        CHECK(load_faults(std::string(known.name)).name == known.name);
    }
    CHECK(built_in_schedule("usb").faults.size() == fault_kinds);
    // Those of USB cables are not for every bench.
    CHECK(built_in_schedule("all").faults.size() == fault_kinds - 10);
    CHECK_THROWS_WITH_AS(load_faults("trigers"), doctest::Contains("did you mean triggers?"),
                         SceneError);
}
