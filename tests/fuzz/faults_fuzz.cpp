// Fuzz target: schedules of faults (sim/faults/fault_file.h). What is taken can be written and read
// back.
#include "tests/fuzz/fuzz_target.h"

#include "sim/faults/fault_file.h"
#include "sim/scene_file.h"

namespace opal::fuzz {

std::vector<Bytes> seeds() {
    std::vector<Bytes> all;
    all.push_back(bytes_of(sim::dump_faults(sim::built_in_schedule("all"))));
    for (const char* name : {"none", "trigger_lost", "table_bump"})
        all.push_back(bytes_of(sim::dump_faults(sim::built_in_schedule(name))));
    all.push_back(bytes_of("faults: [{fault: interlock, at_frame: 3, open_s: 1}]\n"));
    return all;
}

std::vector<std::string> words() {
    return {"fault: ",
            "every_frames: ",
            "at_frame: ",
            "runs: ",
            "&a ",
            "*a",
            "<<: ",
            "!!binary ",
            "[[[[",
            "{{{{",
            "? ",
            "---\n",
            ".nan",
            "-.inf",
            "1e999",
            "0x10",
            "  - fault: stuck_mirrors\n"};
}

void feed(std::span<const std::byte> input) {
    const std::string text(reinterpret_cast<const char*>(input.data()), input.size());
    sim::FaultSchedule schedule;
    try {
        schedule = sim::parse_faults(text, "input.yaml");
    } catch (const sim::SceneError& e) {
        require_one_line(e.what());
        return;
    }
    const std::string dumped = sim::dump_faults(schedule);
    require(sim::dump_faults(sim::parse_faults(dumped, "dumped.yaml")) == dumped,
            "a schedule that was taken reads back from what is written of it");
}

}  // namespace opal::fuzz
