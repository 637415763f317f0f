// LightCrafter: packets of the TI DLP LightCrafter (DLPC300 with a DM365 front end) over TCP, port
// 21845 [TI DLPU007].
//
//   type u8 | command u16, high byte first | flags u8 | payload length u16 LE | payload | sum u8
//
//   02 01 01 00 01 00 04 09       write, display mode 4, checksum: all bytes before modulo 256
//   03 01 01 00 00 00 05          its reply: type + 1, no payload
//   01 01 01 00 01 00 03 07       an error instead: one code a byte
//
// Strict request and reply. A long payload goes in chunks (first, middle, last), and each chunk is
// answered before the next may be sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace opal::protocol {

enum class LcrType : std::uint8_t { busy, error, write, write_reply, read, read_reply };
enum class LcrChunk : std::uint8_t { whole, first, middle, last };

enum class LcrCommand : std::uint16_t {
    version = 0x0100,
    display_mode = 0x0101,
    test_pattern = 0x0103,
    led_current = 0x0104,
    static_image = 0x0105,
    pattern = 0x0401,
    start = 0x0402,
    advance = 0x0403,
    camera_trigger = 0x0404,
    show_pattern = 0x0405,
    sequence = 0x0480,
};

struct LcrPacket {
    LcrType type = LcrType::busy;
    std::uint16_t command = 0;
    LcrChunk chunk = LcrChunk::whole;
    std::vector<std::byte> payload;  // at most 65535 bytes
    bool operator==(const LcrPacket&) const = default;
};
std::vector<std::byte> encode(const LcrPacket& packet);
// A write request cut into packets of at most `chunk_bytes` of payload.
std::vector<LcrPacket> write_request(LcrCommand command, std::span<const std::byte> payload,
                                     std::size_t chunk_bytes = 65535);

// Packets out of a stream, however it was cut up. A wrong checksum or a type, flag that cannot be
// ends it for good: nothing tells where the next packet begins.
class LcrReader {
public:
    void add(std::span<const std::byte> bytes);
    std::optional<LcrPacket> next();
    // Why the stream is lost; empty: it is not. Known after next() found nothing.
    std::string_view lost() const { return lost_; }

private:
    std::vector<std::byte> bytes_;
    std::string_view lost_;
};

std::string_view lcr_error_text(int code);  // empty: unknown

enum class LcrTrigger : std::uint8_t {
    command,
    automatic,
    external_positive,
    external_negative,
    camera_positive,
    camera_negative,
    external_exposure,
};
// 0480: how the stored patterns are shown. 19 bytes.
struct LcrSequence {
    std::uint8_t depth = 1;  // bits per pattern, 1 to 8
    std::uint16_t count = 1;
    std::uint8_t pattern_type = 0;  // normal, inverted, built-in
    LcrTrigger trigger = LcrTrigger::automatic;
    std::uint32_t trigger_delay_us = 0;
    std::uint32_t period_us = 0;
    std::uint32_t exposure_us = 0;
    std::uint8_t led = 3;  // red, green, blue, default
    bool repeat = false;
    bool operator==(const LcrSequence&) const = default;
};
std::vector<std::byte> encode(const LcrSequence& sequence);
std::optional<LcrSequence> parse_lcr_sequence(std::span<const std::byte> payload);

// 0404: the pulse at the camera output. 11 bytes.
struct LcrCameraTrigger {
    bool enabled = false;
    std::uint8_t source = 0;
    bool negative = false;
    std::uint32_t delay_us = 0;
    std::uint32_t width_us = 0;
    bool operator==(const LcrCameraTrigger&) const = default;
};
std::vector<std::byte> encode(const LcrCameraTrigger& trigger);
std::optional<LcrCameraTrigger> parse_lcr_camera_trigger(std::span<const std::byte> payload);

// How many patterns of a depth the device holds and the shortest exposure of one; nothing for
// depths it does not have [TI DLPU007, table of pattern exposures].
struct LcrDepthLimits {
    int most_patterns = 0;
    std::uint32_t min_exposure_us = 0;
};
std::optional<LcrDepthLimits> lcr_limits(int depth);

inline constexpr int lcr_rows = 684;
inline constexpr int lcr_columns = 608;

}  // namespace opal::protocol
