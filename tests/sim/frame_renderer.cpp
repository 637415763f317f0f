// FrameRenderer: whatever is submitted, dropped and taken in whatever order, a frame is the one its
// job asks for.
#include "sim/table/frame_renderer.h"

#include "tests/contract/small_bench.h"

#include <doctest/doctest.h>

#include <deque>
#include <vector>

using namespace opal;
using namespace opal::sim;
using namespace std::chrono_literals;

namespace {

class Workshop {
public:
    Workshop() : optics_(scene()), scratch_(optics_.make_scratch()) {
        hal::BitPattern pattern(64, 96);
        pattern.fill(0, 0, 64, 50, true);
        optics_.reduce(pattern, light_);
    }
    const Optics& optics() const { return optics_; }

    void fill(FrameRenderer::Job& job, std::uint64_t key) const {
        job.exposure.region = {0, 0, 200, 200};
        job.exposure.total = 80us;
        job.exposure.frame_key = key;
        job.segments.push_back({&light_, 1ms, 80us, 65536});
    }
    std::vector<std::byte> expected(std::uint64_t key) {
        FrameRenderer::Job job;
        fill(job, key);
        job.exposure.segments = job.segments;
        hal::Frame frame;
        frame.reshape(job.exposure.region, job.exposure.format);
        optics_.expose(job.exposure, *scratch_, frame);
        return frame.bytes;
    }

private:
    static Scene scene() {
        Scene scene = contract::small_scene();
        scene.sensor.rows = 200;
        scene.sensor.columns = 200;
        return scene;
    }
    Optics optics_;
    std::unique_ptr<Optics::Scratch> scratch_;
    ChannelAmplitudes light_;
};

}  // namespace

TEST_CASE("jobs withdrawn while they are being rendered leave no trace in those that follow") {
    Workshop workshop;
    FrameRenderer renderer(workshop.optics(), 2);
    std::deque<std::uint64_t> asked;
    std::uint64_t next_key = 0;
    std::uint32_t state = 5;
    const auto below = [&](std::uint32_t limit) {
        state = state * 1664525u + 1013904223u;  // any sequence does; this one is fixed
        return (state >> 10) % limit;
    };
    std::size_t taken = 0;
    std::size_t dropped = 0;
    hal::Frame frame;
    for (int step = 0; step < 1500; ++step) {
        CHECK(renderer.size() == asked.size());
        const std::uint32_t choice = below(8);
        if (choice < 4 && !renderer.full(40'000)) {
            workshop.fill(renderer.next_job(), next_key);
            renderer.submit();
            asked.push_back(next_key++);
        } else if (choice < 6 && !asked.empty()) {
            renderer.drop_newest();
            asked.pop_back();
            ++dropped;
        } else if (choice == 6 && !asked.empty()) {
            renderer.drop_oldest();
            asked.pop_front();
            ++dropped;
        } else if (choice == 7 && !asked.empty()) {
            renderer.fetch(renderer.claim_oldest(), frame);
            REQUIRE(frame.bytes == workshop.expected(asked.front()));
            asked.pop_front();
            ++taken;
        }
    }
    CHECK(taken > 100);
    CHECK(dropped > 300);
}

TEST_CASE("large frames, shared out among threads and one at a time, are those of one thread") {
    Scene scene = contract::small_scene();
    scene.sensor.rows = 1030;
    scene.sensor.columns = 1030;
    scene.medium.kind = MediumKind::layered;
    scene.medium.decorrelation_s = 100;
    const Optics optics(scene);
    const hal::Region region = {2, 1, 1026, 1027};  // bands begin and end inside
    REQUIRE(region.pixels() >= Optics::shared_pixels);
    ChannelAmplitudes lights[2];
    hal::BitPattern pattern(64, 96);
    optics.reduce(pattern, lights[0]);
    pattern.fill(0, 0, 64, 50, true);
    optics.reduce(pattern, lights[1]);
    const auto fill = [&](FrameRenderer::Job& job, std::uint64_t key) {
        job.exposure.region = region;
        job.exposure.format = key == 2 ? hal::PixelFormat::mono12 : hal::PixelFormat::mono8;
        job.exposure.total = 80us;
        job.exposure.frame_key = key;
        job.segments.push_back({&lights[key % 2], 1ms, 50us, 65536});
        job.segments.push_back({&lights[1], 2ms, 30us, 30000});
    };
    std::vector<std::vector<std::byte>> expected;
    const auto scratch = optics.make_scratch();
    for (std::uint64_t key = 0; key < 4; ++key) {
        FrameRenderer::Job job;
        fill(job, key);
        job.exposure.segments = job.segments;
        hal::Frame frame;
        optics.expose(job.exposure, *scratch, frame);
        expected.push_back(frame.bytes);
    }
    for (const int threads : {1, 3}) {
        FrameRenderer renderer(optics, threads);
        for (std::uint64_t key = 0; key < 4; ++key) {
            fill(renderer.next_job(), key);
            renderer.submit();
        }
        hal::Frame frame;
        for (std::uint64_t key = 0; key < 4; ++key) {
            renderer.fetch(renderer.claim_oldest(), frame);
            CHECK_UNARY(frame.bytes == expected[key]);
        }
    }
}
