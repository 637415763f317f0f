// Frames per second, losses and CPU time per gigabyte when receiving a free-running camera:
// bench_camera_receive URI COLUMNS ROWS SECONDS. docs/gige.md and docs/u3v.md show it beside
// Aravis. With a fifth argument, frames per second, it takes no more than these, and looks at every
// pixel of the camera's test pattern: for long runs over bad networks.
#include "drivers/gige/gige_camera.h"
#include "drivers/open_device.h"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>

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

// Pixel (row, column) of the camera's ramp is column mod 256.
bool is_ramp(const hal::Frame& frame) {
    const auto pixels = frame.as_u8();
    const auto columns = static_cast<std::size_t>(frame.region.columns);
    for (std::size_t i = 0; i < pixels.size(); ++i)
        if (pixels[i] != static_cast<std::uint8_t>(i % columns)) return false;
    return true;
}

// rate_hz 0: as fast as it goes, without looking at pixels.
void run(const char* uri, int columns, int rows, double wanted_s, double rate_hz) {
    hal::SteadyClock clock;
    const auto opened = drivers::open_camera(drivers::parse_device_uri(uri), clock, {});
    // Every camera on a wire is one.
    auto* const camera = dynamic_cast<drivers::genapi::WireCamera*>(opened.get());
    if (!camera) throw std::runtime_error("a camera without features");
    hal::CameraSettings settings;
    settings.region = {0, 0, rows, columns};
    settings.exposure = camera->info().min_exposure;
    camera->configure(settings);
    auto& features = camera->features();
    features.set_symbol("TriggerMode", "Off");
    if (features.has("TestPattern")) features.set_symbol("TestPattern", "GreyHorizontalRamp");
    if (rate_hz > 0) {
        features.set_boolean("AcquisitionFrameRateEnable", true);
        features.set_number("AcquisitionFrameRate", rate_hz);
    }
    camera->arm(16);
    hal::Frame frame;
    const auto span =
        std::chrono::duration_cast<hal::Duration>(std::chrono::duration<double>(wanted_s));
    const double cpu_before = cpu_seconds();
    const hal::Time begin = clock.now();
    std::size_t complete = 0;
    std::size_t incomplete = 0;
    std::size_t wrong = 0;
    std::uint64_t next_id = 0;
    std::uint64_t gaps = 0;
    double bytes = 0;
    while (clock.now() < begin + span) {
        if (!camera->receive(frame, hal::Deadline::after(clock, std::chrono::seconds(1)))) continue;
        (frame.status == hal::FrameStatus::incomplete ? incomplete : complete) += 1;
        bytes += static_cast<double>(frame.bytes.size());
        gaps += frame.frame_id - next_id;
        next_id = frame.frame_id + 1;
        if (rate_hz > 0 && frame.status != hal::FrameStatus::incomplete && !is_ramp(frame)) ++wrong;
    }
    const double seconds = std::chrono::duration<double>(clock.now() - begin).count();
    const double cpu = cpu_seconds() - cpu_before;
    std::printf(
        "%.1f frames/s, %.0f MB/s, %zu complete, %zu incomplete, %llu missing numbers, "
        "%.2f s CPU per GB\n",
        static_cast<double>(complete) / seconds, bytes / seconds * 1e-6, complete, incomplete,
        static_cast<unsigned long long>(gaps), cpu / bytes * 1e9);
    if (rate_hz > 0) std::printf("%zu wrong\n", wrong);
    if (auto* const gige = dynamic_cast<drivers::gige::GigeCamera*>(camera)) {
        const auto statistics = gige->statistics();
        std::printf(
            "packets of %u bytes: %llu resent, %llu doubled, %llu asked for again; %llu frames "
            "lost\n",
            gige->packet_size(), static_cast<unsigned long long>(statistics.resent),
            static_cast<unsigned long long>(statistics.doubled),
            static_cast<unsigned long long>(statistics.resend_requests),
            static_cast<unsigned long long>(statistics.lost_blocks));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5 && argc != 6) {
        std::fprintf(stderr,
                     "usage: bench_camera_receive URI COLUMNS ROWS SECONDS [FRAMES_PER_S]\n");
        return 2;
    }
    try {
        run(argv[1], std::atoi(argv[2]), std::atoi(argv[3]), std::atof(argv[4]),
            argc == 6 ? std::atof(argv[5]) : 0);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
