// Our driver on a camera that others wrote: Aravis' fake GigE Vision camera, on real sockets and
// real time. foreign_peers.sh starts it in a network of its own and then this program, with the
// test cases that fit.
#include "drivers/gige/discovery.h"
#include "drivers/gige/open_camera.h"
#include "hal/error.h"

#include <doctest/doctest.h>

#include <signal.h>

#include <chrono>
#include <cstdlib>
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

// With `arv-fake-gv-camera-0.8 -r 20`: of a thousand packets twenty are lost, and this camera has
// none of them again.
TEST_CASE("lossy: what Aravis' camera loses is missing, and said to be") {
    hal::SteadyClock clock;
    const auto camera = open_camera("gige://127.0.0.1", clock);
    hal::CameraSettings settings;
    settings.region = {0, 0, 256, 256};
    settings.exposure = 1ms;
    settings.trigger = hal::TriggerSource::software;
    camera->configure(settings);
    camera->features().set_symbol("TriggerMode", "Off");
    camera->arm(64);
    hal::Frame frame;
    int incomplete = 0;
    for (int k = 0; k < 50; ++k) {
        REQUIRE(camera->receive(frame, hal::Deadline::after(clock, 5s)));
        std::size_t missing = 0;
        for (const auto& range : camera->missing_ranges()) {
            CHECK(range.begin < range.end);
            CHECK(range.end <= frame.bytes.size());
            missing += range.end - range.begin;
            for (std::size_t i = range.begin; i < range.end; ++i)
                REQUIRE(frame.bytes[i] == std::byte{0});
        }
        if (missing > 0) CHECK(frame.status == hal::FrameStatus::incomplete);
        if (frame.status == hal::FrameStatus::incomplete) ++incomplete;
    }
    // 51 packets each: 0.98^51 = 36 % arrive whole, 32 of 50 do not; the deviation is 3.4.
    CHECK(incomplete >= 15);
    CHECK(camera->statistics().lost_packets > 0);
    camera->disarm();
}

// The process of Aravis' camera is in OPAL_PEER; it is stopped in the middle of its stream.
TEST_CASE("frozen: a camera that falls silent is lost by name, in time, and opens again") {
    const char* const peer = std::getenv("OPAL_PEER");
    REQUIRE(peer);
    const pid_t pid = std::atoi(peer);
    REQUIRE(pid > 1);
    hal::SteadyClock clock;
    {
        const auto camera = open_camera("gige://127.0.0.1", clock);
        hal::CameraSettings settings;
        settings.region = {0, 0, 256, 256};
        settings.exposure = 1ms;
        settings.trigger = hal::TriggerSource::software;
        camera->configure(settings);
        camera->features().set_symbol("TriggerMode", "Off");
        camera->arm(64);
        hal::Frame frame;
        for (int k = 0; k < 5; ++k)
            REQUIRE(camera->receive(frame, hal::Deadline::after(clock, 5s)));
        REQUIRE(::kill(pid, SIGSTOP) == 0);
        const hal::Time stopped = clock.now();
        try {
            while (camera->receive(frame, hal::Deadline::after(clock, 30s))) {
            }
            FAIL("nobody noticed for 30 s");
        } catch (const hal::DeviceError& error) {
            CHECK(error.kind() == hal::ErrorKind::disconnected);
            CHECK(std::string(error.what()).find("no answer from 127.0.0.1:3956") !=
                  std::string::npos);
        }
        // A second to the next heartbeat, 1.5 s for its five tries; the machine may be busy.
        CHECK(clock.now() - stopped < 10s);
        // A call that waits for its own answer ends as well.
        const hal::Time before = clock.now();
        CHECK_THROWS_AS(camera->status(), hal::DeviceError);
        CHECK(clock.now() - before < 5s);
        ::kill(pid, SIGCONT);
    }
    const auto again = open_camera("gige://127.0.0.1", clock);
    CHECK(again->info().sensor_rows == 2048);
}
