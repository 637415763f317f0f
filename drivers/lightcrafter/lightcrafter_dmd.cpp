// LightCrafterDmd: see lightcrafter_dmd.h.
#include "drivers/lightcrafter/lightcrafter_dmd.h"

#include "drivers/dmd_requests.h"
#include "drivers/lightcrafter/lightcrafter_link.h"
#include "drivers/sequence_clock.h"
#include "protocol/bmp.h"
#include "protocol/little_endian.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace opal::drivers {

namespace {

using hal::Duration;
using hal::ErrorKind;
using protocol::LcrCommand;
using namespace std::chrono_literals;

constexpr std::uint8_t sequence_mode = 4;
constexpr Duration longest = std::chrono::microseconds(0xFFFFFFFF);

std::int64_t in_us(Duration d) {
    return std::chrono::duration_cast<std::chrono::microseconds>(d).count();
}

std::vector<std::byte> one_byte(std::uint8_t value) {
    return {static_cast<std::byte>(value)};
}

// Mirrors as the bitmap holds them: most significant bit first.
protocol::BitImage image_of(const hal::BitPattern& pattern) {
    protocol::BitImage image{pattern.rows(), pattern.columns(), {}};
    image.bits.assign(image.row_bytes() * static_cast<std::size_t>(image.rows), 0);
    for (int r = 0; r < image.rows; ++r) {
        const auto words = pattern.row_words(r);
        std::uint8_t* const to =
            image.bits.data() + static_cast<std::size_t>(r) * image.row_bytes();
        for (int c = 0; c < image.columns; ++c) {
            const bool on = words[static_cast<std::size_t>(c / 64)] >> c % 64 & 1;
            if (on) to[c / 8] = static_cast<std::uint8_t>(to[c / 8] | 0x80u >> c % 8);
        }
    }
    return image;
}

class LightCrafterDmd final : public hal::Dmd {
public:
    LightCrafterDmd(std::unique_ptr<hal::TcpStream> stream, hal::Clock& clock,
                    LightCrafterPulse pulse);
    ~LightCrafterDmd() override;

    const hal::DmdInfo& info() const override { return info_; }
    void load(std::uint32_t first_slot, std::span<const hal::BitPattern> patterns) override;
    void program(const hal::PatternSequence& sequence) override;
    void start() override;
    void stop() override;
    hal::DmdStatus status() override { return played_.status(); }

private:
    using Stored = std::shared_ptr<const protocol::BitImage>;

    void send_patterns();
    [[noreturn]] void fail(ErrorKind kind, const char* operation, const std::string& text) const {
        throw hal::DeviceError(kind, link_.device(), operation, text);
    }

    LightCrafterLink link_;
    hal::DmdInfo info_;
    DmdRequests requests_;
    std::vector<Stored> slots_;
    hal::PatternSequence sequence_;
    std::optional<protocol::LcrSequence> setting_;  // what the device was told
    std::vector<Stored> positions_;                 // what it holds; null: not known
    SequenceClock played_;
};

LightCrafterDmd::LightCrafterDmd(std::unique_ptr<hal::TcpStream> stream, hal::Clock& clock,
                                 LightCrafterPulse pulse)
    : link_(std::move(stream), clock),
      requests_(link_.device(), info_,
                {longest, longest, longest,
                 "waiting for the trigger input is not offered by this device"}),
      played_(clock) {
    const auto version = link_.read(LcrCommand::version, one_byte(0), "open");
    std::string text;
    for (const std::byte b : version) {
        if (b == std::byte{0}) break;
        text += static_cast<char>(b);
    }
    const auto limits = *protocol::lcr_limits(1);
    info_.model = "TI DLP LightCrafter " + text;
    info_.rows = protocol::lcr_rows;
    info_.columns = protocol::lcr_columns;
    info_.pitch_um = 7.6;  // of the diagonal grid [TI DLP3000 data sheet]
    info_.min_exposure = std::chrono::microseconds(limits.min_exposure_us);
    info_.settle_time = 20us;
    info_.memory_patterns = static_cast<std::uint32_t>(limits.most_patterns);
    info_.max_entries = info_.memory_patterns;
    info_.time_step = 1us;
    info_.one_timing = true;
    slots_.resize(info_.memory_patterns);
    link_.write(LcrCommand::start, one_byte(0), "open");
    link_.write(LcrCommand::display_mode, one_byte(sequence_mode), "open");
    link_.write(LcrCommand::camera_trigger,
                encode(protocol::LcrCameraTrigger{true, 0, pulse.negative, 0,
                                                  static_cast<std::uint32_t>(in_us(pulse.width))}),
                "open");
}

LightCrafterDmd::~LightCrafterDmd() {
    try {
        stop();
    } catch (const hal::DeviceError&) {  // the board goes on showing; the laser is another's duty
    }
}

void LightCrafterDmd::load(std::uint32_t first_slot, std::span<const hal::BitPattern> patterns) {
    requests_.check_stopped(played_.running(), "load");
    requests_.check_patterns(first_slot, patterns);
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        auto fresh = std::make_shared<const protocol::BitImage>(image_of(patterns[i]));
        Stored& slot = slots_[first_slot + i];
        if (!slot || *slot != *fresh) slot = std::move(fresh);  // equal ones need not travel again
    }
    if (setting_) send_patterns();
}

void LightCrafterDmd::program(const hal::PatternSequence& sequence) {
    requests_.check_stopped(played_.running(), "program");
    requests_.check_sequence(sequence, [&](std::uint32_t slot) { return slots_[slot] != nullptr; });
    const hal::SequenceEntry& entry = sequence.entries.front();
    protocol::LcrSequence setting;
    setting.count = static_cast<std::uint16_t>(sequence.entries.size());
    setting.period_us = static_cast<std::uint32_t>(in_us(entry.exposure + entry.dark));
    setting.exposure_us = static_cast<std::uint32_t>(in_us(entry.exposure));
    setting.repeat = sequence.repeat;
    if (!setting_ || setting_->count != setting.count) positions_.assign(setting.count, nullptr);
    if (setting_ != setting) {
        setting_.reset();
        link_.write(LcrCommand::sequence, encode(setting), "program");
        setting_ = setting;
    }
    sequence_ = sequence;
    played_.set(sequence);
    send_patterns();
}

// Each position that holds something else than its entry's pattern.
void LightCrafterDmd::send_patterns() {
    for (std::size_t i = 0; i < sequence_.entries.size(); ++i) {
        const Stored& wanted = slots_[sequence_.entries[i].slot];
        if (positions_[i] && (positions_[i] == wanted || *positions_[i] == *wanted)) continue;
        positions_[i] = nullptr;
        std::vector<std::byte> payload = one_byte(static_cast<std::uint8_t>(i));
        const std::vector<std::byte> bitmap = encode_bmp(*wanted);
        payload.insert(payload.end(), bitmap.begin(), bitmap.end());
        link_.write(LcrCommand::pattern, payload, "load");
        positions_[i] = wanted;
    }
}

void LightCrafterDmd::start() {
    if (!setting_) fail(ErrorKind::wrong_state, "start", "nothing to show; program() comes first");
    stop();
    link_.write(LcrCommand::start, one_byte(1), "start");
    played_.start();
}

void LightCrafterDmd::stop() {
    if (played_.stopped()) return;
    link_.write(LcrCommand::start, one_byte(0), "stop");
    played_.stop();
}

}  // namespace

std::unique_ptr<hal::Dmd> open_lightcrafter(std::unique_ptr<hal::TcpStream> stream,
                                            hal::Clock& clock, LightCrafterPulse pulse) {
    return std::make_unique<LightCrafterDmd>(std::move(stream), clock, pulse);
}

}  // namespace opal::drivers
