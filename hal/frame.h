// Frame: one exposure as a camera delivered it.
//
// Counts are row-major, shape (region.rows, region.columns), unit DN (digital numbers). 8-bit
// formats use one byte per pixel, 10- and 12-bit formats one little-endian 16-bit word per pixel,
// right-aligned.
#pragma once

#include "hal/clock.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace opal::hal {

enum class PixelFormat { mono8, mono10, mono12 };

constexpr int bits_of(PixelFormat f) {
    return f == PixelFormat::mono8 ? 8 : f == PixelFormat::mono10 ? 10 : 12;
}
constexpr std::size_t bytes_per_pixel(PixelFormat f) {
    return f == PixelFormat::mono8 ? 1 : 2;
}

// A rectangle of sensor pixels.
struct Region {
    int row = 0;
    int column = 0;
    int rows = 0;
    int columns = 0;
    std::size_t pixels() const {
        return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
    }
    bool operator==(const Region&) const = default;
};

enum class FrameStatus {
    complete,
    incomplete,  // part of the pixels never arrived; they read 0
    overrun,     // the camera dropped frames before this one because nobody fetched them
};

struct Frame {
    Region region;
    PixelFormat format = PixelFormat::mono8;
    std::vector<std::byte> bytes;  // region.pixels() * bytes_per_pixel(format)

    // The camera's counter since arm(); the first frame is 0; gaps are lost frames.
    std::uint64_t frame_id = 0;
    Duration device_time{0};  // start of exposure on the camera's own clock
    FrameStatus status = FrameStatus::complete;

    // Index into the pattern sequence this frame belongs to. A camera cannot know it and leaves it
    // empty; the acquisition sets it once frame counter, time stamps and sentinel patterns have all
    // agreed.
    std::optional<std::uint32_t> pattern;

    int bits() const { return bits_of(format); }
    int max_count() const { return (1 << bits()) - 1; }
    std::span<const std::uint8_t> as_u8() const;    // mono8 only (asserts)
    std::span<const std::uint16_t> as_u16() const;  // mono10 and mono12 only (asserts)
    std::span<std::uint8_t> as_u8();
    std::span<std::uint16_t> as_u16();
    int count_at(int row, int column) const;  // any format; for inspection, not for inner loops
    // Takes the shape and sizes `bytes`; existing capacity is reused, so a frame can be received
    // into over and over.
    void reshape(Region new_region, PixelFormat new_format);
};

}  // namespace opal::hal
