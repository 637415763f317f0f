// Frames per second, losses and CPU time per gigabyte when receiving a free-running GigE Vision
// camera: bench_gige_receive URI COLUMNS ROWS SECONDS. docs/gige.md shows it beside Aravis.
#include "drivers/gige/open_camera.h"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace {

using namespace opal;

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void run(const char* uri, int columns, int rows, double wanted_s) {
    hal::SteadyClock clock;
    const auto camera = drivers::gige::open_camera(uri, clock);
    hal::CameraSettings settings;
    settings.region = {0, 0, rows, columns};
    settings.exposure = camera->info().min_exposure;
    camera->configure(settings);
    auto& features = camera->features();
    features.set_symbol("TriggerMode", "Off");
    if (features.has("TestPattern")) features.set_symbol("TestPattern", "GreyHorizontalRamp");
    camera->arm(16);
    hal::Frame frame;
    const auto span =
        std::chrono::duration_cast<hal::Duration>(std::chrono::duration<double>(wanted_s));
    const double cpu_before = cpu_seconds();
    const hal::Time begin = clock.now();
    std::size_t complete = 0;
    std::size_t incomplete = 0;
    double bytes = 0;
    while (clock.now() < begin + span) {
        if (!camera->receive(frame, hal::Deadline::after(clock, std::chrono::seconds(1)))) continue;
        (frame.status == hal::FrameStatus::incomplete ? incomplete : complete) += 1;
        bytes += static_cast<double>(frame.bytes.size());
    }
    const double seconds = std::chrono::duration<double>(clock.now() - begin).count();
    const double cpu = cpu_seconds() - cpu_before;
    const auto statistics = camera->statistics();
    std::printf(
        "%.1f frames/s, %.0f MB/s, %zu complete, %zu incomplete, %llu lost, %llu resent, "
        "%.2f s CPU per GB, packets of %u bytes\n",
        static_cast<double>(complete) / seconds, bytes / seconds * 1e-6, complete, incomplete,
        static_cast<unsigned long long>(statistics.lost_blocks),
        static_cast<unsigned long long>(statistics.resent), cpu / bytes * 1e9,
        camera->packet_size());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fprintf(stderr, "usage: bench_gige_receive URI COLUMNS ROWS SECONDS\n");
        return 2;
    }
    try {
        run(argv[1], std::atoi(argv[2]), std::atoi(argv[3]), std::atof(argv[4]));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
