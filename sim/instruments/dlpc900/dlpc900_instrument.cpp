// Dlpc900Instrument: see dlpc900_instrument.h.
#include "sim/instruments/dlpc900/dlpc900_instrument.h"

#include <algorithm>
#include <cassert>
#include <string_view>
#include <tuple>
#include <utility>

namespace opal::sim {

namespace {

constexpr std::uint8_t in_endpoint = 0x81;
// How long the mirrors exercise before the board leaves standby [TI DLPU018].
constexpr std::chrono::seconds standby_lasts{123};

const protocol::Dlpc900Board& board_of(int type) {
    const protocol::Dlpc900Board* const board = protocol::find_dlpc900_board(type);
    assert(board != nullptr);
    return *board;
}

std::vector<std::byte> text_of(std::string_view text, std::size_t room) {
    std::vector<std::byte> bytes(room);
    for (std::size_t i = 0; i < std::min(text.size(), room); ++i)
        bytes[i] = static_cast<std::byte>(text[i]);
    return bytes;
}

// What the kernel's own HID driver asks [HID 1.11, sections 6.2.2 and 7]: reports of 64 bytes of
// the vendor's own, both ways; and it may be quiet when nothing changes.
UsbGadget::Answer hid_answer(const hal::UsbSetup& setup) {
    constexpr std::uint8_t report_descriptor[] = {
        0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01,              // a collection
        0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x40,  // of 64 times 8 bits
        0x09, 0x01, 0x81, 0x02, 0x09, 0x01, 0x91, 0x02, 0xC0,  // input, output
    };
    constexpr std::uint8_t from_interface = 0x81, to_interface_class = 0x21;
    std::vector<std::byte> bytes;
    if (setup.request_type == to_interface_class && setup.request == 0x0A) return bytes;
    if (setup.request_type != from_interface || setup.request != 6 || setup.value != 0x2200)
        return std::nullopt;
    for (const std::uint8_t b : report_descriptor) bytes.push_back(static_cast<std::byte>(b));
    return bytes;
}

}  // namespace

Dlpc900Instrument::Dlpc900Instrument(UsbGadget& usb, hal::Dmd& mirrors, VirtualClock& clock,
                                     const Dlpc900Scene& s)
    : scene(s),
      usb_(usb),
      mirrors_(mirrors),
      clock_(clock),
      board_(board_of(s.board)),
      controllers_(board_.controllers != 0 ? board_.controllers : s.controllers),
      receiving_(static_cast<std::size_t>(controllers_), -1),
      loaded_(protocol::dlpc900_images, false) {
    assert(mirrors.info().rows == board_.rows && mirrors.info().columns == board_.columns);
    usb_.on_write([this](std::uint8_t, std::span<const std::byte> bytes) {
        const std::lock_guard lock(*mutex_);
        const hal::Time now = clock_.now();
        if (now < ready_at_) return UsbGadget::Verdict::busy;
        if (scene.bytes_per_s > 0)
            ready_at_ = now + std::chrono::nanoseconds(std::chrono::seconds(1)) * bytes.size() /
                                  scene.bytes_per_s;
        take(bytes);
        return UsbGadget::Verdict::taken;
    });
    usb_.on_control(
        [](const hal::UsbSetup& setup, std::span<const std::byte>) { return hid_answer(setup); });
}

Dlpc900Instrument::~Dlpc900Instrument() {
    usb_.on_write({});
    usb_.on_control({});
    const std::lock_guard lock(*mutex_);
    life_.reset();
}

hal::UsbDeviceInfo Dlpc900Instrument::usb_info() {
    hal::UsbDeviceInfo info;
    info.vendor_id = 0x0451;
    info.product_id = 0xC900;
    info.manufacturer = "Texas Instruments";
    info.product = "DLPC900";
    info.serial = "LCR3";
    info.place = "usb:memory";
    // Configuration, interface 0 (HID), its HID descriptor, interrupt endpoints 0x81 and 0x01.
    constexpr std::uint8_t bytes[] = {
        9, 2,    41,   0, 1,  1, 0,    0xC0, 50,  //
        9, 4,    0,    0, 2,  3, 0,    0,    0,   //
        9, 0x21, 0x11, 1, 0,  1, 0x22, 25,   0,   //
        7, 5,    0x81, 3, 64, 0, 1,               //
        7, 5,    0x01, 3, 64, 0, 1,
    };
    for (const std::uint8_t b : bytes) info.configuration.push_back(static_cast<std::byte>(b));
    return info;
}

void Dlpc900Instrument::take(std::span<const std::byte> report) {
    if (scene.silent) return;
    const auto command = commands_.take(report);
    if (!command) return;
    usb_.flush(in_endpoint);  // one buffer: an answer nobody fetched is gone
    protocol::Dlpc900Reply reply{command->read, false, command->sequence, {}};
    const auto word = static_cast<Word>(command->word);
    const bool chosen = refused_next_ == word;
    if (chosen || scene.refusals > 0) {
        if (chosen)
            refused_next_.reset();
        else
            --scene.refusals;
        last_error_ = Code::failure;
        reply.refused = true;
    } else if (command->read) {
        auto data = read(word);
        if (data)
            reply.data = std::move(*data);
        else
            last_error_ = Code::unknown;
        reply.refused = !data;
        if (data && word != Word::error_code && word != Word::error_text) last_error_ = Code::none;
    } else {
        last_error_ = write(word, command->data);
        reply.refused = last_error_ != Code::none;
    }
    if (!command->read && !command->reply_wanted) return;
    if (scene.lost_answers > 0) {
        --scene.lost_answers;
        return;
    }
    for (const auto& part : encode(reply)) usb_.send(in_endpoint, part);
}

std::optional<std::vector<std::byte>> Dlpc900Instrument::read(Word word) const {
    const auto byte = [](unsigned value) { return std::vector{static_cast<std::byte>(value)}; };
    switch (word) {
        case Word::error_code:
            return byte(static_cast<unsigned>(last_error_));
        case Word::error_text:
            return text_of(scene.own_words.empty()
                               ? protocol::dlpc900_error_text(static_cast<int>(last_error_))
                               : std::string_view(scene.own_words),
                           60);
        case Word::version:
            return encode(scene.version);
        case Word::hardware_type: {
            auto data = byte(static_cast<unsigned>(board_.type));
            const auto tag = text_of("LCR-SIM", 32);
            data.insert(data.end(), tag.begin(), tag.end());
            return data;
        }
        case Word::hardware_status:
            return byte((controllers_ == 2 && !scene.second_is_missing ? 0x11u : 0x01u) |
                        (aborted_ ? protocol::dlpc900_status::sequencer_abort : 0u) |
                        scene.troubles);
        case Word::main_status:
            return byte(main_status());
        case Word::input_source:
            return byte(source_);
        case Word::video_receiver:
            return byte(receiver_);
        case Word::display_mode:
            return byte(mode_);
        case Word::power_mode:
            return byte(in_standby() ? 1 : 0);
        default:
            return std::nullopt;
    }
}

Dlpc900Instrument::Code Dlpc900Instrument::write(Word word, std::span<const std::byte> data) {
    const bool stopped = std::exchange(stopped_last_, false);
    if (word == Word::power_mode) return set_power(data);
    if (in_standby()) return Code::mode;
    switch (word) {
        case Word::display_mode:
            if (scene.hangs_unless_stopped && !stopped) scene.silent = true;
            return set_mode(data);
        case Word::input_source:
        case Word::video_receiver:
            return set_source(word, data);
        case Word::park:
            return park(data);
        case Word::trigger_out_1:
            return set_trigger_out(data, false);
        case Word::trigger_out_2:
            return set_trigger_out(data, true);
        case Word::trigger_in_1:
            return set_trigger_in(data);
        case Word::trigger_in_2:
            return set_gate(data);
        case Word::start_stop:
            return start_stop(data);
        case Word::lut_definition:
            return define(data);
        case Word::lut_configuration:
            return configure(data);
        case Word::lut_reorder:
            return reorder(data);
        case Word::begin_image:
            return begin_image(data, 0);
        case Word::image_data:
            return image_data(data, 0);
        case Word::begin_image_secondary:
            return begin_image(data, 1);
        case Word::image_data_secondary:
            return image_data(data, 1);
        default:
            return Code::unknown;
    }
}

Dlpc900Instrument::Code Dlpc900Instrument::set_mode(std::span<const std::byte> data) {
    if (data.size() != 1 || std::to_integer<int>(data[0]) > 3) return Code::parameter;
    // Video patterns begin in video, with a source that is locked.
    if (std::to_integer<int>(data[0]) == protocol::dlpc900_mode::video_patterns &&
        mode_ != protocol::dlpc900_mode::video_patterns &&
        (mode_ != protocol::dlpc900_mode::video || !source_locked()))
        return Code::mode;
    end();
    mode_ = std::to_integer<std::uint8_t>(data[0]);
    if (may_lock()) locked_ = true;
    return Code::none;
}

bool Dlpc900Instrument::may_lock() const {
    const auto version = std::tuple(scene.version.major, scene.version.minor, scene.version.patch);
    return scene.locks_mirrors && version >= std::tuple(4, 0, 0) && version <= std::tuple(5, 0, 0);
}

Dlpc900Instrument::Code Dlpc900Instrument::set_power(std::span<const std::byte> data) {
    if (data.size() != 1 || std::to_integer<int>(data[0]) > 2) return Code::parameter;
    const int wanted = std::to_integer<int>(data[0]);
    if (wanted == 1) {
        end();
        if (!in_standby()) standby_since_ = clock_.now();
        return Code::none;
    }
    if (in_standby() && (wanted != 0 || clock_.now() - *standby_since_ < standby_lasts))
        return Code::mode;
    if (wanted == 0 && !in_standby()) return Code::none;
    standby_since_.reset();
    if (may_lock()) locked_ = true;
    if (wanted == 0) return Code::none;
    end();  // the software begins anew and knows nothing
    mode_ = protocol::dlpc900_mode::flash;
    defined_.clear();
    table_.clear();
    order_.clear();
    images_.clear();
    std::fill(loaded_.begin(), loaded_.end(), false);
    table_set_ = pictures_set_ = parked_ = false;
    return Code::none;
}

Dlpc900Instrument::Code Dlpc900Instrument::park(std::span<const std::byte> data) {
    if (std::tuple(scene.version.major, scene.version.minor) <= std::tuple(4, 0))
        return Code::unknown;
    if (data.size() != 1 || std::to_integer<int>(data[0]) > 1) return Code::parameter;
    end();
    const bool wanted = std::to_integer<int>(data[0]) == 1;
    if (parked_ && !wanted) locked_ = false;
    parked_ = wanted;
    return Code::none;
}

Dlpc900Instrument::Code Dlpc900Instrument::set_trigger_out(std::span<const std::byte> data,
                                                           bool pulse) {
    if (running()) return Code::mode;
    const auto trigger = protocol::parse_dlpc900_trigger_out(data);
    if (!trigger) return Code::parameter;
    constexpr int shortest_pulse_us = 20;
    int length = trigger->falling_us - trigger->rising_us;
    if (trigger->inverted) length = -length;
    const auto possible = [](int us) { return us >= -20 && us <= 20000; };
    if (length < (pulse ? shortest_pulse_us : 0) || !possible(trigger->rising_us) ||
        !possible(trigger->falling_us))
        return Code::delay;
    trigger_outs_[pulse ? 1 : 0] = *trigger;
    const bool heard = pulse == (scene.camera_on == Dlpc900Scene::Output::trigger_out_2);
    if (heard && on_trigger_out) on_trigger_out(*trigger);
    return Code::none;
}

Dlpc900Instrument::Code Dlpc900Instrument::set_trigger_in(std::span<const std::byte> data) {
    if (running()) return Code::mode;
    const auto trigger = protocol::parse_dlpc900_trigger_in(data);
    if (!trigger) return Code::parameter;
    if (trigger->delay_us < 104) return Code::delay;
    trigger_in_ = *trigger;
    return Code::none;
}

Dlpc900Instrument::Code Dlpc900Instrument::set_gate(std::span<const std::byte> data) {
    if (running()) return Code::mode;
    if (data.size() != 1 || std::to_integer<int>(data[0]) > 1) return Code::parameter;
    gate_inverted_ = std::to_integer<int>(data[0]) == 1;
    return Code::none;
}

}  // namespace opal::sim
