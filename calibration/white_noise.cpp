// WhiteNoise: see white_noise.h.
#include "calibration/white_noise.h"

#include "calibration/session.h"

#include <algorithm>
#include <cmath>

namespace opal::calibration {

PairNoise::PairNoise(const Record& record, double black_dn)
    : record_(record),
      black_dn_(black_dn),
      size_(std::min(record.holography.region.rows, record.holography.region.columns)),
      spectrum_(size_) {}

std::vector<float> PairNoise::light(const hal::Frame& frame, double& mean) const {
    std::vector<float> result;
    result.reserve(frame.region.pixels());
    double sum = 0;
    const auto take = [&](const auto counts) {
        for (const auto c : counts) {
            result.push_back(static_cast<float>(static_cast<double>(c) - black_dn_));
            sum += static_cast<double>(c) - black_dn_;
        }
    };
    if (frame.format == hal::PixelFormat::mono8)
        take(frame.as_u8());
    else
        take(frame.as_u16());
    mean = sum / static_cast<double>(result.size());
    return result;
}

void PairNoise::add(const hal::Frame& first, const hal::Frame& second) {
    double a = 0;
    double b = 0;
    const std::vector<float> before = light(first, a);
    std::vector<float> after = light(second, b);
    if (!(a > 0) || !(b > 0)) return;
    for (std::size_t r = 0; r < after.size(); ++r)
        after[r] = after[r] / static_cast<float>(b) - before[r] / static_cast<float>(a);
    mean_ += a + b;
    mean2_ += a * a + b * b;
    frames_ += 2;
    if (waiting_.empty()) {
        waiting_ = std::move(after);
        return;
    }
    spectrum_.add(waiting_.data(), after.data(),
                  static_cast<std::size_t>(record_.holography.region.columns));
    waiting_.clear();
}

NoiseLevel PairNoise::level() const {
    NoiseLevel level;
    if (frames_ < 4) return level;
    const auto n = static_cast<double>(frames_);
    level.mean_dn = mean_ / n;
    const double variance =
        0.5 * power_outside_bands(spectrum_.average(), size_, record_) * mean2_ / n;
    // Each bin of a spectrum scatters by 100 %; a real difference has half as many as pixels, and
    // about half of them lie outside of the bands.
    const double bins = 0.25 * size_ * size_ * n / 2;
    level.variance_dn2 = {variance, variance / std::sqrt(bins)};
    return level;
}

NoiseLevel still_noise(Session& session, hal::Duration exposure, hal::PixelFormat format,
                       std::size_t pairs) {
    const Record& record = session.record;
    const double black = record.dark->black_level_deep_dn.value /
                         (1 << (hal::bits_of(session.deep_format()) - hal::bits_of(format)));
    PairNoise noise(record, black);
    Timing timing;
    timing.exposure = exposure;
    Acquisition acquisition = session.acquisition(record.holography.region, format, timing);
    hal::Frame first;
    acquisition.acquire_still(session.black(), 2 * pairs,
                              [&](std::size_t i, const hal::Frame& frame) {
                                  if (i % 2 == 0)
                                      first = frame;
                                  else
                                      noise.add(first, frame);
                                  session.took_frame();
                              });
    return noise.level();
}

double fixed_pattern_power(const Record& record, const Demodulator& demodulator) {
    const Holography& h = record.holography;
    const PhotonTransfer& transfer = *record.photon_transfer;
    const int size = std::min(h.region.rows, h.region.columns);
    Spectrum spectrum(size);
    spectrum.add(h.reference_dn.data(), nullptr, static_cast<std::size_t>(h.region.columns));
    const double scale = 1 << (record.dark->deep_bits - hal::bits_of(h.format));
    const double gain = transfer.gain_e_per_dn.value;
    const double temporal = std::pow(record.dark->read_noise_deep_dn.value / scale, 2) + 1.0 / 12 +
                            (gain > 0 ? record.reference->mean_dn.value / gain : 0);
    const double variance =
        power_outside_bands(spectrum.average(), size, record) - temporal / reference_frames;
    if (!(variance > 0)) return 0;
    const std::vector<float> per_mode = demodulator.noise_power(
        std::vector<float>(h.region.pixels(), static_cast<float>(variance)));
    double sum = 0;
    for (const float p : per_mode) sum += static_cast<double>(p);
    return sum / static_cast<double>(per_mode.size());
}

}  // namespace opal::calibration
