// A foreign program that uses the contracts alone: one frame of the dark simulated bench.
#include "sim/scene_file.h"
#include "sim/simulated_bench.h"

#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <numeric>
#include <stdexcept>

int main() {
    try {
        const auto bench = opal::sim::make_simulated_bench(opal::sim::load_scene("ideal"));
        opal::hal::Camera& camera = bench->camera();

        opal::hal::CameraSettings settings = camera.settings();
        settings.region = {0, 0, 64, 64};
        settings.format = opal::hal::PixelFormat::mono8;
        settings.exposure = camera.info().min_exposure;
        settings.trigger = opal::hal::TriggerSource::software;
        camera.configure(settings);
        camera.arm(1);
        camera.trigger();
        opal::hal::Frame frame;
        const auto deadline =
            opal::hal::Deadline::after(bench->clock(), std::chrono::milliseconds(100));
        if (!camera.receive(frame, deadline)) throw std::runtime_error("no frame in 100 ms");

        // No laser, no dark current and no noise: the scene's black level, 4 DN, in every pixel.
        const auto sum = std::accumulate(
            frame.bytes.begin(), frame.bytes.end(), 0L,
            [](long total, std::byte count) { return total + std::to_integer<long>(count); });
        std::cout << "sum of " << frame.bytes.size() << " dark pixels: " << sum << " DN\n";
        return sum == 4L * 64 * 64 ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << "snapshot: " << error.what() << '\n';
        return 1;
    }
}
