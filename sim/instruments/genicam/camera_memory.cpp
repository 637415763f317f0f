// CameraMemory: looking up words and blocks.
#include "sim/instruments/genicam/camera_memory.h"

#include "protocol/big_endian.h"
#include "protocol/little_endian.h"

#include <algorithm>
#include <cassert>

namespace opal::sim {

using protocol::gvcp::Status;

std::uint32_t CameraMemory::load(const std::byte* from) const {
    return order_ == Order::big_endian ? protocol::load_be32(from) : protocol::load_le32(from);
}

void CameraMemory::store(std::byte* to, std::uint32_t value) const {
    if (order_ == Order::big_endian)
        protocol::store_be32(to, value);
    else
        protocol::store_le32(to, value);
}

void CameraMemory::add_bytes(std::uint32_t address, std::span<const std::byte> bytes,
                             bool writable) {
    Block block{{bytes.begin(), bytes.end()}, writable};
    block.bytes.resize((bytes.size() + 3) / 4 * 4);  // readers ask for whole words
    blocks_[address] = std::move(block);
}

void CameraMemory::add_text(std::uint32_t address, std::string_view text, std::size_t room,
                            bool writable) {
    std::vector<std::byte> bytes(room);
    const auto shown = std::as_bytes(std::span(text.substr(0, std::min(text.size(), room))));
    std::copy(shown.begin(), shown.end(), bytes.begin());
    add_bytes(address, bytes, writable);
}

std::uint32_t CameraMemory::value(std::uint32_t address) const {
    const auto found = words_.find(address);
    assert(found != words_.end());
    return found->second.value;
}

void CameraMemory::set(std::uint32_t address, std::uint32_t value) {
    word(address).value = value;
}

CameraMemory::Word& CameraMemory::word(std::uint32_t address) {
    const auto found = words_.find(address);
    assert(found != words_.end());
    return found->second;
}

const CameraMemory::Block* CameraMemory::block_at(std::uint32_t address,
                                                  std::uint32_t& begin) const {
    auto after = blocks_.upper_bound(address);
    if (after == blocks_.begin()) return nullptr;
    --after;
    begin = after->first;
    return address - begin < after->second.bytes.size() ? &after->second : nullptr;
}

Status CameraMemory::read(std::uint32_t address, std::uint32_t& value) const {
    if (address % 4 != 0) return Status::bad_alignment;
    const auto found = words_.find(address);
    if (found != words_.end()) {
        if (found->second.access == Access::write) return Status::access_denied;
        value = found->second.value;
        return Status::success;
    }
    std::uint32_t begin = 0;
    const Block* const block = block_at(address, begin);
    if (!block) return Status::invalid_address;
    value = load(&block->bytes[address - begin]);
    return Status::success;
}

Status CameraMemory::check_write(std::uint32_t address, std::uint32_t value) const {
    if (address % 4 != 0) return Status::bad_alignment;
    const auto found = words_.find(address);
    if (found == words_.end()) {
        std::uint32_t begin = 0;
        const Block* const block = block_at(address, begin);
        if (!block) return Status::invalid_address;
        return block->writable ? Status::success : Status::write_protect;
    }
    const Word& word = found->second;
    if (word.access == Access::read) return Status::write_protect;
    if (value < word.min || value > word.max || (value - word.min) % word.step != 0)
        return Status::invalid_parameter;
    return Status::success;
}

void CameraMemory::write(std::uint32_t address, std::uint32_t value) {
    const auto found = words_.find(address);
    if (found != words_.end()) {
        found->second.value = value;
        return;
    }
    std::uint32_t begin = 0;
    if (block_at(address, begin)) store(&blocks_[begin].bytes[address - begin], value);
}

}  // namespace opal::sim
