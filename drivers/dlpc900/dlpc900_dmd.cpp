// Dlpc900Dmd: see dlpc900_dmd.h.
#include "drivers/dlpc900/dlpc900_dmd.h"

#include "drivers/dlpc900/dlpc900_link.h"
#include "drivers/dlpc900/dlpc900_pictures.h"
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

constexpr std::uint8_t on_the_fly = 3;
constexpr std::uint8_t stop_command = 0;
constexpr std::uint8_t start_command = 2;
constexpr Duration longest = std::chrono::microseconds(0xFFFFFF);
constexpr Duration mode_pause = 500ms;  // after a mode change a read may show the old one

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
    hal::DmdStatus status() override { return played_.status(); }

private:
    using Pattern = std::shared_ptr<const hal::BitPattern>;
    struct Upload {
        std::uint16_t image;
        std::vector<std::vector<std::byte>> files;  // one a controller
    };

    void identify();
    void change_mode();
    std::vector<protocol::Dlpc900Entry> table_of(const hal::PatternSequence& sequence) const;
    void configure_table();
    void send_pictures();
    void send_file(const std::vector<std::byte>& file, std::uint16_t image, std::size_t controller);
    [[noreturn]] void fail(ErrorKind kind, const char* operation, const std::string& text) const {
        throw hal::DeviceError(kind, link_.device(), operation, text);
    }

    Dlpc900Link link_;
    hal::Clock& clock_;
    Dlpc900Options options_;
    const protocol::Dlpc900Board* board_ = nullptr;
    protocol::Dlpc900Version version_;
    hal::DmdInfo info_;
    DmdRequests requests_;

    std::vector<Pattern> slots_;
    std::vector<bool> stale_;  // images whose planes have changed since they were sent
    std::vector<protocol::Dlpc900Entry> table_;  // what the board was told
    std::uint32_t shown_ = 0;
    std::uint64_t sent_ = 0, to_send_ = 0;  // bytes of the upload under way
    SequenceClock played_;
};

Dlpc900Dmd::Dlpc900Dmd(std::unique_ptr<hal::UsbDevice> device, hal::Clock& clock,
                       Dlpc900Options options)
    : link_(std::move(device), clock),
      clock_(clock),
      options_(std::move(options)),
      requests_(
          link_.device(), info_,
          {longest, longest, 2 * longest,
           options_.trigger_in_wired ? "" : "nothing is wired to the trigger input of this DMD"}),
      played_(clock) {
    identify();
    slots_.resize(info_.memory_patterns);
    stale_.assign(protocol::dlpc900_images, true);
    change_mode();
    // A pulse of 20 us with each pattern that asks for one; it ends whatever the dark time.
    link_.write(Dlpc900Word::trigger_out_2, encode(protocol::Dlpc900TriggerOut{}), "open");
}

void Dlpc900Dmd::identify() {
    const auto type = link_.read(Dlpc900Word::hardware_type, 1, "open");
    board_ = protocol::find_dlpc900_board(std::to_integer<int>(type[0]));
    if (board_ == nullptr)
        fail(ErrorKind::unsupported, "open",
             fmt::format("board type {}; known are DLP6500 (1), DLP9000 (2) and DLP670S (3)",
                         std::to_integer<int>(type[0])));
    const auto status =
        std::to_integer<unsigned>(link_.read(Dlpc900Word::hardware_status, 1, "open").front());
    if ((status & protocol::dlpc900_status::initialised) == 0)
        fail(ErrorKind::refused, "open",
             fmt::format("the board says that it is not initialised (status {:02X}); power it off "
                         "and on",
                         status));
    version_ = *protocol::parse_dlpc900_version(link_.read(Dlpc900Word::version, 16, "open"));
    std::string tag;
    for (std::size_t i = 1; i < type.size() && type[i] != std::byte{0}; ++i)
        tag += static_cast<char>(type[i]);
    info_.model = fmt::format("TI {} with DLPC900, firmware {}.{}.{}", board_->name, version_.major,
                              version_.minor, version_.patch);
    info_.serial = tag;
    info_.rows = board_->rows;
    info_.columns = board_->columns;
    info_.pitch_um = board_->pitch_um;
    info_.min_exposure = std::chrono::microseconds(board_->min_exposure_us);
    info_.settle_time = 20us;
    info_.memory_patterns = protocol::dlpc900_entries;
    info_.max_entries = protocol::dlpc900_entries;
    info_.time_step = 1us;
}

// Stopped before and after, or some boards hang until they are switched off [mcSIM].
void Dlpc900Dmd::change_mode() {
    link_.write(Dlpc900Word::start_stop, one_byte(stop_command), "open");
    link_.write(Dlpc900Word::display_mode, one_byte(on_the_fly), "open");
    // Firmware 4.0 to 5.0.0 can lock the mirrors' reset in a mode change; parking frees it, where
    // the firmware can [TI DLPT028].
    const auto version = std::tuple(version_.major, version_.minor, version_.patch);
    if (version > std::tuple(4, 0, 0xFFFF) && version <= std::tuple(5, 0, 0)) {
        link_.write(Dlpc900Word::park, one_byte(1), "open");
        link_.write(Dlpc900Word::park, one_byte(0), "open");
    }
    link_.write(Dlpc900Word::start_stop, one_byte(stop_command), "open");
    for (int attempt = 0;; ++attempt) {
        const auto mode =
            std::to_integer<int>(link_.read(Dlpc900Word::display_mode, 1, "open").front());
        if (mode == on_the_fly) return;
        if (attempt == 2)
            fail(ErrorKind::refused, "open",
                 fmt::format("patterns on the fly (mode 3) were asked; the board stays in mode {}",
                             mode));
        clock_.wait_for(mode_pause);
    }
}

Dlpc900Dmd::~Dlpc900Dmd() {
    try {
        stop();
    } catch (const hal::DeviceError&) {  // the board goes on showing; the laser is another's duty
    }
}

void Dlpc900Dmd::load(std::uint32_t first_slot, std::span<const hal::BitPattern> patterns) {
    requests_.check_stopped(played_.running(), "load");
    requests_.check_patterns(first_slot, patterns);
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        const std::size_t slot = first_slot + i;
        if (slots_[slot] && *slots_[slot] == patterns[i]) continue;  // need not travel again
        slots_[slot] = std::make_shared<const hal::BitPattern>(patterns[i]);
        stale_[slot / protocol::dlpc900_planes] = true;
    }
    if (!table_.empty()) send_pictures();
}

void Dlpc900Dmd::program(const hal::PatternSequence& sequence) {
    requests_.check_stopped(played_.running(), "program");
    requests_.check_sequence(sequence, [&](std::uint32_t slot) { return slots_[slot] != nullptr; });
    stop();
    const auto table = table_of(sequence);
    const std::uint32_t shown =
        sequence.repeat ? 0 : static_cast<std::uint32_t>(sequence.entries.size());
    const bool other_pictures =
        table.size() != table_.size() ||
        !std::equal(table.begin(), table.end(), table_.begin(), [](const auto& a, const auto& b) {
            return a.image == b.image && a.plane == b.plane;
        });
    if (other_pictures) stale_.assign(stale_.size(), true);
    if (table != table_ || shown != shown_) {
        table_.clear();
        for (const auto& entry : table)
            link_.write(Dlpc900Word::lut_definition, encode(entry), "program");
        table_ = table;
        shown_ = shown;
        configure_table();
    }
    played_.set(sequence);
    send_pictures();
}

std::vector<protocol::Dlpc900Entry> Dlpc900Dmd::table_of(
    const hal::PatternSequence& sequence) const {
    std::vector<protocol::Dlpc900Entry> table;
    for (std::size_t i = 0; i < sequence.entries.size(); ++i) {
        const hal::SequenceEntry& entry = sequence.entries[i];
        protocol::Dlpc900Entry e;
        e.index = static_cast<std::uint16_t>(i);
        e.exposure_us = static_cast<std::uint32_t>(in_us(entry.exposure));
        e.dark_us = static_cast<std::uint32_t>(in_us(entry.dark));
        e.wait_for_trigger = entry.start_on == hal::StartOn::trigger_in;
        e.trigger_out_2 = entry.trigger_out;
        e.image = static_cast<std::uint16_t>(entry.slot / protocol::dlpc900_planes);
        e.plane = static_cast<std::uint8_t>(entry.slot % protocol::dlpc900_planes);
        table.push_back(e);
    }
    return table;
}

void Dlpc900Dmd::configure_table() {
    link_.write(
        Dlpc900Word::lut_configuration,
        encode(protocol::Dlpc900Configuration{static_cast<std::uint16_t>(table_.size()), shown_}),
        "program");
}

// The pictures the table uses and the board does not have, highest first, and the configuration
// again: the order that every firmware takes.
void Dlpc900Dmd::send_pictures() {
    std::vector<Upload> uploads;
    to_send_ = sent_ = 0;
    for (int image = protocol::dlpc900_images - 1; image >= 0; --image) {
        const bool used = std::any_of(table_.begin(), table_.end(),
                                      [&](const auto& entry) { return entry.image == image; });
        if (!used || !stale_[static_cast<std::size_t>(image)]) continue;
        const auto first = static_cast<std::size_t>(image) * protocol::dlpc900_planes;
        const auto planes = std::span(slots_).subspan(
            first, std::min<std::size_t>(protocol::dlpc900_planes, slots_.size() - first));
        Upload& upload = uploads.emplace_back();
        upload.image = static_cast<std::uint16_t>(image);
        const int columns = info_.columns / board_->controllers;
        for (int c = 0; c < board_->controllers; ++c) {
            upload.files.push_back(picture_file(planes, info_.rows, c * columns, columns));
            to_send_ += upload.files.back().size();
        }
    }
    if (uploads.empty()) return;
    link_.write(Dlpc900Word::start_stop, one_byte(stop_command), "load");
    for (const Upload& upload : uploads) {
        for (std::size_t c = 0; c < upload.files.size(); ++c)
            send_file(upload.files[c], upload.image, c);
        stale_[upload.image] = false;
    }
    configure_table();
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
    if (table_.empty())
        fail(ErrorKind::wrong_state, "start", "nothing to show; program() comes first");
    stop();
    link_.write(Dlpc900Word::start_stop, one_byte(start_command), "start");
    played_.start();
}

void Dlpc900Dmd::stop() {
    if (played_.stopped()) return;
    link_.write(Dlpc900Word::start_stop, one_byte(stop_command), "stop");
    played_.stop();
}

}  // namespace

std::unique_ptr<hal::Dmd> open_dlpc900(std::unique_ptr<hal::UsbDevice> device, hal::Clock& clock,
                                       Dlpc900Options options) {
    return std::make_unique<Dlpc900Dmd>(std::move(device), clock, std::move(options));
}

}  // namespace opal::drivers
