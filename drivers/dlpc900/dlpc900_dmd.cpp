// Dlpc900Dmd: see dlpc900_dmd.h.
#include "drivers/dlpc900/dlpc900_dmd.h"

#include "drivers/dlpc900/dlpc900_link.h"
#include "drivers/dlpc900/dlpc900_opening.h"
#include "drivers/dlpc900/dlpc900_pictures.h"
#include "drivers/dlpc900/dlpc900_planes.h"
#include "drivers/dlpc900/dlpc900_triggers.h"
#include "drivers/dmd_requests.h"
#include "drivers/sequence_clock.h"
#include "protocol/dlpc900_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace opal::drivers {

namespace {

using hal::Duration;
using hal::ErrorKind;
using protocol::Dlpc900Word;
using namespace std::chrono_literals;

constexpr Duration settle_time = 20us;
constexpr Duration longest = std::chrono::microseconds(0xFFFFFF);

std::int64_t in_us(Duration d) {
    return std::chrono::duration_cast<std::chrono::microseconds>(d).count();
}
std::vector<std::byte> one_byte(std::uint8_t value) {
    return {static_cast<std::byte>(value)};
}

class Dlpc900Dmd final : public hal::Dmd {
public:
    Dlpc900Dmd(std::unique_ptr<hal::UsbDevice> device, hal::Clock& clock, Dlpc900Options options);
    ~Dlpc900Dmd() override;

    const hal::DmdInfo& info() const override { return info_; }
    void load(std::uint32_t first_slot, std::span<const hal::BitPattern> patterns) override;
    void program(const hal::PatternSequence& sequence) override;
    void start() override;
    void stop() override;
    hal::DmdStatus status() override;
    void distrust() override;

private:
    struct Upload {
        std::uint16_t image;
        std::vector<std::vector<std::byte>> files;  // one a controller
    };

    void describe(const Dlpc900Identity& identity, const std::string& usb_serial);
    bool running();
    bool board_runs();
    struct Plan {
        std::vector<protocol::Dlpc900Entry> table;
        std::uint32_t shown = 0;
        std::vector<std::uint16_t> order;  // empty: as the table has it
        bool operator==(const Plan&) const = default;
    };
    Plan plan_of_slots();   // a table of its own
    Plan plan_of_planes();  // the table of all planes, and an order
    protocol::Dlpc900Entry entry_of(const hal::SequenceEntry& entry, std::size_t index,
                                    std::size_t plane) const;
    void tell_board();
    void configure_table(const Plan& plan);
    void reorder(const Plan& plan);
    bool send_pictures(const Plan& plan);
    void send_file(const std::vector<std::byte>& file, std::uint16_t image, std::size_t controller);
    [[noreturn]] void fail(ErrorKind kind, const char* operation, const std::string& text) const {
        throw hal::DeviceError(kind, link_.device(), operation, text);
    }

    Dlpc900Link link_;
    Dlpc900Options options_;
    int controllers_ = 1;
    hal::DmdInfo info_;
    DmdRequests requests_;

    bool reorders_ = false;            // the firmware can
    std::vector<KnownPattern> slots_;  // as the caller has them
    Dlpc900Planes planes_;             // as the board has them
    hal::PatternSequence sequence_;
    bool waits_ = false;                    // some of its entries, for triggers
    bool untold_ = false;                   // slots of it have changed since the board was told
    std::optional<Plan> told_;              // what the board has; none: not known
    std::uint64_t sent_ = 0, to_send_ = 0;  // bytes of the upload under way
    SequenceClock played_;
};

Dlpc900Dmd::Dlpc900Dmd(std::unique_ptr<hal::UsbDevice> device, hal::Clock& clock,
                       Dlpc900Options options)
    : link_(std::move(device), clock),
      options_(std::move(options)),
      requests_(
          link_.device(), info_,
          {longest - std::max<Duration>(Duration{0}, options_.output.delay), longest, 2 * longest,
           options_.input ? "" : "nothing is wired to the trigger input of this DMD"}),
      planes_(protocol::dlpc900_entries),
      played_(clock) {
    check_triggers(options_, link_.device());
    const Dlpc900Identity identity = identify(link_, clock, options_.on_note);
    describe(identity, link_.usb_serial());
    slots_.resize(info_.memory_patterns);
    enter_mode(link_, clock, identity.version, protocol::dlpc900_mode::on_the_fly);
    set_triggers(link_, options_);
}

void Dlpc900Dmd::describe(const Dlpc900Identity& identity, const std::string& usb_serial) {
    const protocol::Dlpc900Board& board = *identity.board;
    controllers_ = identity.controllers;
    const protocol::Dlpc900Version& version = identity.version;
    info_.model = fmt::format("TI {} with DLPC900, firmware {}.{}.{}", board.name, version.major,
                              version.minor, version.patch);
    // The tag is the same on all boards of a kind.
    info_.serial = usb_serial.empty() ? identity.tag : identity.tag + " " + usb_serial;
    info_.rows = board.rows;
    info_.columns = board.columns;
    info_.pitch_um = board.pitch_um;
    info_.min_exposure = std::chrono::microseconds(board.min_exposure_us);
    // Counted from the edge.
    const hal::Duration delay = options_.output.delay;
    info_.settle_time = std::max(hal::Duration{0}, settle_time - delay);
    info_.min_dark = std::max(hal::Duration{0}, delay);
    // The line has to be low for as long as the shortest pulse is high.
    if (options_.output.number == 1) info_.min_dark += dlpc900_shortest_pulse;
    info_.memory_patterns = protocol::dlpc900_entries;
    info_.max_entries = protocol::dlpc900_entries;
    info_.time_step = 1us;
    reorders_ = version.major >= 5;
    info_.loading_is_slow = reorders_;  // else it forgets in any case
}

Dlpc900Dmd::~Dlpc900Dmd() {
    try {
        stop();
        if (options_.standby_at_end) to_standby(link_, "close");
    } catch (const hal::DeviceError&) {  // the board goes on showing; the laser is another's duty
    }
}

void Dlpc900Dmd::load(std::uint32_t first_slot, std::span<const hal::BitPattern> patterns) {
    requests_.check_stopped(running(), "load");
    requests_.check_patterns(first_slot, patterns);
    for (std::size_t i = 0; i < patterns.size(); ++i) slots_[first_slot + i] = known(patterns[i]);
    untold_ = true;
}

void Dlpc900Dmd::program(const hal::PatternSequence& sequence) {
    requests_.check_stopped(running(), "program");
    requests_.check_sequence(sequence,
                             [&](std::uint32_t slot) { return slots_[slot].mirrors != nullptr; });
    stop();
    sequence_ = sequence;
    const auto waiting =
        std::find_if(sequence.entries.begin(), sequence.entries.end(),
                     [](const auto& entry) { return entry.start_on == hal::StartOn::trigger_in; });
    waits_ = waiting != sequence.entries.end();
    // Of entries that wait nobody but the board knows when they come.
    played_.set({{sequence.entries.begin(), waiting}, sequence.repeat && !waits_});
    tell_board();
}

void Dlpc900Dmd::distrust() {
    told_.reset();
    planes_.all_stale();
    untold_ = true;
}

// Brings the board's table and pictures to what the sequence wants.
void Dlpc900Dmd::tell_board() {
    const bool by_order =
        reorders_ && !waits_ && sequence_.entries.size() <= protocol::dlpc900_most_reordered;
    const Plan plan = by_order ? plan_of_planes() : plan_of_slots();
    const std::optional<Plan> before = std::exchange(told_, std::nullopt);
    const auto same_place = [](const auto& a, const auto& b) {
        return a.image == b.image && a.plane == b.plane;
    };
    if (!before || !std::equal(plan.table.begin(), plan.table.end(), before->table.begin(),
                               before->table.end(), same_place))
        planes_.all_stale();
    bool configured = false;
    if (!before || plan.table != before->table || plan.shown != before->shown) {
        for (std::size_t i = 0; i < plan.table.size(); ++i)
            if (!before || i >= before->table.size() || plan.table[i] != before->table[i])
                link_.write(Dlpc900Word::lut_definition, encode(plan.table[i]), "program");
        configure_table(plan);
        configured = true;
    }
    // Once more behind the pictures: the order that every firmware takes.
    if (send_pictures(plan)) {
        configure_table(plan);
        configured = true;
    }
    if (!plan.order.empty() && (configured || plan.order != before->order)) reorder(plan);
    told_ = plan;
    untold_ = false;
}

protocol::Dlpc900Entry Dlpc900Dmd::entry_of(const hal::SequenceEntry& entry, std::size_t index,
                                            std::size_t plane) const {
    protocol::Dlpc900Entry e;
    e.index = static_cast<std::uint16_t>(index);
    // An edge that comes later than the mirrors has its pattern longer, on the dark time's account.
    const Duration late = std::clamp<Duration>(options_.output.delay, Duration{0}, entry.dark);
    e.exposure_us = static_cast<std::uint32_t>(in_us(entry.exposure + late));
    e.dark_us = static_cast<std::uint32_t>(in_us(entry.dark - late));
    e.wait_for_trigger = entry.start_on == hal::StartOn::trigger_in;
    e.trigger_out_2 = entry.trigger_out;
    e.image = static_cast<std::uint16_t>(plane / protocol::dlpc900_planes);
    e.plane = static_cast<std::uint8_t>(plane % protocol::dlpc900_planes);
    return e;
}

Dlpc900Dmd::Plan Dlpc900Dmd::plan_of_slots() {
    Plan plan;
    for (const hal::SequenceEntry& entry : sequence_.entries) {
        planes_.put(entry.slot, slots_[entry.slot]);
        plan.table.push_back(entry_of(entry, plan.table.size(), entry.slot));
    }
    plan.shown = sequence_.repeat ? 0 : static_cast<std::uint32_t>(plan.table.size());
    return plan;
}

Dlpc900Dmd::Plan Dlpc900Dmd::plan_of_planes() {
    std::vector<Dlpc900Planes::Wish> wishes;
    for (const hal::SequenceEntry& entry : sequence_.entries)
        wishes.push_back({slots_[entry.slot], entry.exposure, entry.dark, entry.trigger_out});
    Plan plan;
    plan.order = planes_.place(wishes);
    // Planes that are not shown keep their times: a change costs a command each.
    if (told_ && !told_->order.empty()) plan.table = told_->table;
    for (std::size_t p = plan.table.size(); p < planes_.in_table(); ++p)
        plan.table.push_back(entry_of(sequence_.entries.front(), p, p));
    for (std::size_t i = 0; i < plan.order.size(); ++i)
        plan.table[plan.order[i]] = entry_of(sequence_.entries[i], plan.order[i], plan.order[i]);
    plan.shown = static_cast<std::uint32_t>(plan.table.size());
    return plan;
}

void Dlpc900Dmd::configure_table(const Plan& plan) {
    link_.write(Dlpc900Word::lut_configuration,
                encode(protocol::Dlpc900Configuration{static_cast<std::uint16_t>(plan.table.size()),
                                                      plan.shown}),
                "program");
}

// Never acknowledged: whether it was taken is asked for.
void Dlpc900Dmd::reorder(const Plan& plan) {
    const auto shown = sequence_.repeat ? 0 : static_cast<std::uint32_t>(sequence_.entries.size());
    link_.send(Dlpc900Word::lut_reorder, encode(protocol::Dlpc900Reorder{shown, plan.order}));
    link_.check_taken(Dlpc900Word::lut_reorder, "program");
}

// The pictures the sequence shows and the board does not have, highest first. False: none.
bool Dlpc900Dmd::send_pictures(const Plan& plan) {
    std::vector<bool> shown(static_cast<std::size_t>(planes_.pictures()), false);
    if (plan.order.empty())
        for (const auto& entry : plan.table) shown[entry.image] = true;
    for (const std::uint16_t plane : plan.order)
        shown[plane / std::size_t{protocol::dlpc900_planes}] = true;
    std::vector<Upload> uploads;
    to_send_ = sent_ = 0;
    for (int image = planes_.pictures() - 1; image >= 0; --image) {
        if (!shown[static_cast<std::size_t>(image)] || !planes_.stale(image)) continue;
        Upload& upload = uploads.emplace_back();
        upload.image = static_cast<std::uint16_t>(image);
        const int columns = info_.columns / controllers_;
        for (int c = 0; c < controllers_; ++c) {
            upload.files.push_back(
                picture_file(planes_.picture(image), info_.rows, c * columns, columns));
            to_send_ += upload.files.back().size();
        }
    }
    for (const Upload& upload : uploads) {
        for (std::size_t c = 0; c < upload.files.size(); ++c)
            send_file(upload.files[c], upload.image, c);
        planes_.sent(upload.image);
    }
    return !uploads.empty();
}

void Dlpc900Dmd::send_file(const std::vector<std::byte>& file, std::uint16_t image,
                           std::size_t controller) {
    const bool primary = controller == 0;
    link_.write(primary ? Dlpc900Word::begin_image : Dlpc900Word::begin_image_secondary,
                encode(protocol::Dlpc900ImageStart{image, static_cast<std::uint32_t>(file.size())}),
                "load");
    for (std::size_t at = 0; at < file.size(); at += protocol::dlpc900_most_chunk) {
        const auto part =
            std::span(file).subspan(at, std::min(protocol::dlpc900_most_chunk, file.size() - at));
        link_.send(primary ? Dlpc900Word::image_data : Dlpc900Word::image_data_secondary,
                   protocol::encode_dlpc900_chunk(part));
        sent_ += part.size();
        if (options_.on_upload) options_.on_upload(sent_, to_send_);
    }
}

void Dlpc900Dmd::start() {
    if (sequence_.entries.empty())
        fail(ErrorKind::wrong_state, "start", "nothing to show; program() comes first");
    stop();
    if (untold_ || !told_) tell_board();
    require_healthy(link_, controllers_, "start");
    played_.start();  // already: a start without an answer may have been taken
    try {
        link_.write(Dlpc900Word::start_stop, one_byte(dlpc900_start_stop::start), "start");
    } catch (const hal::DeviceError&) {
        try {
            stop();
        } catch (const hal::DeviceError&) {  // the first error says more
        }
        throw;
    }
    played_.start();
    // TRIG_IN_2 can hold the board back, which is no error to it. Short sequences may be over.
    if ((waits_ || sequence_.repeat) && !board_runs()) {
        stop();
        fail(ErrorKind::refused, "start",
             "the board took the command and shows nothing: its input TRIG_IN_2 is at the level "
             "that stops; give it a falling and a rising edge, or leave it open");
    }
}

bool Dlpc900Dmd::board_runs() {
    const auto status = link_.read(Dlpc900Word::main_status, 1, "status");
    return (std::to_integer<unsigned>(status.front()) & protocol::dlpc900_status::running) != 0;
}

bool Dlpc900Dmd::running() {
    return waits_ ? !played_.stopped() && board_runs() : played_.running();
}

hal::DmdStatus Dlpc900Dmd::status() {
    hal::DmdStatus status = played_.status();
    status.running = running();
    return status;
}

void Dlpc900Dmd::stop() {
    if (played_.stopped()) return;
    link_.write(Dlpc900Word::start_stop, one_byte(dlpc900_start_stop::stop), "stop");
    played_.stop();
}

}  // namespace

void put_dlpc900_in_standby(std::unique_ptr<hal::UsbDevice> device, hal::Clock& clock) {
    Dlpc900Link link(std::move(device), clock);
    if (in_standby(link, "standby")) return;
    link.write(Dlpc900Word::start_stop, one_byte(dlpc900_start_stop::stop), "standby");
    to_standby(link, "standby");
    if (!in_standby(link, "standby"))
        throw hal::DeviceError(ErrorKind::refused, link.device(), "standby",
                               "the board took the command and is not in standby; its power may "
                               "only go when it is");
}

std::unique_ptr<hal::Dmd> open_dlpc900(std::unique_ptr<hal::UsbDevice> device, hal::Clock& clock,
                                       Dlpc900Options options) {
    return std::make_unique<Dlpc900Dmd>(std::move(device), clock, std::move(options));
}

}  // namespace opal::drivers
