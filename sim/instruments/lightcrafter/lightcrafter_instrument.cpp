// LightCrafterInstrument: see lightcrafter_instrument.h.
#include "sim/instruments/lightcrafter/lightcrafter_instrument.h"

#include "hal/error.h"
#include "protocol/bmp.h"

#include <algorithm>
#include <cassert>

namespace opal::sim {

using protocol::BitImage;
using protocol::LcrChunk;
using protocol::LcrCommand;
using protocol::LcrPacket;
using protocol::LcrType;

namespace {

constexpr std::size_t version_bytes = 32;
constexpr std::size_t longest_request = 2u << 20;  // a static image is 1.25 MB
constexpr std::uint8_t sequence_mode = 4;

hal::BitPattern pattern_of(const BitImage& image) {
    hal::BitPattern pattern(image.rows, image.columns);
    for (int r = 0; r < image.rows; ++r) {
        const std::uint8_t* const row =
            image.bits.data() + static_cast<std::size_t>(r) * image.row_bytes();
        const auto on = [&](int c) { return (row[c / 8] >> (7 - c % 8) & 1) != 0; };
        for (int c = 0; c < image.columns;) {
            int end = c + 1;
            while (end < image.columns && on(end) == on(c)) ++end;
            if (on(c)) pattern.fill(r, c, 1, end - c, true);
            c = end;
        }
    }
    return pattern;
}

std::uint16_t word(LcrCommand command) {
    return static_cast<std::uint16_t>(command);
}

}  // namespace

LightCrafterInstrument::LightCrafterInstrument(hal::Dmd& mirrors, const LightCrafterScene& s)
    : scene(s), mirrors_(mirrors) {
    assert(mirrors.info().rows == protocol::lcr_rows);
    assert(mirrors.info().columns == protocol::lcr_columns);
}

void LightCrafterInstrument::connected() {
    reader_ = {};
    collecting_ = lost_ = false;
    chunks_.clear();
}

std::vector<std::byte> LightCrafterInstrument::receive(std::span<const std::byte> bytes) {
    std::vector<std::byte> replies;
    if (scene.frozen || lost_) return replies;
    reader_.add(bytes);
    while (const auto request = reader_.next()) {
        const auto reply = answer(*request);
        replies.insert(replies.end(), reply.begin(), reply.end());
    }
    if (!reader_.lost().empty()) {
        lost_ = true;
        const auto reply = encode(LcrPacket{
            LcrType::error, 0, LcrChunk::whole, {static_cast<std::byte>(Code::checksum)}});
        replies.insert(replies.end(), reply.begin(), reply.end());
    }
    return replies;
}

std::vector<std::byte> LightCrafterInstrument::answer(const LcrPacket& request) {
    const auto reply = [&](LcrType type, std::vector<std::byte> payload) {
        return encode(LcrPacket{type, request.command, LcrChunk::whole, std::move(payload)});
    };
    if (scene.busy_replies > 0) {
        --scene.busy_replies;
        return reply(LcrType::busy, {});
    }
    Code code = Code::unsupported;
    if (request.type == LcrType::read) {
        if (auto payload = read(request)) return reply(LcrType::read_reply, std::move(*payload));
    } else if (request.type == LcrType::write) {
        code = take(request);
        if (code == Code::done) return reply(LcrType::write_reply, {});
    }
    return reply(LcrType::error, {static_cast<std::byte>(code)});
}

// Puts chunks together; the last one is the command.
LightCrafterInstrument::Code LightCrafterInstrument::take(const LcrPacket& request) {
    const bool begins = request.chunk == LcrChunk::whole || request.chunk == LcrChunk::first;
    if (begins) {
        chunks_.clear();
        chunk_command_ = request.command;
    } else if (!collecting_ || request.command != chunk_command_) {
        collecting_ = false;
        return Code::chunk;
    }
    if (chunks_.size() + request.payload.size() > longest_request) {
        collecting_ = false;
        return Code::memory;
    }
    chunks_.insert(chunks_.end(), request.payload.begin(), request.payload.end());
    collecting_ = request.chunk == LcrChunk::first || request.chunk == LcrChunk::middle;
    return collecting_ ? Code::done : write(request.command, chunks_);
}

LightCrafterInstrument::Code LightCrafterInstrument::write(std::uint16_t command,
                                                           std::span<const std::byte> payload) {
    const auto byte = [&] { return std::to_integer<std::uint8_t>(payload[0]); };
    if (command == word(LcrCommand::display_mode)) {
        if (payload.size() != 1) return Code::length;
        if (byte() > 4) return Code::invalid;
        mirrors_.stop();
        mode_ = byte();
        return Code::done;
    }
    if (command == word(LcrCommand::start)) {
        if (payload.size() != 1) return Code::length;
        return byte() > 1 ? Code::invalid : start(byte() == 1);
    }
    if (command == word(LcrCommand::camera_trigger)) {
        const auto trigger = protocol::parse_lcr_camera_trigger(payload);
        if (!trigger) return payload.size() == 11 ? Code::invalid : Code::length;
        // The table's cable carries rising edges at the beginning of patterns.
        if (trigger->negative || trigger->delay_us > 0) return Code::unsupported;
        trigger_ = *trigger;
        return Code::done;
    }
    if (command == word(LcrCommand::sequence)) return set_sequence(payload);
    if (command == word(LcrCommand::pattern)) return take_pattern(payload);
    return Code::unsupported;
}

std::optional<std::vector<std::byte>> LightCrafterInstrument::read(const LcrPacket& request) const {
    if (request.command == word(LcrCommand::version) && request.payload.size() == 1) {
        std::vector<std::byte> text(version_bytes);
        for (std::size_t i = 0; i < std::min(scene.version.size(), version_bytes); ++i)
            text[i] = static_cast<std::byte>(scene.version[i]);
        return text;
    }
    if (request.command == word(LcrCommand::display_mode))
        return std::vector{static_cast<std::byte>(mode_)};
    if (request.command == word(LcrCommand::sequence) && sequence_) return encode(*sequence_);
    if (request.command == word(LcrCommand::camera_trigger)) return encode(trigger_);
    return std::nullopt;
}

LightCrafterInstrument::Code LightCrafterInstrument::set_sequence(
    std::span<const std::byte> payload) {
    if (mode_ != sequence_mode || mirrors_.status().running) return Code::order;
    const auto wanted = protocol::parse_lcr_sequence(payload);
    if (!wanted) return payload.size() == 19 ? Code::invalid : Code::length;
    const auto limits = protocol::lcr_limits(wanted->depth);
    if (!limits || wanted->count == 0 || wanted->exposure_us < limits->min_exposure_us ||
        wanted->period_us < wanted->exposure_us || wanted->pattern_type != 0) {
        return Code::invalid;
    }
    if (wanted->count > limits->most_patterns) return Code::memory;
    // Only one-bit patterns with the board's own clock are on this table.
    if (wanted->depth != 1 || wanted->trigger != protocol::LcrTrigger::automatic)
        return Code::unsupported;
    if (!sequence_ || sequence_->count != wanted->count) stored_.assign(wanted->count, false);
    sequence_ = *wanted;
    return Code::done;
}

LightCrafterInstrument::Code LightCrafterInstrument::take_pattern(
    std::span<const std::byte> payload) {
    if (mode_ != sequence_mode || !sequence_ || mirrors_.status().running) return Code::order;
    if (payload.empty()) return Code::length;
    const std::size_t number = std::to_integer<std::size_t>(payload[0]);
    if (number >= sequence_->count) return Code::invalid;
    const auto header = protocol::parse_bmp_header(payload.subspan(1));
    if (!header) return Code::length;
    if (header->rows != protocol::lcr_rows || header->columns != protocol::lcr_columns ||
        header->depth != sequence_->depth) {
        return Code::invalid;
    }
    const auto image = protocol::parse_bmp(payload.subspan(1));
    if (!image) return Code::length;
    const hal::BitPattern pattern = pattern_of(*image);
    mirrors_.load(static_cast<std::uint32_t>(number), {&pattern, 1});
    stored_[number] = true;
    ++patterns_received_;
    return Code::done;
}

LightCrafterInstrument::Code LightCrafterInstrument::start(bool on) {
    mirrors_.stop();
    if (!on) return Code::done;
    const bool complete = std::all_of(stored_.begin(), stored_.end(), [](bool b) { return b; });
    if (mode_ != sequence_mode || !sequence_ || !complete) return Code::order;
    hal::PatternSequence sequence;
    sequence.repeat = sequence_->repeat;
    const auto exposure = std::chrono::microseconds(sequence_->exposure_us);
    const auto dark = std::chrono::microseconds(sequence_->period_us) - exposure;
    for (std::uint32_t n = 0; n < sequence_->count; ++n)
        sequence.entries.push_back(
            {n, exposure, dark, hal::StartOn::previous_end, trigger_.enabled});
    mirrors_.program(sequence);
    mirrors_.start();
    return Code::done;
}

}  // namespace opal::sim
