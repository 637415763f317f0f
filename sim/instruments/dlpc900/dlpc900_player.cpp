// Dlpc900Instrument: what the mirrors play: from the start, or from an edge at TRIG_IN_1, up to the
// next entry that waits for one.
#include "sim/instruments/dlpc900/dlpc900_instrument.h"

#include <algorithm>

namespace opal::sim {

namespace {

using protocol::dlpc900_mode::on_the_fly;
// What a plane stays lit for when the black that would end it is at another place: until the next
// edge cuts it short.
constexpr std::chrono::minutes held{10};

// What the board has stored for want of a picture: stripes that nobody loaded.
hal::BitPattern stored_logo(int rows, int columns) {
    hal::BitPattern logo(rows, columns);
    for (int row = 0; row < rows; row += 64)
        logo.fill(row, 0, std::min(32, rows - row), columns, true);
    return logo;
}

}  // namespace

Dlpc900Instrument::Code Dlpc900Instrument::start_stop(std::span<const std::byte> data) {
    if (data.size() != 1 || std::to_integer<int>(data[0]) > 2) return Code::parameter;
    const int wanted = std::to_integer<int>(data[0]);
    const bool start = wanted == 2;
    // A pause is gone on from with the pattern that was shown, a stop with the first one.
    const std::size_t from = wanted == 1 && running() ? step_shown() : paused_at_;
    paused_at_ = wanted == 1 ? from : 0;
    end();
    stopped_last_ = wanted == 0;
    const bool video = mode_ == protocol::dlpc900_mode::video_patterns;
    if (start && ((mode_ != on_the_fly && !video) || table_.empty())) return Code::mode;
    if (start && on_start) on_start();
    if (!start || !gate_open()) return Code::none;
    return video ? begin_video() : begin(from);
}

std::size_t Dlpc900Instrument::step_shown() const {
    const hal::DmdStatus status = mirrors_.status();
    if (!status.running || status.entries_started == 0) return step_;
    const std::size_t steps = shown_ == 0 ? order_.size() : shown_;
    return (first_ + static_cast<std::size_t>(status.entries_started) - 1) % steps;
}

void Dlpc900Instrument::trigger_in_2(bool high) {
    const std::lock_guard lock(*mutex_);
    if (high == gate_high_) return;
    gate_high_ = high;
    end();
    if (gate_open() && mode_ == on_the_fly && !table_.empty()) begin();
}

void Dlpc900Instrument::end() {
    mirrors_.stop();
    splash_ = waiting_ = on_its_way_ = going_on_ = false;
    life_ = std::make_shared<int>();  // edges on their way come to nothing
}

Dlpc900Instrument::Code Dlpc900Instrument::begin(std::size_t from) {
    // From 5 on the table has to be configured behind the pictures too.
    splash_ = scene.version.major >= 5 && !(table_set_ && pictures_set_);
    for (const std::uint16_t entry : order_)
        if (!load_image(table_[entry].entry.image)) splash_ = true;
    if (locked_ || parked_)  // the mirrors do not follow
        show_in_slot_0(hal::BitPattern(board_.rows, board_.columns));
    else if (splash_)
        show_in_slot_0(stored_logo(board_.rows, board_.columns));
    step_ = from;
    line_low_ = true;
    hears_from_ = clock_.now();
    waiting_ = waits_at(from);
    if (!waiting_) play();
    return Code::none;
}

void Dlpc900Instrument::show_in_slot_0(const hal::BitPattern& pattern) {
    mirrors_.load(0, {&pattern, 1});
    std::fill(loaded_.begin(), loaded_.end(), false);
}

bool Dlpc900Instrument::waits_at(std::size_t step) const {
    return table_[order_[step % order_.size()]].entry.wait_for_trigger;
}

hal::SequenceEntry Dlpc900Instrument::shown_entry(const Playable& playable) const {
    const protocol::Dlpc900Entry& entry = playable.entry;
    const auto slot =
        still() ? 0u
                : static_cast<std::uint32_t>(entry.image * protocol::dlpc900_planes + entry.plane);
    const bool edge =
        scene.camera_on == Dlpc900Scene::Output::trigger_out_1 ? line_low_ : entry.trigger_out_2;
    return {slot, std::chrono::microseconds(entry.exposure_us),
            std::chrono::microseconds(entry.dark_us + playable.black_us),
            hal::StartOn::previous_end, edge};
}

void Dlpc900Instrument::play() {
    waiting_ = on_its_way_ = going_on_ = false;
    first_ = step_;
    // Played once if the number shown is that of the entries; a smaller one shows the first ones.
    const bool endless = shown_ == 0;
    const std::size_t steps = endless ? order_.size() : shown_;
    const bool waits = std::any_of(order_.begin(), order_.end(), [&](std::uint16_t entry) {
        return table_[entry].entry.wait_for_trigger;
    });
    hal::PatternSequence sequence;
    const std::size_t most = mirrors_.info().max_entries;
    sequence.repeat = endless && !waits && step_ == 0 && steps <= most;
    hal::Duration length{0};
    for (;;) {
        const Playable& played = table_[order_[step_ % order_.size()]];
        const hal::SequenceEntry& entry = sequence.entries.emplace_back(shown_entry(played));
        ++step_;
        line_low_ = entry.dark > hal::Duration{0};
        length += entry.exposure + entry.dark;
        if (step_ == steps) {
            if (!endless || sequence.repeat) break;
            step_ = 0;
        }
        if (!waits_at(step_)) {
            if (sequence.entries.size() < most) continue;
            play_at(clock_.now() + length);  // the rest
            break;
        }
        waiting_ = true;
        hears_from_ = clock_.now() + length;
        if (played.black_us == 0) sequence.entries.back().exposure = held;
        break;
    }
    // Without any dark time its one edge comes in the first round alone, and is left out here.
    if (sequence.repeat && !line_low_ && scene.camera_on == Dlpc900Scene::Output::trigger_out_1)
        sequence.entries.front().trigger_out = false;
    mirrors_.stop();  // a plane that was held ends now
    mirrors_.program(sequence);
    mirrors_.start();
}

void Dlpc900Instrument::play_at(hal::Time at) {
    going_on_ = true;
    clock_.call_at(at, [this, mutex = mutex_, life = std::weak_ptr<int>(life_)] {
        const std::lock_guard inner(*mutex);
        if (!life.expired()) play();
    });
}

void Dlpc900Instrument::trigger_in_1() {
    const std::lock_guard lock(*mutex_);
    if (!waiting_ || on_its_way_ || clock_.now() < hears_from_) {
        ++missed_triggers_;
        return;
    }
    on_its_way_ = line_low_ = true;
    play_at(clock_.now() + std::chrono::microseconds(trigger_in_.delay_us));
}

}  // namespace opal::sim
