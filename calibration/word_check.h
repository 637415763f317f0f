// WordCheck: does a frame of calibration show the code word its pattern carries? What Pilot
// (projection/) proves of every frame of a projection, for the frames the transmission matrix is
// made from and validated with.
//
//   rest = y / g - T d,    read(rest) = arg max over w of |<P_w, rest>| / (|P_w| |rest|)
//
// With the data's light taken out, the rest of a frame is the strip's field and noise: the right
// word correlates by nearly one, its nearest rival by about one half. A frame of another pattern
// keeps the difference of the data, and correlates with nothing.
#pragma once

#include "calibration/phase_reference.h"
#include "hal/bit_pattern.h"

#include <complex>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace opal::calibration {

struct Session;
class FieldReader;

// Reads the words of many frames from stretches of modes, as they come from a FieldStore.
class WordSums {
public:
    WordSums(const PhaseReference& strip, std::size_t frames, std::size_t modes);
    // `rest`: (frames, count), of modes [first, first + count). Each mode once.
    void add(std::span<const std::complex<float>> rest, std::size_t first, std::size_t count);
    // Frames whose rest does not show its word; `words`: (frames) what they carry.
    std::vector<std::size_t> unread(std::span<const std::uint32_t> words) const;

private:
    const PhaseReference& strip_;
    std::size_t frames_;
    std::size_t modes_;
    std::vector<std::complex<double>> cross_;  // (frames, code_words)
    std::vector<double> whole_;                // (frames) sum |rest|^2
};

// True if the word's correlation is above chance and above all others', `correlation` (code_words)
// of a rest of so many modes.
bool stands_out(std::span<const double> correlation, std::uint32_t word, std::size_t modes);

// True if `rest` (modes) shows the word.
bool shows_word(const PhaseReference& strip, std::span<const std::complex<float>> rest,
                std::uint32_t word);

// Frames whose light does not show their word are taken again, up to three times, and counted in
// the session; `unread` says which they are after each attempt, given all fields; `keep` takes the
// new field of a frame. Throws DeviceError{mispaired} if some stay unreadable.
void take_again_until_read(
    Session& session, FieldReader& reader,
    const std::function<void(std::size_t, hal::BitPattern&)>& draw,
    const std::function<std::vector<std::size_t>()>& unread, std::size_t frames,
    const std::function<void(std::size_t, std::span<const std::complex<float>>)>& keep);
// The same with all fields in memory, (frames, modes).
void take_again_until_read(Session& session, FieldReader& reader,
                           const std::function<void(std::size_t, hal::BitPattern&)>& draw,
                           const std::function<std::vector<std::size_t>()>& unread,
                           std::vector<std::complex<float>>& fields);

}  // namespace opal::calibration
