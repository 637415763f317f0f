// The GigE Vision driver on the virtual camera keeps the Camera contract and shows the symptoms of
// wrong timing; and its frames are those of the direct camera, bit for bit.
#include "tests/instruments/gige_bench.h"

#include "contract/bench_run.h"
#include "tests/contract/bench_suites.h"
#include "tests/instruments/camera_script.h"

#include <utility>

using namespace opal;
using namespace opal::contract;

namespace {

class SmallGigeBench {
public:
    static constexpr bool has_door_switch = true;
    static constexpr bool has_trigger_input = false;
    static hal::Duration time_tolerance() { return hal::Duration{0}; }

    hal::Bench& bench() { return bench_; }
    void set_interlock(bool closed) { bench_.set_interlock(closed); }

private:
    tests::GigeWireBench bench_{small_scene()};
};

class QuietGigeBench {
public:
    static constexpr bool has_door_switch = false;
    static constexpr bool has_trigger_input = false;
    static hal::Duration time_tolerance() { return hal::Duration{0}; }

    hal::Bench& bench() { return bench_; }
    hal::Duration mirror_lag() {
        return bench_.dmd().info().settle_time - std::chrono::microseconds(3);
    }

private:
    tests::GigeWireBench bench_{tests::quiet_scene()};
};

}  // namespace

TYPE_TO_STRING(SmallGigeBench);
TYPE_TO_STRING(QuietGigeBench);

OPAL_BENCH_SUITE(SmallGigeBench);
OPAL_CAMERA_SUITE(SmallGigeBench);
OPAL_LIGHT_SUITE(SmallGigeBench);
OPAL_PAIRING_SUITE(QuietGigeBench);

TEST_CASE("frames over the wire are those of the direct camera, bit for bit") {
    using hal::PixelFormat;
    for (const auto& [way, extended] :
         {std::pair{tests::Way{PixelFormat::mono8, true, false}, false},
          {{PixelFormat::mono10, true, false}, false},
          {{PixelFormat::mono10, false, false}, true},
          {{PixelFormat::mono12, true, false}, true},
          {{PixelFormat::mono12, false, true}, false}}) {
        CAPTURE(static_cast<int>(way.format));
        CAPTURE(way.packed);
        drivers::gige::GigeOptions driver = tests::GigeTable::driver_options();
        driver.features.packed = way.packed;
        driver.extended_ids = extended;
        tests::GigeWireBench wire(small_scene(), {}, driver);
        tests::check_equals_direct(wire, way, hal::Duration{0});
    }
}
