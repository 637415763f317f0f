// A bench that is being recorded keeps every contract.
#include "replay/recording_bench.h"
#include "tests/contract/bench_suites.h"
#include "tests/replay/scripted_run.h"

namespace {

using namespace opal;

class RecordedBench {
public:
    static constexpr bool has_door_switch = true;
    static constexpr bool has_trigger_input = false;
    static hal::Duration time_tolerance() { return hal::Duration{0}; }

    hal::Bench& bench() { return recorder_; }
    void set_interlock(bool closed) { inner_->set_interlock(closed); }

private:
    tests::ScratchFile file_{"contract.h5"};
    std::unique_ptr<sim::SimulatedBench> inner_ =
        sim::make_simulated_bench(contract::small_scene(), {2, nullptr});
    replay::Recording recording_{file_.path(), {replay::facts_of(*inner_), {}, {}}};
    replay::RecordingBench recorder_{*inner_, recording_, {}, 0};
};

}  // namespace

using namespace opal::contract;

TYPE_TO_STRING(RecordedBench);

OPAL_BENCH_SUITE(RecordedBench);
OPAL_DMD_SUITE(RecordedBench);
OPAL_CAMERA_SUITE(RecordedBench);
OPAL_LASER_SUITE(RecordedBench);
