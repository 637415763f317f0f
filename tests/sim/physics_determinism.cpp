// What a frame must not depend on: region, threads, order, storage, history; and what it must.
#include "sim/physics/optics.h"
#include "tests/sim/physics_shots.h"

#include <doctest/doctest.h>

#include <thread>

using namespace opal;
using namespace opal::test;

TEST_CASE("a region's frame is a cut-out of the full sensor's, noise and all") {
    Scene scene = noiseless();
    scene.sensor = SensorScene{};
    scene.sensor.rows = 120;
    scene.sensor.columns = 140;
    scene.sensor.hot_pixel_fraction = 0.02;
    const Optics optics(scene);
    const hal::BitPattern pattern = checkered(scene, 5);
    const hal::Frame whole =
        shot(optics, pattern, {0, 0, 120, 140}, 3s, hal::PixelFormat::mono10, 17, 300us);
    for (const hal::Region region : {hal::Region{5, 9, 33, 41}, hal::Region{119, 139, 1, 1}}) {
        const hal::Frame part =
            shot(optics, pattern, region, 3s, hal::PixelFormat::mono10, 17, 300us);
        for (int r = 0; r < region.rows; ++r) {
            for (int c = 0; c < region.columns; ++c) {
                CHECK_UNARY(part.count_at(r, c) ==
                            whole.count_at(region.row + r, region.column + c));
            }
        }
    }
}

TEST_CASE("frames depend on neither threads, order, storage nor a scratch's history") {
    Scene scene = noiseless();
    scene.sensor.shot_noise = true;
    scene.sensor.prnu = 0.01;
    scene.stability.drift_rad = 0.5;
    scene.medium.decorrelation_s = 0.01;
    scene.laser.power_noise = 0.01;
    const auto frame_of = [&](const Optics& optics, Optics::Scratch& scratch, int n) {
        const hal::Region region{n % 3, 8, 40, 40};
        ChannelAmplitudes light;
        optics.reduce(checkered(scene, static_cast<unsigned>(n)), light);
        const LightSegment segment = {&light, 1ms * n, 100us, 65536};
        hal::Frame frame;
        optics.expose({region, hal::PixelFormat::mono8, 100us, std::uint64_t(n), {&segment, 1}},
                      scratch, frame);
        return frame.bytes;
    };
    constexpr int frames = 24;
    std::vector<std::vector<std::byte>> expected;
    {
        const Optics optics(scene);
        for (int n = 0; n < frames; ++n) {
            expected.push_back(frame_of(optics, *optics.make_scratch(), n));
        }
    }
    for (const Storage storage : {Storage::automatic, Storage::never}) {
        scene.medium.storage = storage;
        for (const int threads : {1, 2, 5}) {
            CAPTURE(threads);
            const Optics optics(scene);
            std::vector<std::vector<std::byte>> got(frames);
            std::vector<std::thread> team;
            for (int t = 0; t < threads; ++t) {
                team.emplace_back([&, t] {
                    const auto scratch = optics.make_scratch();
                    // Backwards, to be sure that order is nothing.
                    for (int n = frames - 1 - t; n >= 0; n -= threads) {
                        got[n] = frame_of(optics, *scratch, n);
                    }
                });
            }
            for (std::thread& t : team) t.join();
            CHECK(got == expected);
        }
    }
}

TEST_CASE("another seed is another bench; another frame number other noise only") {
    Scene scene = noiseless();
    const hal::BitPattern pattern = checkered(scene, 5);
    const hal::Region region{0, 0, 40, 40};
    const Optics optics(scene);
    scene.seed = 43;
    const Optics other(scene);
    CHECK(correlation(optics.true_field(pattern, region), other.true_field(pattern, region)) < 0.4);
    CHECK(shot(optics, pattern, region, 0s, hal::PixelFormat::mono12, 1).bytes ==
          shot(optics, pattern, region, 0s, hal::PixelFormat::mono12, 2).bytes);
    scene.sensor.shot_noise = true;
    const Optics noisy(scene);
    CHECK(shot(noisy, pattern, region, 0s, hal::PixelFormat::mono12, 1).bytes !=
          shot(noisy, pattern, region, 0s, hal::PixelFormat::mono12, 2).bytes);
}

TEST_CASE("fields are linear in the pattern") {
    Scene scene = noiseless();
    scene.dmd.contrast = 1e12;
    const Optics optics(scene);
    const hal::Region region{0, 0, 60, 60};
    const hal::BitPattern a = checkered(scene, 5);
    hal::BitPattern left = a;
    hal::BitPattern right = a;
    left.fill(0, 80, 80, 80, false);
    right.fill(0, 0, 80, 80, false);
    const auto whole = optics.true_field(a, region);
    const auto l = optics.true_field(left, region);
    const auto r = optics.true_field(right, region);
    const auto dark = optics.true_field(hal::BitPattern(80, 160), region);
    for (std::size_t k = 0; k < whole.size(); ++k) {
        CHECK(std::abs(whole[k] + dark[k] - l[k] - r[k]) < 1e-12);
    }
}
