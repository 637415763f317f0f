// Dlpc900Instrument: video patterns: planes of the frames that a display sends, the table once with
// each.
#include "sim/instruments/dlpc900/dlpc900_drawing.h"
#include "sim/instruments/dlpc900/dlpc900_instrument.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace opal::sim {

namespace mode = protocol::dlpc900_mode;
namespace status = protocol::dlpc900_status;

Dlpc900Instrument::Code Dlpc900Instrument::set_source(Word word, std::span<const std::byte> data) {
    if (data.size() != 1) return Code::parameter;
    const auto value = std::to_integer<std::uint8_t>(data[0]);
    if (word == Word::video_receiver) {
        if (value > 2) return Code::parameter;  // off, HDMI, DisplayPort
        receiver_ = value;
    } else {
        if (value > 0x1F) return Code::parameter;
        source_ = value;
    }
    return Code::none;
}

// This display is on both cables.
bool Dlpc900Instrument::source_locked() const {
    return scene.video_hz > 0 && receiver_ != 0 && source_ == protocol::dlpc900_parallel_24;
}

unsigned Dlpc900Instrument::main_status() const {
    return (running() ? status::running : 0) | (parked_ ? status::parked : 0) |
           (source_locked() ? status::source_locked | status::port_1_syncs : 0);
}

void Dlpc900Instrument::show_video(protocol::Dlpc900Picture frame) {
    const std::lock_guard lock(*mutex_);
    video_ = std::move(frame);
    if (mode_ == mode::video_patterns && running()) begin_video();
}

Dlpc900Instrument::Code Dlpc900Instrument::begin_video() {
    mirrors_.stop();
    std::vector<hal::BitPattern> planes(protocol::dlpc900_planes,
                                        hal::BitPattern(board_.rows, board_.columns));
    if (video_ && video_->width == board_.columns && video_->height == board_.rows)
        draw(*video_, 0, planes);
    mirrors_.load(0, planes);
    std::fill(loaded_.begin(), loaded_.end(), false);
    hal::PatternSequence sequence;
    sequence.repeat = true;
    hal::Duration length{0};
    for (const Playable& played : table_) {
        const protocol::Dlpc900Entry& entry = played.entry;
        sequence.entries.push_back({entry.plane, std::chrono::microseconds(entry.exposure_us),
                                    std::chrono::microseconds(entry.dark_us),
                                    hal::StartOn::previous_end, entry.trigger_out_2});
        length += sequence.entries.back().exposure + sequence.entries.back().dark;
    }
    const auto frame = std::chrono::duration_cast<hal::Duration>(
        std::chrono::duration<double>(1 / scene.video_hz));
    aborted_ = length > frame;
    if (aborted_) return Code::none;
    sequence.entries.back().dark += frame - length;  // until the next one
    mirrors_.program(sequence);
    mirrors_.start();
    return Code::none;
}

}  // namespace opal::sim
