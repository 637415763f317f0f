// Dlpc900Messages: see dlpc900_messages.h.
#include "protocol/dlpc900_messages.h"

#include "protocol/little_endian.h"

#include <algorithm>
#include <array>

namespace opal::protocol {

namespace {

unsigned number(std::byte b) {
    return std::to_integer<unsigned>(b);
}

void append_le24(std::vector<std::byte>& to, std::uint32_t value) {
    append_le16(to, value);
    append_u8(to, value >> 16);
}
std::uint32_t load_le24(const std::byte* from) {
    return load_le16(from) | number(from[2]) << 16;
}

}  // namespace

std::vector<std::byte> encode(const Dlpc900Entry& e) {
    std::vector<std::byte> data;
    append_le16(data, e.index);
    append_le24(data, e.exposure_us);
    append_u8(data, (e.clear_after ? 1u : 0u) | (e.depth - 1u) << 1 | (e.leds & 7u) << 4 |
                        (e.wait_for_trigger ? 0x80u : 0u));
    append_le24(data, e.dark_us);
    append_u8(data, e.trigger_out_2 ? 0 : 1);
    append_le16(data, (e.image & 0x7FFu) | e.plane << 11u);
    return data;
}

std::optional<Dlpc900Entry> parse_dlpc900_entry(std::span<const std::byte> data) {
    if (data.size() != 12) return std::nullopt;
    const unsigned flags = number(data[5]);
    const unsigned place = load_le16(&data[10]);
    Dlpc900Entry e;
    e.index = load_le16(&data[0]);
    e.exposure_us = load_le24(&data[2]);
    e.clear_after = (flags & 1) != 0;
    e.depth = static_cast<std::uint8_t>((flags >> 1 & 7) + 1);
    e.leds = static_cast<std::uint8_t>(flags >> 4 & 7);
    e.wait_for_trigger = (flags & 0x80) != 0;
    e.dark_us = load_le24(&data[6]);
    e.trigger_out_2 = (number(data[9]) & 1) == 0;
    e.image = static_cast<std::uint16_t>(place & 0x7FF);
    e.plane = static_cast<std::uint8_t>(place >> 11);
    return e;
}

std::vector<std::byte> encode(const Dlpc900Configuration& c) {
    std::vector<std::byte> data;
    append_le16(data, c.entries);
    append_le32(data, c.shown);
    return data;
}

std::optional<Dlpc900Configuration> parse_dlpc900_configuration(std::span<const std::byte> data) {
    if (data.size() != 6) return std::nullopt;
    return Dlpc900Configuration{load_le16(&data[0]), load_le32(&data[2])};
}

std::vector<std::byte> encode(const Dlpc900Reorder& r) {
    std::vector<std::byte> data;
    append_le16(data, static_cast<std::uint32_t>(r.entries.size()));
    append_le32(data, r.shown);
    for (const std::uint16_t entry : r.entries) append_le16(data, entry);
    return data;
}

std::optional<Dlpc900Reorder> parse_dlpc900_reorder(std::span<const std::byte> data) {
    if (data.size() < 6) return std::nullopt;
    const std::size_t count = load_le16(&data[0]);
    if (data.size() != 6 + 2 * count) return std::nullopt;
    Dlpc900Reorder r{load_le32(&data[2]), {}};
    for (std::size_t i = 0; i < count; ++i)
        r.entries.push_back(static_cast<std::uint16_t>(load_le16(&data[6 + 2 * i])));
    return r;
}

std::vector<std::byte> encode(const Dlpc900ImageStart& s) {
    std::vector<std::byte> data;
    append_le16(data, s.image);
    append_le32(data, s.bytes);
    return data;
}

std::optional<Dlpc900ImageStart> parse_dlpc900_image_start(std::span<const std::byte> data) {
    if (data.size() != 6) return std::nullopt;
    return Dlpc900ImageStart{load_le16(&data[0]), load_le32(&data[2])};
}

std::vector<std::byte> encode_dlpc900_chunk(std::span<const std::byte> bytes) {
    std::vector<std::byte> data;
    data.reserve(2 + bytes.size());
    append_le16(data, static_cast<std::uint32_t>(bytes.size()));
    data.insert(data.end(), bytes.begin(), bytes.end());
    return data;
}

std::optional<std::span<const std::byte>> parse_dlpc900_chunk(std::span<const std::byte> data) {
    if (data.size() < 2) return std::nullopt;
    const std::size_t count = load_le16(&data[0]);
    if (count > dlpc900_most_chunk || count > data.size() - 2) return std::nullopt;
    return data.subspan(2, count);
}

std::vector<std::byte> encode(const Dlpc900TriggerOut& t) {
    std::vector<std::byte> data;
    append_u8(data, t.inverted ? 1 : 0);
    append_le16(data, static_cast<std::uint16_t>(t.rising_us));
    append_le16(data, static_cast<std::uint16_t>(t.falling_us));
    return data;
}

std::optional<Dlpc900TriggerOut> parse_dlpc900_trigger_out(std::span<const std::byte> data) {
    if (data.size() != 5) return std::nullopt;
    return Dlpc900TriggerOut{number(data[0]) != 0, static_cast<std::int16_t>(load_le16(&data[1])),
                             static_cast<std::int16_t>(load_le16(&data[3]))};
}

std::vector<std::byte> encode(const Dlpc900TriggerIn& t) {
    std::vector<std::byte> data;
    append_le16(data, t.delay_us);
    append_u8(data, t.falling ? 1 : 0);
    return data;
}

std::optional<Dlpc900TriggerIn> parse_dlpc900_trigger_in(std::span<const std::byte> data) {
    if (data.size() != 3) return std::nullopt;
    return Dlpc900TriggerIn{static_cast<std::uint16_t>(load_le16(&data[0])), number(data[2]) != 0};
}

std::vector<std::byte> encode(const Dlpc900Version& v) {
    std::vector<std::byte> data;
    for (int part = 0; part < 4; ++part) {
        append_le16(data, static_cast<std::uint32_t>(v.patch));
        append_u8(data, static_cast<std::uint32_t>(v.minor));
        append_u8(data, static_cast<std::uint32_t>(v.major));
    }
    return data;
}

std::optional<Dlpc900Version> parse_dlpc900_version(std::span<const std::byte> data) {
    if (data.size() < 4) return std::nullopt;
    return Dlpc900Version{static_cast<int>(number(data[3])), static_cast<int>(number(data[2])),
                          load_le16(&data[0])};
}

const Dlpc900Board* find_dlpc900_board(int type) {
    static constexpr std::array<Dlpc900Board, 4> boards{{
        {"DLP6500", 1, 1080, 1920, 1, 105, 7.56},
        {"DLP9000", 2, 1600, 2560, 2, 105, 7.56},
        {"DLP670S", 3, 1600, 2716, 2, 105, 5.4},
        {"DLP500YX", 4, 1200, 2048, 0, 62, 5.4},
    }};
    const auto* const found = std::find_if(boards.begin(), boards.end(),
                                           [&](const Dlpc900Board& b) { return b.type == type; });
    return found != boards.end() ? found : nullptr;
}

}  // namespace opal::protocol
