// Dlpc900Messages: what the data of DLPC900 commands mean [TI DLPU018]. All numbers little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace opal::protocol {

enum class Dlpc900Word : std::uint16_t {
    error_code = 0x0100,
    error_text = 0x0101,
    power_mode = 0x0200,
    version = 0x0205,
    hardware_type = 0x0206,
    park = 0x0609,
    input_source = 0x1A00,
    video_receiver = 0x1A01,
    hardware_status = 0x1A0A,
    main_status = 0x1A0C,
    display_mode = 0x1A1B,
    trigger_out_1 = 0x1A1D,
    trigger_out_2 = 0x1A1E,
    start_stop = 0x1A24,
    begin_image = 0x1A2A,
    image_data = 0x1A2B,
    begin_image_secondary = 0x1A2C,
    image_data_secondary = 0x1A2D,
    lut_configuration = 0x1A31,
    lut_reorder = 0x1A32,
    lut_definition = 0x1A34,
    trigger_in_1 = 0x1A35,
    trigger_in_2 = 0x1A36,
};

// 0x1A34, one pattern of the look-up table, 12 bytes.
struct Dlpc900Entry {
    std::uint16_t index = 0;
    std::uint32_t exposure_us = 0;  // 24 bits
    bool clear_after = false;
    std::uint8_t depth = 1;  // bits, 1 to 8
    std::uint8_t leds = 7;   // red 1, green 2, blue 4
    bool wait_for_trigger = false;
    std::uint32_t dark_us = 0;  // 24 bits
    bool trigger_out_2 = true;  // on the wire 1 suppresses the pulse
    std::uint16_t image = 0;    // 11 bits
    std::uint8_t plane = 0;     // first bit position, 0 to 23
    bool operator==(const Dlpc900Entry&) const = default;
};
std::vector<std::byte> encode(const Dlpc900Entry& entry);
std::optional<Dlpc900Entry> parse_dlpc900_entry(std::span<const std::byte> data);

// 0x1A31: how many entries the table has, and how many patterns to show in all; 0: without end.
// To play the table once, shown equals entries.
struct Dlpc900Configuration {
    std::uint16_t entries = 0;
    std::uint32_t shown = 0;
    bool operator==(const Dlpc900Configuration&) const = default;
};
std::vector<std::byte> encode(const Dlpc900Configuration& configuration);
std::optional<Dlpc900Configuration> parse_dlpc900_configuration(std::span<const std::byte> data);

// 0x1A32: plays these entries of the configured table, in this order, and so many patterns in all;
// 0: without end. The pictures stay as they are. Firmware has it from 5 on.
struct Dlpc900Reorder {
    std::uint32_t shown = 0;
    std::vector<std::uint16_t> entries;
    bool operator==(const Dlpc900Reorder&) const = default;
};
// 512 may be listed; the command buffer of 512 bytes takes 250.
inline constexpr std::size_t dlpc900_most_reordered = 250;
std::vector<std::byte> encode(const Dlpc900Reorder& reorder);
std::optional<Dlpc900Reorder> parse_dlpc900_reorder(std::span<const std::byte> data);

// 0x1A2A: bytes include the header of 48.
struct Dlpc900ImageStart {
    std::uint16_t image = 0;
    std::uint32_t bytes = 0;
    bool operator==(const Dlpc900ImageStart&) const = default;
};
std::vector<std::byte> encode(const Dlpc900ImageStart& start);
std::optional<Dlpc900ImageStart> parse_dlpc900_image_start(std::span<const std::byte> data);

// 0x1A2B: at most 504 bytes a command.
inline constexpr std::size_t dlpc900_most_chunk = 504;
std::vector<std::byte> encode_dlpc900_chunk(std::span<const std::byte> bytes);
std::optional<std::span<const std::byte>> parse_dlpc900_chunk(std::span<const std::byte> data);

// 0x1A1D, 0x1A1E: delays of the edges after the pattern, -20 to 20000 us.
struct Dlpc900TriggerOut {
    bool inverted = false;
    std::int16_t rising_us = 0;
    std::int16_t falling_us = 20;
    bool operator==(const Dlpc900TriggerOut&) const = default;
};
std::vector<std::byte> encode(const Dlpc900TriggerOut& trigger);
std::optional<Dlpc900TriggerOut> parse_dlpc900_trigger_out(std::span<const std::byte> data);

// 0x1A35: from the edge to the mirrors, at least 104 us.
struct Dlpc900TriggerIn {
    std::uint16_t delay_us = 105;
    bool falling = false;
    bool operator==(const Dlpc900TriggerIn&) const = default;
};
std::vector<std::byte> encode(const Dlpc900TriggerIn& trigger);
std::optional<Dlpc900TriggerIn> parse_dlpc900_trigger_in(std::span<const std::byte> data);

// 0x0205: of the application, the first of four; patch u16, minor u8, major u8.
struct Dlpc900Version {
    int major = 0;
    int minor = 0;
    int patch = 0;
    bool operator==(const Dlpc900Version&) const = default;
};
std::vector<std::byte> encode(const Dlpc900Version& version);  // all four alike, 16 bytes
std::optional<Dlpc900Version> parse_dlpc900_version(std::span<const std::byte> data);

// 0x0206: which board.
struct Dlpc900Board {
    const char* name;
    int type;
    int rows;
    int columns;
    int controllers;  // each has its part of the columns, the left one first; 0: one or two, as
                      // the hardware's status says
    std::uint32_t min_exposure_us;
    double pitch_um;
};
const Dlpc900Board* find_dlpc900_board(int type);  // nullptr: unknown

namespace dlpc900_status {
// hardware_status
inline constexpr unsigned initialised = 1u << 0, mismatch = 1u << 1, reset_driver = 1u << 2,
                          forced_swap = 1u << 3, secondary = 1u << 4, sequencer_abort = 1u << 6,
                          sequencer_error = 1u << 7;
// main_status; a source is locked and its syncs are valid where video comes in
inline constexpr unsigned parked = 1u << 0, running = 1u << 1, source_locked = 1u << 3,
                          port_1_syncs = 1u << 4, port_2_syncs = 1u << 5;
}  // namespace dlpc900_status

// 0x1A1B.
namespace dlpc900_mode {
inline constexpr std::uint8_t video = 0, flash = 1, video_patterns = 2, on_the_fly = 3;
}  // namespace dlpc900_mode
// 0x1A00: 24 bits a pixel, in parallel; what the receivers of 0x1A01 deliver.
inline constexpr std::uint8_t dlpc900_parallel_24 = 0x08;

// What the configuration appends to the entry before one that waits for a trigger.
inline constexpr std::uint32_t dlpc900_hidden_black_us = 105;
inline constexpr int dlpc900_images = 18;
inline constexpr int dlpc900_entries = 400;

}  // namespace opal::protocol
