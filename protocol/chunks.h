// Chunks: small records (exposure time, counters) a camera appends to an image, inside the same
// payload bytes.
//
//   data | id u32 | length u32 | data | id u32 | length u32         the image is the first chunk
//
// Big-endian on GigE Vision, little-endian on USB3 Vision, and read from the end backwards: only
// the end of a block is where it must be [GigE Vision 2.2, section 25.4].
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace opal::protocol {

inline constexpr std::size_t chunk_tag_size = 8;

enum class ByteOrder { big_endian, little_endian };

struct Chunk {
    std::uint32_t id = 0;
    std::span<const std::byte> data;
};

// Takes chunks off the end of a block, the last one first.
class ChunkReader {
public:
    ChunkReader(std::span<const std::byte> block, ByteOrder order) : rest_(block), order_(order) {}
    // Nothing when the beginning is reached or what is left cannot end with a chunk.
    std::optional<Chunk> next();
    // True when all bytes were chunks, that is after next() returned nothing and nothing was left.
    bool complete() const { return rest_.empty(); }

private:
    std::span<const std::byte> rest_;
    ByteOrder order_;
};

// What follows the image in a block of chunks, the last one first. Nothing if the lengths do not
// lead back to the block's beginning, neither in this order of bytes nor, since some cameras differ
// from their standard, in the other one.
std::vector<Chunk> chunks_behind_image(std::span<const std::byte> block, ByteOrder order);

// The tag behind `length` bytes of data. Returns 8, or 0 if `into` is too small.
std::size_t encode_chunk_tag(std::uint32_t id, std::uint32_t length, ByteOrder order,
                             std::span<std::byte> into);

}  // namespace opal::protocol
