// Spectrum: averaged periodograms. See spectrum.h; the side band is found in side_band.cpp.
#include "calibration/spectrum.h"

#include <unsupported/Eigen/FFT>

#include <cassert>
#include <cmath>
#include <numbers>

namespace opal::calibration {

struct Spectrum::State {
    int size = 0;
    std::vector<float> window;
    std::vector<std::complex<float>> tile, transposed;
    std::vector<std::complex<float>> line;
    std::vector<double> sum;
    std::size_t tiles = 0;
    double window_power = 0;  // sum of the squared 2-D window
    Eigen::FFT<float> fft;

    // Transforms every line of `from` and writes it as a column of `to`.
    void pass(const std::vector<std::complex<float>>& from, std::vector<std::complex<float>>& to) {
        const auto n = static_cast<std::size_t>(size);
        // Eight lines at a time: the transposed write then fills whole cache lines.
        constexpr std::size_t together = 8;
        for (std::size_t first = 0; first < n; first += together) {
            const std::size_t count = std::min(together, n - first);
            for (std::size_t l = 0; l < count; ++l)
                fft.fwd(line.data() + l * n, from.data() + (first + l) * n, size);
            for (std::size_t f = 0; f < n; ++f)
                for (std::size_t l = 0; l < count; ++l) to[f * n + first + l] = line[l * n + f];
        }
    }
};

Spectrum::Spectrum(int size) : state_(std::make_unique<State>()) {
    assert(size >= 16);
    State& s = *state_;
    s.size = size;
    const auto n = static_cast<std::size_t>(size);
    s.window.assign(n, 1.0F);
    const std::size_t taper = n / 8;
    for (std::size_t i = 0; i < taper; ++i) {
        const double x = (static_cast<double>(i) + 0.5) / static_cast<double>(taper);
        s.window[i] = s.window[n - 1 - i] =
            static_cast<float>(0.5 - 0.5 * std::cos(std::numbers::pi * x));
    }
    double power = 0;
    for (const float w : s.window) power += static_cast<double>(w) * static_cast<double>(w);
    s.window_power = power * power;
    s.tile.resize(n * n);
    s.transposed.resize(n * n);
    s.line.resize(8 * n);
    s.sum.assign(n * n, 0);
}

Spectrum::~Spectrum() = default;
Spectrum::Spectrum(Spectrum&&) noexcept = default;
Spectrum& Spectrum::operator=(Spectrum&&) noexcept = default;

int Spectrum::size() const {
    return state_->size;
}

std::size_t Spectrum::tiles() const {
    return state_->tiles;
}

void Spectrum::add(const float* first, const float* second, std::size_t stride) {
    State& s = *state_;
    const auto n = static_cast<std::size_t>(s.size);
    const auto mean = [&](const float* tile) {
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j) sum += static_cast<double>(tile[i * stride + j]);
        return static_cast<float>(sum / static_cast<double>(n * n));
    };
    const float mean_first = mean(first);
    const float mean_second = second != nullptr ? mean(second) : 0.0F;
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) {
            const float w = s.window[i] * s.window[j];
            const float a = (first[i * stride + j] - mean_first) * w;
            const float b = second != nullptr ? (second[i * stride + j] - mean_second) * w : 0.0F;
            s.tile[i * n + j] = {a, b};
        }
    s.pass(s.tile, s.transposed);
    s.pass(s.transposed, s.tile);
    for (std::size_t f = 0; f < n * n; ++f) s.sum[f] += static_cast<double>(std::norm(s.tile[f]));
    s.tiles += second != nullptr ? 2 : 1;
}

std::vector<double> Spectrum::average() const {
    const State& s = *state_;
    const auto n = static_cast<std::size_t>(s.size);
    std::vector<double> result(n * n);
    const double scale =
        1 / (static_cast<double>(std::max<std::size_t>(s.tiles, 1)) * s.window_power);
    // With z = a + i b of two real tiles, |Z(f)|^2 + |Z(-f)|^2 = 2 |A(f)|^2 + 2 |B(f)|^2.
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) {
            const std::size_t opposite = (n - i) % n * n + (n - j) % n;
            result[i * n + j] = 0.5 * (s.sum[i * n + j] + s.sum[opposite]) * scale;
        }
    return result;
}

}  // namespace opal::calibration
