// FrameCheck: see frame_check.h.
#include "projection/frame_check.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace opal::projection {

namespace {

// Enough that the rest of one frame scatters by a tenth; fewer where each costs many inputs.
constexpr std::size_t most_probes = 128;
constexpr std::size_t probe_entries = 1 << 16;

template <typename Count>
std::uint32_t count_saturated(std::span<const Count> counts, int level) {
    std::uint32_t n = 0;
    for (const Count count : counts) n += static_cast<int>(count) >= level ? 1U : 0U;
    return n;
}

template <typename Count>
void add_hits(std::span<const Count> counts, int level, std::span<std::uint16_t> hits) {
    for (std::size_t i = 0; i < counts.size(); ++i)
        if (static_cast<int>(counts[i]) >= level && hits[i] < 0xffff) ++hits[i];
}

}  // namespace

FrameCheck::FrameCheck(const calibration::Record& record, int inputs)
    : saturation_dn_((1 << hal::bits_of(record.holography.format)) - 1),
      most_saturated_px_(static_cast<std::uint32_t>(
          most_saturated * static_cast<double>(record.holography.region.pixels()))) {
    if (record.exposure && record.exposure->saturation_dn > 0)
        saturation_dn_ =
            std::min(saturation_dn_, static_cast<int>(std::floor(record.exposure->saturation_dn)));
    if (!record.matrix || record.matrix->inputs != inputs) return;
    const std::size_t modes = record.holography.modes();
    const auto n = static_cast<std::size_t>(inputs);
    const std::size_t count =
        std::min(modes, std::clamp<std::size_t>(probe_entries / n, 32, most_probes));
    for (std::size_t p = 0; p < count; ++p) probes_.push_back(p * modes / count);
    entries_.reserve(n * count);
    for (std::size_t i = 0; i < n; ++i)
        for (const std::size_t mode : probes_)
            entries_.push_back(record.matrix->entries[i * modes + mode]);
    noise_ = static_cast<float>(record.matrix->noise_power + record.identity.strip_variance);
}

void FrameCheck::look(const hal::Frame& frame, Finding& into, std::span<std::uint16_t> hits) const {
    const bool narrow = frame.format == hal::PixelFormat::mono8;
    into.saturated_px = narrow ? count_saturated(frame.as_u8(), saturation_dn_)
                               : count_saturated(frame.as_u16(), saturation_dn_);
    into.plausible = into.saturated_px <= most_saturated_px_;
    if (into.saturated_px == 0 || hits.empty()) return;
    if (narrow)
        add_hits(frame.as_u8(), saturation_dn_, hits);
    else
        add_hits(frame.as_u16(), saturation_dn_, hits);
}

void FrameCheck::compare(const Pilot& pilot, std::span<const std::complex<float>> field,
                         const Pilot::Reading& reading, std::uint32_t word,
                         std::span<const std::uint8_t> bits, Finding& into) const {
    if (entries_.empty()) return;
    assert(bits.size() * probes_.size() == entries_.size());
    std::array<std::complex<float>, most_probes> data{};
    for (std::size_t i = 0; i < bits.size(); ++i) {
        if (bits[i] == 0) continue;
        const std::complex<float>* const row = entries_.data() + i * probes_.size();
        for (std::size_t p = 0; p < probes_.size(); ++p) data[p] += row[p];
    }
    const std::complex<float> inverse = 1.0F / reading.gain;
    for (std::size_t p = 0; p < probes_.size(); ++p) {
        const std::complex<float> seen = field[probes_[p]];
        const std::complex<float> shown = pilot.data_field(seen, probes_[p], word, inverse);
        into.rest += std::norm(shown - data[p]);
        into.data += std::norm(data[p]);
        into.light += std::norm(seen * inverse);
    }
    into.noise = noise_ * std::norm(inverse) * static_cast<float>(probes_.size());
    into.rest -= into.noise;
    if (into.rest > largest_rest * into.light) into.plausible = false;
}

}  // namespace opal::projection
