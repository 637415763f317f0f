// The GigE Vision driver on the virtual camera keeps the Camera contract and shows the symptoms of
// wrong timing; and its frames are those of the direct camera, bit for bit.
#include "tests/instruments/gige_bench.h"

#include "contract/bench_run.h"
#include "tests/contract/bench_suites.h"

#include <memory>
#include <vector>

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

// Without noise and drift equal light gives equal bytes, so nothing but equal frames will do.
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
    static sim::Scene scene() {
        sim::Scene scene = small_scene();
        scene.sensor.shot_noise = false;
        scene.sensor.read_noise_e = 0;
        scene.sensor.trigger_delay_us = 3;
        scene.sensor.readout_us_per_row = 10;
        scene.laser.power_noise = 0;
        scene.stability.drift_rad = 0;
        return scene;
    }
    tests::GigeWireBench bench_{scene()};
};

}  // namespace

TYPE_TO_STRING(SmallGigeBench);
TYPE_TO_STRING(QuietGigeBench);

OPAL_BENCH_SUITE(SmallGigeBench);
OPAL_CAMERA_SUITE(SmallGigeBench);
OPAL_LIGHT_SUITE(SmallGigeBench);
OPAL_PAIRING_SUITE(QuietGigeBench);

namespace {

struct Way {
    hal::PixelFormat format;
    bool packed;
    bool extended;
    bool software;
};

// The same acts at the same virtual times on any bench.
std::vector<hal::Frame> script(hal::Bench& bench, const Way& way) {
    const auto light = full_light(bench);
    const RunTiming timing = comfortable_timing(bench, std::chrono::microseconds(80));
    hal::CameraSettings settings = line_settings(bench.camera(), timing);
    settings.format = way.format;
    settings.region = {5, 6, 31, 37};  // odd, so that packed bits run over the ends of rows
    if (way.software) settings.trigger = hal::TriggerSource::software;
    bench.camera().configure(settings);
    const auto patterns = striped_patterns(bench.dmd().info(), 6);
    bench.dmd().load(0, patterns);
    bench.dmd().program(sequence_of(6, timing));
    bench.camera().arm(6);
    std::vector<hal::Frame> frames;
    if (!way.software) {
        bench.dmd().start();
        frames = receive_all(bench);
    } else {
        for (int i = 0; i < 6; ++i) {
            bench.camera().trigger();
            frames.emplace_back();
            REQUIRE(bench.camera().receive(
                frames.back(), hal::Deadline::after(bench.clock(), std::chrono::seconds(1))));
        }
    }
    bench.camera().disarm();
    return frames;
}

}  // namespace

TEST_CASE("frames over the wire are those of the direct camera, bit for bit") {
    for (const Way& way : {Way{hal::PixelFormat::mono8, true, false, false},
                           Way{hal::PixelFormat::mono10, true, false, false},
                           Way{hal::PixelFormat::mono10, false, true, false},
                           Way{hal::PixelFormat::mono12, true, true, false},
                           Way{hal::PixelFormat::mono12, false, false, true}}) {
        CAPTURE(static_cast<int>(way.format));
        CAPTURE(way.packed);
        const auto direct = sim::make_simulated_bench(small_scene(), {2, nullptr});
        const auto wanted = script(*direct, way);
        drivers::gige::GigeOptions driver = tests::GigeTable::driver_options();
        driver.features.packed = way.packed;
        driver.extended_ids = way.extended;
        tests::GigeWireBench wire(small_scene(), {}, driver);
        const auto came = script(wire, way);
        REQUIRE(wanted.size() == 6);
        REQUIRE(came.size() == 6);
        for (std::size_t i = 0; i < came.size(); ++i) {
            CHECK(came[i].bytes == wanted[i].bytes);
            CHECK(came[i].region == wanted[i].region);
            CHECK(came[i].format == wanted[i].format);
            CHECK(came[i].frame_id == wanted[i].frame_id);
            CHECK(came[i].status == wanted[i].status);
            // The camera was opened a little later than the direct one; patterns start alike.
            CHECK(came[i].device_time - came[0].device_time ==
                  wanted[i].device_time - wanted[0].device_time);
        }
    }
}
