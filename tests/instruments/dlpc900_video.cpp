// Video patterns, as far as they need no display: what the board is told, what it refuses, what the
// display would have to show; and a display that is made up.
#include "drivers/dlpc900/dlpc900_video.h"
#include "protocol/dlpc900_image.h"
#include "tests/instruments/careless_dlpc900.h"

#include <doctest/doctest.h>

#include <chrono>

using namespace opal;
using namespace opal::contract;
using drivers::Dlpc900Video;
using drivers::Dlpc900VideoPlan;
using protocol::Dlpc900Word;
using test::CarelessDlpc900;
using test::fault_of;
using namespace std::chrono_literals;

namespace {

sim::Dlpc900Scene display(double hz) {
    sim::Dlpc900Scene scene;
    scene.video_hz = hz;
    scene.hangs_unless_stopped = true;
    return scene;
}

Dlpc900VideoPlan plan_of(int planes, std::chrono::microseconds exposure) {
    Dlpc900VideoPlan plan;
    plan.planes = planes;
    plan.exposure = exposure;
    return plan;
}

// As the cable brings it: planes 16-23, 8-15, 0-7 [TI DLPU018], from red, green, blue.
protocol::Dlpc900Picture received(const std::vector<std::byte>& rgb, int rows, int columns) {
    protocol::Dlpc900Picture picture{columns, rows, std::vector<std::byte>(rgb.size())};
    for (std::size_t i = 0; i < rgb.size(); i += 3) {
        picture.pixels[i] = rgb[i + 1];
        picture.pixels[i + 1] = rgb[i];
        picture.pixels[i + 2] = rgb[i + 2];
    }
    return picture;
}

}  // namespace

TEST_CASE("a frame for the display: a bit of a colour for each pattern") {
    std::vector<hal::BitPattern> planes(24, hal::BitPattern(2, 3));
    planes[0].fill(0, 0, 1, 1, true);   // blue 1
    planes[7].fill(0, 0, 1, 1, true);   // blue 128
    planes[8].fill(0, 1, 1, 1, true);   // red 1
    planes[17].fill(1, 2, 1, 1, true);  // green 2
    const auto frame = drivers::video_frame(planes);
    REQUIRE(frame.size() == 18);
    for (std::size_t i = 0; i < frame.size(); ++i) {
        CAPTURE(i);
        const int expected = i == 2 ? 0x81 : i == 3 ? 1 : i == 16 ? 2 : 0;
        CHECK(std::to_integer<int>(frame[i]) == expected);
    }
    const auto swapped = drivers::video_frame(planes, {0, 1, 2});
    CHECK(swapped[0] == std::byte{0x81});
}

TEST_CASE("what cannot be shown is refused before the board is told") {
    const auto refusal = [](const Dlpc900VideoPlan& plan) {
        CarelessDlpc900 host(display(60));
        const auto fault =
            fault_of([&] { Dlpc900Video(host.hand_over(), host.inner->clock(), plan); });
        return fault.kind == hal::ErrorKind::out_of_range ? fault.text : "taken";
    };
    const auto says = [&](const Dlpc900VideoPlan& plan, const char* words) {
        return refusal(plan).find(words) != std::string::npos;
    };
    CHECK(says(plan_of(25, 600us), "1 to 24 are possible"));
    CHECK(says(plan_of(24, 104us), "at least 105 us"));
    // 24 x 694 us are less than 16.67 ms, 24 x 695 more.
    CHECK(says(plan_of(24, 695us), "take 16680 us; a frame at 60 Hz has 16667 us"));
    CHECK(refusal(plan_of(24, 694us)) == "taken");
}

TEST_CASE(
    "without a display the board is asked for five seconds, and the error says what is wrong") {
    CarelessDlpc900 host(display(0));
    const hal::Time before = host.inner->clock().now();
    const auto fault =
        fault_of([&] { Dlpc900Video(host.hand_over(), host.inner->clock(), plan_of(24, 600us)); });
    CHECK(fault.kind == hal::ErrorKind::refused);
    CHECK(fault.text.find("no video comes in by HDMI") != std::string::npos);
    CHECK(host.inner->clock().now() - before >= 5s);
    CHECK(host.inner->clock().now() - before < 8s);
}

TEST_CASE("the board itself refuses video patterns without video before them") {
    CarelessDlpc900 host(display(60));
    host.begin();
    const auto refused = fault_of([&] { host.byte(Dlpc900Word::display_mode, 2); });
    CHECK(refused.text.find("error 5") != std::string::npos);
}

TEST_CASE("planes of the display's frame are shown, each with its edge, frame after frame") {
    CarelessDlpc900 host(display(60));
    auto& bench = *host.inner;
    Dlpc900Video video(host.hand_over(), bench.clock(), plan_of(3, 1000us));
    CHECK_FALSE(video.showing());
    const hal::DmdInfo info = bench.dmd().info();
    const auto patterns = striped_patterns(info, 3);
    host.board.show_video(received(drivers::video_frame(patterns), info.rows, info.columns));

    RunTiming timing = comfortable_timing(bench, 100us);
    bench.clock().wait_until(hal::Time{60s});
    const auto light = full_light(bench);
    bench.camera().arm(6);
    video.start();
    CHECK(video.showing());
    std::vector<hal::Frame> frames(6);
    for (hal::Frame& frame : frames)
        REQUIRE(bench.camera().receive(frame, hal::Deadline::after(bench.clock(), 1s)));
    bench.camera().disarm();
    video.stop();
    CHECK_FALSE(video.showing());
    // Three planes of 1 ms, and the next ones with the next frame.
    const auto after = [&](std::size_t i) { return frames[i].device_time - frames[0].device_time; };
    CHECK(after(1) == 1ms);
    CHECK(after(2) == 2ms);
    CHECK(after(3) == hal::Duration{16'666'666});
    CHECK(after(5) == hal::Duration{18'666'666});
    // The same patterns of the direct mirrors are the same light.
    bench.dmd().stop();
    bench.dmd().load(0, patterns);
    bench.dmd().program(sequence_of(3, timing));
    bench.camera().arm(3);
    bench.dmd().start();
    const auto straight = receive_all(bench);
    REQUIRE(straight.size() == 3);
    const auto brightness = [](const hal::Frame& frame) {
        double sum = 0;
        for (const std::byte b : frame.bytes) sum += std::to_integer<int>(b);
        return sum;
    };
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(brightness(frames[i]) == doctest::Approx(brightness(straight[i])).epsilon(0.02));
}
