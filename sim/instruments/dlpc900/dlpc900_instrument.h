// Dlpc900Instrument: a board with TI's DLPC900 as its HID interface shows it, around a DMD of the
// optical table with the same mirrors and as many slots as it has table entries.
//
// It refuses what the real one refuses, with the same codes, and keeps its habits: a table counts
// from the configuration on; pictures are kept by index and looked at when they are shown; a bad
// upload is no error and shows the splash screen; another number of entries or other places forget
// the pictures; an unread reply is lost with the next command; an entry before one that waits for a
// trigger is followed by 105 us of black, wherever it is played.
//
//   host -> USB -> commands (dlpc900_instrument.cpp) -> table, pictures (dlpc900_memory.cpp)
//   start, trigger inputs -> what the mirrors play (dlpc900_player.cpp)
#pragma once

#include "hal/dmd.h"
#include "protocol/dlpc900_image.h"
#include "protocol/dlpc900_messages.h"
#include "protocol/dlpc900_packet.h"
#include "sim/doors/memory_usb.h"
#include "sim/table/virtual_clock.h"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace opal::sim {

struct Dlpc900Scene {
    int board = 1;                   // 0x0206: 1 DLP6500, 2 DLP9000, 3 DLP670S, 4 DLP500YX
    int controllers = 1;             // of a DLP500YX, which has one or two
    bool second_is_missing = false;  // of two controllers, or it does not answer the first
    // Before 5 there is no reorder; from 5 on pictures count only if the table was configured
    // before them and again behind them; after 4.0 the mirrors can be parked.
    protocol::Dlpc900Version version{6, 0, 0};
    // Which output the camera hears. TRIG_OUT_1 is high while a pattern is shown, and without dark
    // time between patterns it never drops; TRIG_OUT_2 pulses with each pattern that asks.
    enum class Output { trigger_out_1, trigger_out_2 } camera_on = Output::trigger_out_2;

    bool silent = false;         // answers nothing
    int refusals = 0;            // so many of the next commands are refused as a device failure
    int lost_answers = 0;        // to so many of the next commands, which are done all the same
    unsigned troubles = 0;       // bits of its hardware status, beside the usual ones
    std::string own_words;       // of its next refusals, instead of the usual ones
    int spoiled_uploads = 0;     // of so many of the next pictures a byte is lost on the way
    bool locks_mirrors = false;  // firmware 4.0 to 5.0.0: a mode change locks the mirrors until
                                 // they are parked and unparked [TI DLPT028]
    bool hangs_unless_stopped = false;  // a change of mode without a stop before it is its last act
    double video_hz = 0;                // frames that a display sends; 0: there is none
    // How fast it takes what hosts write; real ones are said to take 150 to 350 kB/s. 0: at once.
    std::uint32_t bytes_per_s = 0;
};

class Dlpc900Instrument {
public:
    // `mirrors`: told what to do by this instrument alone. `clock`: the bench's. All outlive it.
    Dlpc900Instrument(UsbGadget& usb, hal::Dmd& mirrors, VirtualClock& clock,
                      const Dlpc900Scene& scene = {});
    ~Dlpc900Instrument();
    Dlpc900Instrument(const Dlpc900Instrument&) = delete;
    Dlpc900Instrument& operator=(const Dlpc900Instrument&) = delete;

    // The descriptors of such a board.
    static hal::UsbDeviceInfo usb_info();
    std::uint64_t image_bytes() const { return image_bytes_; }
    bool showing_splash() const { return splash_; }

    // An edge at TRIG_IN_1, in the direction the board was told to listen to. It is not heard while
    // the entries before are being shown, their hidden black included.
    void trigger_in_1();
    // The level of TRIG_IN_2: a change to the one that stops ends the sequence, one to the other
    // begins it; at the level that stops a start command has no effect and is no error. High runs,
    // unless the board was told otherwise.
    void trigger_in_2(bool high);
    std::uint64_t missed_triggers() const { return missed_triggers_; }
    Dlpc900Scene scene;
    std::function<void()> on_start;  // called when a host has told it to start
    // The frame that the display sends from now on, at once as one that was being shown: planes of
    // it are what video patterns show.
    void show_video(protocol::Dlpc900Picture frame);
    // As the host has set them: TRIG_OUT_1 and TRIG_OUT_2.
    const protocol::Dlpc900TriggerOut& trigger_out(int number) const {
        return trigger_outs_[static_cast<std::size_t>(number - 1)];
    }
    // Called when the output that the camera hears was set.
    std::function<void(const protocol::Dlpc900TriggerOut&)> on_trigger_out;
    bool in_standby() const { return standby_since_.has_value(); }
    // The next such command is refused as a device failure.
    void refuse_next(protocol::Dlpc900Word word) { refused_next_ = word; }

private:
    enum class Code : std::uint8_t {
        none = 0,
        failure = 2,
        unknown = 3,
        mode = 5,
        parameter = 6,
        bit_position = 10,
        delay = 13,
        exposure = 14,
        number = 15
    };
    struct Stored {  // of one controller
        std::size_t announced = 0;
        std::vector<std::byte> file;
        bool kept = true;  // the table was configured when it came
    };
    struct Playable {
        protocol::Dlpc900Entry entry;
        std::uint32_t black_us = 0;  // hidden, after it
    };
    using Word = protocol::Dlpc900Word;

    void take(std::span<const std::byte> report);
    Code write(Word word, std::span<const std::byte> data);
    std::optional<std::vector<std::byte>> read(Word word) const;
    Code set_mode(std::span<const std::byte> data);
    Code set_source(Word word, std::span<const std::byte> data);
    bool source_locked() const;
    unsigned main_status() const;
    Code begin_video();
    Code park(std::span<const std::byte> data);
    Code set_power(std::span<const std::byte> data);
    bool may_lock() const;
    Code set_trigger_out(std::span<const std::byte> data, bool pulse);
    Code set_trigger_in(std::span<const std::byte> data);
    Code set_gate(std::span<const std::byte> data);
    Code define(std::span<const std::byte> data);
    Code configure(std::span<const std::byte> data);
    Code reorder(std::span<const std::byte> data);
    Code begin_image(std::span<const std::byte> data, std::size_t controller);
    Code image_data(std::span<const std::byte> data, std::size_t controller);
    Code start_stop(std::span<const std::byte> data);
    bool busy() const {
        return running() || mode_ == protocol::dlpc900_mode::video;
    }  // nothing of the table may be changed
    bool running() const { return waiting_ || going_on_ || mirrors_.status().running; }
    bool load_image(int image);  // its planes into the mirrors' slots; false: it cannot be read

    Code begin(std::size_t from = 0);
    void end();
    std::size_t step_shown() const;
    bool waits_at(std::size_t step) const;
    void play();  // from the step that is due up to the next that waits
    void play_at(hal::Time at);
    hal::SequenceEntry shown_entry(const Playable& playable) const;
    void show_in_slot_0(const hal::BitPattern& pattern);
    bool still() const { return splash_ || locked_ || parked_; }  // slot 0 is all there is

    UsbGadget& usb_;
    hal::Dmd& mirrors_;
    VirtualClock& clock_;
    // Hosts and the clock's acts come from different threads.
    std::shared_ptr<std::mutex> mutex_ = std::make_shared<std::mutex>();
    hal::Time ready_at_{};  // for the next report
    const protocol::Dlpc900Board& board_;
    const int controllers_;
    protocol::Dlpc900CommandReader commands_;
    Code last_error_ = Code::none;
    std::uint8_t mode_ = protocol::dlpc900_mode::flash;
    std::uint8_t source_ = protocol::dlpc900_parallel_24;
    std::uint8_t receiver_ = 0;  // off
    std::optional<protocol::Dlpc900Picture> video_;
    bool aborted_ = false;  // a sequence was not over when the next frame came
    std::optional<Word> refused_next_;
    bool stopped_last_ = false;  // by the last command
    bool locked_ = false;        // mirrors that do not move
    bool parked_ = false;

    std::map<std::uint16_t, protocol::Dlpc900Entry> defined_;
    bool table_set_ = false;     // configured since the last definition
    bool pictures_set_ = false;  // configured since the last picture
    std::vector<Playable> table_;
    std::vector<std::uint16_t> order_;  // of the table, as it is played
    std::uint32_t shown_ = 0;
    std::map<int, std::vector<Stored>> images_;  // by index, one for each controller
    std::vector<int> receiving_;                 // which image, per controller
    std::vector<bool> loaded_;                   // images that are in the mirrors' slots
    std::uint64_t image_bytes_ = 0;

    std::array<protocol::Dlpc900TriggerOut, 2> trigger_outs_;
    protocol::Dlpc900TriggerIn trigger_in_;
    bool gate_high_ = true;  // TRIG_IN_2
    bool gate_inverted_ = false;
    bool gate_open() const { return gate_high_ != gate_inverted_; }
    std::optional<hal::Time> standby_since_;
    bool splash_ = false;
    bool waiting_ = false;     // for TRIG_IN_1, or on the way from its edge to the mirrors
    bool on_its_way_ = false;  // the latter
    bool going_on_ = false;    // with what the mirrors' own sequence had no room for
    std::size_t step_ = 0;     // due next, of the sequence being played
    std::size_t first_ = 0;    // of what the mirrors play
    std::size_t paused_at_ = 0;
    bool line_low_ = true;    // TRIG_OUT_1, before the step that is due
    hal::Time hears_from_{};  // edges before are missed
    std::uint64_t missed_triggers_ = 0;
    std::shared_ptr<int> life_ = std::make_shared<int>();  // of what the clock was asked to do
};

}  // namespace opal::sim
