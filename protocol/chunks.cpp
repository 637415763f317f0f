// Chunks <-> bytes.
#include "protocol/chunks.h"

#include "protocol/big_endian.h"
#include "protocol/little_endian.h"

namespace opal::protocol {

namespace {

std::uint32_t load(const std::byte* from, ByteOrder order) {
    return order == ByteOrder::big_endian ? load_be32(from) : load_le32(from);
}

void store(std::byte* to, std::uint32_t value, ByteOrder order) {
    if (order == ByteOrder::big_endian)
        store_be32(to, value);
    else
        store_le32(to, value);
}

// All chunks of a block; nothing if something else is in it too.
std::vector<Chunk> whole_chain(std::span<const std::byte> block, ByteOrder order) {
    std::vector<Chunk> chunks;
    ChunkReader reader(block, order);
    while (const auto chunk = reader.next()) chunks.push_back(*chunk);
    if (!reader.complete()) chunks.clear();
    return chunks;
}

}  // namespace

std::optional<Chunk> ChunkReader::next() {
    if (rest_.size() < chunk_tag_size) return std::nullopt;
    const std::size_t before = rest_.size() - chunk_tag_size;
    const std::size_t length = load(&rest_[before + 4], order_);
    if (length > before) return std::nullopt;
    const Chunk chunk{load(&rest_[before], order_), rest_.subspan(before - length, length)};
    rest_ = rest_.first(before - length);
    return chunk;
}

std::vector<Chunk> chunks_behind_image(std::span<const std::byte> block, ByteOrder order) {
    auto chunks = whole_chain(block, order);
    if (chunks.empty())
        chunks = whole_chain(block, order == ByteOrder::big_endian ? ByteOrder::little_endian
                                                                   : ByteOrder::big_endian);
    if (!chunks.empty()) chunks.pop_back();
    return chunks;
}

std::size_t encode_chunk_tag(std::uint32_t id, std::uint32_t length, ByteOrder order,
                             std::span<std::byte> into) {
    if (into.size() < chunk_tag_size) return 0;
    store(&into[0], id, order);
    store(&into[4], length, order);
    return chunk_tag_size;
}

}  // namespace opal::protocol
