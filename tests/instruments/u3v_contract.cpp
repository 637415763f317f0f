// The USB3 Vision driver on the virtual camera keeps the Camera contract and shows the symptoms of
// wrong timing; and its frames are those of the direct camera, bit for bit.
#include "tests/instruments/u3v_bench.h"

#include "tests/contract/bench_suites.h"
#include "tests/instruments/camera_script.h"

using namespace opal;
using namespace opal::contract;

namespace {

class SmallU3vBench {
public:
    static constexpr bool has_door_switch = true;
    static constexpr bool has_trigger_input = false;
    static hal::Duration time_tolerance() { return hal::Duration{0}; }

    hal::Bench& bench() { return bench_; }
    void set_interlock(bool closed) { bench_.set_interlock(closed); }

private:
    tests::U3vWireBench bench_{
        small_scene(), {}, tests::U3vTable::driver_options(), tests::U3vTable::no_time};
};

class QuietU3vBench {
public:
    static constexpr bool has_door_switch = false;
    static constexpr bool has_trigger_input = false;
    static hal::Duration time_tolerance() { return hal::Duration{0}; }

    hal::Bench& bench() { return bench_; }
    hal::Duration mirror_lag() {
        return bench_.dmd().info().settle_time - std::chrono::microseconds(3);
    }

private:
    tests::U3vWireBench bench_{
        tests::quiet_scene(), {}, tests::U3vTable::driver_options(), tests::U3vTable::no_time};
};

}  // namespace

TYPE_TO_STRING(SmallU3vBench);
TYPE_TO_STRING(QuietU3vBench);

OPAL_BENCH_SUITE(SmallU3vBench);
OPAL_CAMERA_SUITE(SmallU3vBench);
OPAL_LIGHT_SUITE(SmallU3vBench);
OPAL_PAIRING_SUITE(QuietU3vBench);

TEST_CASE("frames over USB are those of the direct camera, bit for bit") {
    using hal::PixelFormat;
    struct Cable {
        std::uint8_t speed;
        std::uint32_t alignment_bits;
        std::uint32_t largest_transfer;
    };
    // 31 x 37 pixels: with transfers of 1024 bytes several of them, and a rest.
    for (const Cable& cable : {Cable{protocol::u3v::super_speed, 10, 1 << 20},
                               Cable{protocol::u3v::high_speed, 6, 1 << 20},
                               Cable{protocol::u3v::super_speed, 0, 1 << 20}})
        for (const tests::Way& way : {tests::Way{PixelFormat::mono8, true, false},
                                      tests::Way{PixelFormat::mono10, true, false},
                                      tests::Way{PixelFormat::mono10, false, false},
                                      tests::Way{PixelFormat::mono12, true, false},
                                      tests::Way{PixelFormat::mono12, false, true}}) {
            CAPTURE(static_cast<int>(way.format));
            CAPTURE(way.packed);
            CAPTURE(cable.alignment_bits);
            sim::U3vCameraOptions camera;
            camera.speed = cable.speed;
            camera.alignment_bits = cable.alignment_bits;
            drivers::u3v::U3vOptions driver = tests::U3vTable::driver_options();
            driver.features.packed = way.packed;
            driver.stream.largest_transfer = cable.largest_transfer;
            tests::U3vWireBench wire(small_scene(), camera, driver);
            // Whether it may be triggered is read first: a command, an answer, and the trigger.
            tests::check_equals_direct(wire, way, 3 * tests::U3vTable::bus_time);
        }
}
