// Fuzz target: the virtual DLPC900 as a hostile host meets it (sim/instruments/dlpc900). The input
// is reports of 64 bytes; whatever they are, the mirrors are told nothing that they do not have,
// and the board still answers.
#include "tests/fuzz/fuzz_target.h"

#include "protocol/dlpc900_packet.h"
#include "sim/instruments/dlpc900/dlpc900_instrument.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace opal::fuzz {

using namespace protocol;
using namespace std::chrono_literals;

namespace {

// Mirrors that know what they may be told, and how long it takes.
class Mirrors final : public hal::Dmd {
public:
    explicit Mirrors(sim::VirtualClock& clock) : clock_(clock) {
        const Dlpc900Board& board = *find_dlpc900_board(1);
        info_.rows = board.rows;
        info_.columns = board.columns;
        info_.memory_patterns = info_.max_entries = dlpc900_images * dlpc900_planes;
        loaded_.resize(info_.memory_patterns, false);
    }
    const hal::DmdInfo& info() const override { return info_; }
    void load(std::uint32_t first, std::span<const hal::BitPattern> patterns) override {
        require(!status().running, "nothing is loaded into mirrors that run");
        require(first + patterns.size() <= loaded_.size(), "patterns fit into the memory");
        for (std::size_t i = 0; i < patterns.size(); ++i) {
            require(patterns[i].rows() == info_.rows && patterns[i].columns() == info_.columns,
                    "patterns have the board's mirrors");
            loaded_[first + i] = true;
        }
    }
    void program(const hal::PatternSequence& sequence) override {
        require(!status().running, "mirrors that run are not programmed");
        require(!sequence.entries.empty() && sequence.entries.size() <= info_.max_entries,
                "a sequence has entries, and not too many");
        period_ = {};
        for (const hal::SequenceEntry& entry : sequence.entries) {
            require(entry.slot < loaded_.size() && loaded_[entry.slot], "what is shown is loaded");
            require(entry.exposure >= 105us && entry.dark >= 0us, "times are the mirrors'");
            require(entry.start_on == hal::StartOn::previous_end, "the board itself waits");
            period_ += entry.exposure + entry.dark;
        }
        repeat_ = sequence.repeat;
    }
    void start() override {
        started_ = clock_.now();
        runs_ = true;
    }
    void stop() override { runs_ = false; }
    hal::DmdStatus status() override {
        hal::DmdStatus status;
        status.running = runs_ && (repeat_ || clock_.now() < started_ + period_);
        status.entries_started = runs_ ? 1 : 0;
        return status;
    }

private:
    sim::VirtualClock& clock_;
    hal::DmdInfo info_;
    std::vector<bool> loaded_;
    hal::Duration period_{0};
    bool repeat_ = false;
    bool runs_ = false;
    hal::Time started_{};
};

void add(Bytes& to, Dlpc900Word word, std::vector<std::byte> data, bool read = false) {
    for (const Dlpc900Report& report :
         encode(Dlpc900Command{read, true, 1, static_cast<std::uint16_t>(word), std::move(data)}))
        for (const std::byte b : report) to.push_back(std::to_integer<std::uint8_t>(b));
}

// A host's whole session. `waits`: the last entry, for a trigger.
Bytes session(std::uint16_t entries, std::uint32_t shown, bool waits, std::uint8_t last) {
    Bytes reports;
    for (const auto word : {Dlpc900Word::hardware_type, Dlpc900Word::hardware_status,
                            Dlpc900Word::version, Dlpc900Word::power_mode})
        add(reports, word, {}, true);
    add(reports, Dlpc900Word::start_stop, {std::byte{0}});
    add(reports, Dlpc900Word::display_mode, {std::byte{3}});
    add(reports, Dlpc900Word::trigger_out_2, encode(Dlpc900TriggerOut{}));
    add(reports, Dlpc900Word::trigger_in_1, encode(Dlpc900TriggerIn{}));
    for (std::uint16_t i = 0; i < entries; ++i) {
        Dlpc900Entry entry;
        entry.index = i;
        entry.exposure_us = 105;
        entry.plane = static_cast<std::uint8_t>(i);
        entry.wait_for_trigger = waits && i + 1 == entries;
        add(reports, Dlpc900Word::lut_definition, encode(entry));
    }
    add(reports, Dlpc900Word::lut_configuration, encode(Dlpc900Configuration{entries, shown}));
    Dlpc900Picture picture{1920, 1080, {}};
    picture.pixels.assign(picture.row_bytes() * 1080, std::byte{0xFF});
    const auto file = encode_smallest(picture);
    add(reports, Dlpc900Word::begin_image,
        encode(Dlpc900ImageStart{0, static_cast<std::uint32_t>(file.size())}));
    for (std::size_t at = 0; at < file.size(); at += dlpc900_most_chunk)
        add(reports, Dlpc900Word::image_data,
            encode_dlpc900_chunk(
                std::span(file).subspan(at, std::min(dlpc900_most_chunk, file.size() - at))));
    add(reports, Dlpc900Word::lut_configuration, encode(Dlpc900Configuration{entries, shown}));
    add(reports, Dlpc900Word::lut_reorder, encode(Dlpc900Reorder{shown, {0, 1, 0}}));
    add(reports, Dlpc900Word::start_stop, {std::byte{2}});
    add(reports, Dlpc900Word::start_stop, {static_cast<std::byte>(last)});
    add(reports, Dlpc900Word::start_stop, {std::byte{2}});
    return reports;
}

}  // namespace

std::vector<Bytes> seeds() {
    return {session(3, 3, false, 0), session(2, 0, true, 1), session(24, 1000, false, 1)};
}

std::vector<std::string> words() {
    std::vector<std::string> found;
    for (const auto word :
         {Dlpc900Word::power_mode, Dlpc900Word::park, Dlpc900Word::display_mode,
          Dlpc900Word::start_stop, Dlpc900Word::lut_configuration, Dlpc900Word::lut_reorder,
          Dlpc900Word::begin_image_secondary, Dlpc900Word::trigger_in_2}) {
        Bytes report;
        add(report, word, {std::byte{1}});
        found.emplace_back(report.begin(), report.end());
    }
    return found;
}

void feed(std::span<const std::byte> input) {
    sim::VirtualClock clock;
    sim::MemoryUsb usb = sim::make_memory_usb(clock, sim::Dlpc900Instrument::usb_info());
    Mirrors mirrors(clock);
    sim::Dlpc900Instrument board(*usb.gadget, mirrors, clock);
    usb.host->claim(0);
    const auto send = [&](std::span<const std::byte> report) {
        usb.host->write(0x01, report, hal::Deadline::after(clock, 1s));
    };
    for (std::size_t at = 0; at < input.size(); at += dlpc900_report_bytes)
        send(input.subspan(at, std::min(dlpc900_report_bytes, input.size() - at)));
    board.trigger_in_1();
    board.trigger_in_2(false);
    board.trigger_in_2(true);
    clock.wait_for(50ms);
    // Half a command may be waiting for its rest.
    for (int i = 0; i < 9; ++i) send(Dlpc900Report{});
    send(encode(Dlpc900Command{true, true, 77, 0x0100, {}}).front());
    Dlpc900ReplyReader replies;
    std::optional<Dlpc900Reply> reply;
    Dlpc900Report room;
    while (const auto count = usb.host->read(0x81, room, hal::Deadline::after(clock, 10ms)))
        if (const auto whole = replies.take(std::span(room).first(*count))) reply = whole;
    require(reply && reply->sequence == 77 && !reply->refused && reply->data.size() == 1,
            "the board still answers");
}

}  // namespace opal::fuzz
