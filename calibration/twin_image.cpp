// TwinImage: see twin_image.h.
#include "calibration/twin_image.h"

#include "calibration/interferogram.h"
#include "calibration/record.h"

#include <cassert>

namespace opal::calibration {

// Interference of S gives D(S) = a(S) + b(S*), of i S gives i a(S) - i b(S*); so
// b(S*) = (D(S) + i D(i S)) / 2.
std::vector<std::complex<float>> twin_field(const Record& record, const Demodulator& demodulator,
                                            std::span<const std::complex<float>> field) {
    assert(demodulator.is_linear());
    const Holography& h = record.holography;
    const auto light = field_on_pixels(h, field);
    const auto reference = reference_on_pixels(h);
    Demodulator::Workspace workspace;
    std::vector<float> counts(light.size());
    const auto demodulated = [&](std::complex<float> turn) {
        for (std::size_t r = 0; r < light.size(); ++r)
            counts[r] = static_cast<float>(h.black_level_dn) + h.reference_dn[r] +
                        2 * (turn * light[r] * std::conj(reference[r])).real();
        std::vector<std::complex<float>> modes(demodulator.modes());
        demodulator.demodulate_linear(counts, modes, workspace);
        return modes;
    };
    const std::complex<float> i(0, 1);
    auto twin = demodulated(1);
    const auto turned = demodulated(i);
    for (std::size_t m = 0; m < twin.size(); ++m) twin[m] = 0.5F * (twin[m] + i * turned[m]);
    return twin;
}

KnownTwins known_twins(const Record& record, const Demodulator& demodulator) {
    const std::size_t modes = demodulator.modes();
    const auto twins_of = [&](const std::vector<std::complex<float>>& fields) {
        std::vector<std::complex<float>> twins;
        twins.reserve(fields.size());
        for (std::size_t first = 0; first < fields.size(); first += modes) {
            const auto twin =
                twin_field(record, demodulator, std::span(fields).subspan(first, modes));
            twins.insert(twins.end(), twin.begin(), twin.end());
        }
        return twins;
    };
    return {twins_of(record.matrix->entries), twins_of(record.identity.columns),
            twins_of(record.identity.background)};
}

}  // namespace opal::calibration
