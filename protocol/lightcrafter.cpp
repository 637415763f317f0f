// LightCrafter: see lightcrafter.h.
#include "protocol/lightcrafter.h"

#include "protocol/little_endian.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace opal::protocol {

namespace {

constexpr std::size_t header_bytes = 6;
constexpr std::size_t sequence_bytes = 19;
constexpr std::size_t camera_trigger_bytes = 11;

std::byte sum_of(std::span<const std::byte> bytes) {
    unsigned sum = 0;
    for (const std::byte b : bytes) sum += std::to_integer<unsigned>(b);
    return static_cast<std::byte>(sum & 0xFFu);
}

unsigned number(std::byte b) {
    return std::to_integer<unsigned>(b);
}

}  // namespace

std::vector<std::byte> encode(const LcrPacket& packet) {
    assert(packet.payload.size() <= 65535);
    std::vector<std::byte> bytes;
    bytes.reserve(header_bytes + packet.payload.size() + 1);
    append_u8(bytes, static_cast<unsigned>(packet.type));
    append_u8(bytes, packet.command >> 8u);
    append_u8(bytes, packet.command);
    append_u8(bytes, static_cast<unsigned>(packet.chunk));
    append_le16(bytes, static_cast<std::uint32_t>(packet.payload.size()));
    bytes.insert(bytes.end(), packet.payload.begin(), packet.payload.end());
    bytes.push_back(sum_of(bytes));
    return bytes;
}

std::vector<LcrPacket> write_request(LcrCommand command, std::span<const std::byte> payload,
                                     std::size_t chunk_bytes) {
    assert(chunk_bytes >= 1 && chunk_bytes <= 65535);
    std::vector<LcrPacket> packets;
    std::size_t at = 0;
    do {
        const std::size_t size = std::min(chunk_bytes, payload.size() - at);
        const auto part = payload.subspan(at, size);
        const bool begins = at == 0;
        const bool ends = at + size == payload.size();
        const LcrChunk chunk = begins && ends ? LcrChunk::whole
                               : begins       ? LcrChunk::first
                               : ends         ? LcrChunk::last
                                              : LcrChunk::middle;
        packets.push_back({LcrType::write,
                           static_cast<std::uint16_t>(command),
                           chunk,
                           {part.begin(), part.end()}});
        at += size;
    } while (at < payload.size());
    return packets;
}

void LcrReader::add(std::span<const std::byte> bytes) {
    if (lost_.empty()) bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

std::optional<LcrPacket> LcrReader::next() {
    if (!lost_.empty() || bytes_.size() < header_bytes) return std::nullopt;
    if (number(bytes_[0]) > 5 || number(bytes_[3]) > 3) {
        lost_ = "bytes that begin no packet";
        bytes_.clear();
        return std::nullopt;
    }
    const std::size_t length = load_le16(&bytes_[4]);
    const std::size_t whole = header_bytes + length + 1;
    if (bytes_.size() < whole) return std::nullopt;
    if (sum_of(std::span(bytes_).first(whole - 1)) != bytes_[whole - 1]) {
        lost_ = "a wrong checksum";
        bytes_.clear();
        return std::nullopt;
    }
    LcrPacket packet;
    packet.type = static_cast<LcrType>(number(bytes_[0]));
    packet.command = static_cast<std::uint16_t>(number(bytes_[1]) << 8 | number(bytes_[2]));
    packet.chunk = static_cast<LcrChunk>(number(bytes_[3]));
    const auto payload = bytes_.begin() + header_bytes;
    packet.payload.assign(payload, payload + static_cast<std::ptrdiff_t>(length));
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(whole));
    return packet;
}

std::string_view lcr_error_text(int code) {
    constexpr std::array<std::string_view, 12> texts{
        "",
        "it failed for an unknown reason",
        "unsupported command",
        "invalid parameter",
        "out of memory or another resource",
        "device failure",
        "busy",
        "not initialised, or another command has to come first",
        "object not found",
        "wrong checksum",
        "payload too short or too long",
        "wrong continuation flag"};
    return code >= 1 && code <= 11 ? texts[static_cast<std::size_t>(code)] : std::string_view();
}

std::vector<std::byte> encode(const LcrSequence& s) {
    std::vector<std::byte> bytes;
    append_u8(bytes, s.depth);
    append_le16(bytes, s.count);
    append_u8(bytes, s.pattern_type);
    append_u8(bytes, static_cast<unsigned>(s.trigger));
    append_le32(bytes, s.trigger_delay_us);
    append_le32(bytes, s.period_us);
    append_le32(bytes, s.exposure_us);
    append_u8(bytes, s.led);
    append_u8(bytes, s.repeat ? 1 : 0);
    return bytes;
}

std::optional<LcrSequence> parse_lcr_sequence(std::span<const std::byte> payload) {
    if (payload.size() != sequence_bytes || number(payload[4]) > 6 || number(payload[18]) > 1)
        return std::nullopt;
    LcrSequence s;
    s.depth = static_cast<std::uint8_t>(number(payload[0]));
    s.count = load_le16(&payload[1]);
    s.pattern_type = static_cast<std::uint8_t>(number(payload[3]));
    s.trigger = static_cast<LcrTrigger>(number(payload[4]));
    s.trigger_delay_us = load_le32(&payload[5]);
    s.period_us = load_le32(&payload[9]);
    s.exposure_us = load_le32(&payload[13]);
    s.led = static_cast<std::uint8_t>(number(payload[17]));
    s.repeat = number(payload[18]) == 1;
    return s;
}

std::vector<std::byte> encode(const LcrCameraTrigger& t) {
    std::vector<std::byte> bytes;
    append_u8(bytes, t.enabled ? 1 : 0);
    append_u8(bytes, t.source);
    append_u8(bytes, t.negative ? 1 : 0);
    append_le32(bytes, t.delay_us);
    append_le32(bytes, t.width_us);
    return bytes;
}

std::optional<LcrCameraTrigger> parse_lcr_camera_trigger(std::span<const std::byte> payload) {
    if (payload.size() != camera_trigger_bytes || number(payload[0]) > 1 || number(payload[2]) > 1)
        return std::nullopt;
    return LcrCameraTrigger{number(payload[0]) == 1, static_cast<std::uint8_t>(number(payload[1])),
                            number(payload[2]) == 1, load_le32(&payload[3]),
                            load_le32(&payload[7])};
}

std::optional<LcrDepthLimits> lcr_limits(int depth) {
    constexpr std::array<LcrDepthLimits, 9> limits{{{},
                                                    {96, 250},
                                                    {48, 667},
                                                    {32, 1470},
                                                    {24, 1600},
                                                    {16, 2000},
                                                    {16, 2500},
                                                    {12, 4500},
                                                    {12, 8333}}};
    if (depth < 1 || depth > 8) return std::nullopt;
    return limits[static_cast<std::size_t>(depth)];
}

}  // namespace opal::protocol
