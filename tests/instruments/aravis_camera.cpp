// Our driver on a camera that others wrote: Aravis' fake GigE Vision camera, on real sockets and
// real time. foreign_peers.sh starts it in a network of its own and then this program.
#include "drivers/gige/discovery.h"
#include "drivers/gige/open_camera.h"
#include "hal/error.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace opal;
using namespace opal::drivers::gige;
using namespace std::chrono_literals;

TEST_CASE("Aravis' camera is found, opened, triggered by software, and streams") {
    hal::SteadyClock clock;
    std::vector<std::string> problems;
    const auto found = discover_cameras(clock, hal::Deadline::after(clock, 1s), problems);
    REQUIRE(found.size() == 1);
    CHECK(found[0].identity.serial.view() == "GV01");

    const auto camera = open_camera("gige://GV01", clock);
    CHECK(camera->info().sensor_rows == 2048);
    CHECK(camera->info().sensor_columns == 2048);
    CHECK(camera->packet_size() == 1400);  // it has no test packets: its own size is kept

    hal::CameraSettings settings;
    settings.region = {0, 0, 256, 256};
    settings.exposure = 1ms;
    settings.trigger = hal::TriggerSource::software;
    camera->configure(settings);
    camera->arm(32);
    hal::Frame frame;
    for (int k = 0; k < 5; ++k) {
        camera->trigger();
        REQUIRE(camera->receive(frame, hal::Deadline::after(clock, 5s)));
        CHECK(frame.bytes.size() == 256 * 256);
    }
    camera->disarm();

    camera->features().set_symbol("TriggerMode", "Off");
    camera->arm(64);
    // Its stream is 25 frames a second of 49 packets and begins just before its ids wrap.
    int complete = 0;
    std::uint64_t last = 0;
    for (int k = 0; k < 50; ++k) {
        REQUIRE(camera->receive(frame, hal::Deadline::after(clock, 5s)));
        if (k > 0) CHECK(frame.frame_id > last);
        last = frame.frame_id;
        if (frame.status == hal::FrameStatus::complete) ++complete;
    }
    camera->disarm();
    // Nothing is sent again by this camera, and this machine may be busy.
    CHECK(complete >= 40);
}

TEST_CASE("limits of its description are enforced here, where Aravis does not") {
    hal::SteadyClock clock;
    const auto camera = open_camera("gige://127.0.0.1", clock);
    auto& features = camera->features();
    CHECK_THROWS_AS(features.set_integer("Width", 0), hal::DeviceError);
    CHECK_THROWS_AS(features.set_integer("Width", 100000), hal::DeviceError);
    features.set_integer("Width", 640);
    CHECK(features.integer("Width") == 640);
    features.set_number("ExposureTimeAbs", 1234);
    CHECK(features.number("ExposureTimeAbs") == 1234);
}
