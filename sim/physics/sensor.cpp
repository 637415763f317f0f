// Sensor: see sensor.h.
#include "sim/physics/sensor.h"

#include "sim/physics/gaussian.h"
#include "sim/physics/portable_math.h"
#include "sim/physics/random_streams.h"

#include <algorithm>
#include <cassert>

namespace opal::sim {

namespace {

double power_of_two(double x) {
    constexpr double ln2 = 0.69314718055994530942;
    return x > 0 ? 1 / exp_of_negative(-x * ln2) : exp_of_negative(x * ln2);
}

}  // namespace

Sensor::Sensor(const SensorScene& scene, std::uint64_t seed)
    : scene_(scene),
      seed_(seed),
      warmth_(power_of_two((scene.temperature_c - 25) / scene.dark_doubling_k)) {}

void PixelMaps::resize(std::size_t pixels) {
    response.resize(pixels);
    dark_e_per_us.resize(pixels);
    offset_e.resize(pixels);
}

PixelMaps Sensor::maps(hal::Region region) const {
    PixelMaps maps;
    maps.resize(region.pixels());
    draw_maps(region, 0, maps);
    return maps;
}

void Sensor::draw_maps(hal::Region part, std::size_t first, PixelMaps& maps) const {
    std::size_t at = first;
    for (int r = part.row; r < part.row + part.rows; ++r) {
        for (int c = part.column; c < part.column + part.columns; ++c, ++at) {
            const PhiloxWords words =
                draw(seed_, RandomStream::pixel_maps, static_cast<std::uint32_t>(r),
                     static_cast<std::uint32_t>(c));
            const double response = 1 + scene_.prnu * unit_normal(words[0]);
            const bool hot = words[2] < scene_.hot_pixel_fraction * 4294967296.0;
            const double current =
                scene_.dark_current_e_per_s + (hot ? scene_.hot_pixel_e_per_s : 0);
            maps.response[at] = static_cast<float>(std::max(response, 0.0));
            maps.dark_e_per_us[at] = static_cast<float>(current * warmth_ * 1e-6);
            maps.offset_e[at] = static_cast<float>(scene_.dsnu_e * unit_normal(words[1]));
        }
    }
}

Readout Sensor::readout(hal::PixelFormat format) const {
    const double finer = 1 << (bits_of(format) - 8);
    return {static_cast<float>(finer / scene_.gain_e_per_dn8),
            static_cast<float>(finer * scene_.black_level_dn8),
            static_cast<float>((1 << bits_of(format)) - 1)};
}

void Sensor::draw_noise(std::uint64_t frame_key, std::uint32_t row_group, std::uint32_t column,
                        std::size_t count, std::uint32_t* bits) const {
    assert(frame_key < std::uint64_t{1} << 56);
    const auto frame_low = static_cast<std::uint32_t>(frame_key);
    const std::uint32_t tag =
        stream_word(RandomStream::noise, static_cast<std::uint32_t>(frame_key >> 32));
    draw_words({column, row_group, frame_low, tag}, key_of(seed_), count, bits);
}

void Sensor::collect(const PixelStrip& strip, std::span<float> electrons) const {
    const Collection how = {scene_.shot_noise, static_cast<float>(scene_.full_well_e),
                            static_cast<float>(scene_.read_noise_e)};
    sim::collect(strip, how, electrons);
}

}  // namespace opal::sim
