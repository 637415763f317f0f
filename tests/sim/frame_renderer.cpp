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
        if (choice < 4 && !renderer.full()) {
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
