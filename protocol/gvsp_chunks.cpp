// GVSP chunks <-> bytes.
#include "protocol/gvsp_chunks.h"

#include "protocol/big_endian.h"

namespace opal::protocol::gvsp {

std::optional<Chunk> ChunkReader::next() {
    if (rest_.size() < chunk_tag_size) return std::nullopt;
    const std::size_t before = rest_.size() - chunk_tag_size;
    const std::size_t length = load_be32(&rest_[before + 4]);
    if (length > before) return std::nullopt;
    const Chunk chunk{load_be32(&rest_[before]), rest_.subspan(before - length, length)};
    rest_ = rest_.first(before - length);
    return chunk;
}

std::size_t encode_chunk_tag(std::uint32_t id, std::uint32_t length, std::span<std::byte> into) {
    if (into.size() < chunk_tag_size) return 0;
    store_be32(&into[0], id);
    store_be32(&into[4], length);
    return chunk_tag_size;
}

}  // namespace opal::protocol::gvsp
