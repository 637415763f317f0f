// CameraMemory: the address space of a virtual camera: words with an access mode and limits,
// strings, and the description file. Knows what a register may hold, not what it means. Status
// codes are those of GigE Vision; USB3 Vision took them over with their numbers.
#pragma once

#include "protocol/chunks.h"
#include "protocol/gvcp.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

namespace opal::sim {

class CameraMemory {
public:
    enum class Access { read, write, both };
    using Order = protocol::ByteOrder;  // in which bytes make words
    struct Word {
        std::uint32_t value = 0;
        Access access = Access::read;
        std::uint32_t min = 0;
        std::uint32_t max = 0xFFFFFFFF;
        std::uint32_t step = 1;  // from min
    };

    explicit CameraMemory(Order order) : order_(order) {}
    Order order() const { return order_; }
    std::uint32_t load(const std::byte* from) const;
    void store(std::byte* to, std::uint32_t value) const;

    void add(std::uint32_t address, Word word) { words_[address] = word; }
    void add_bytes(std::uint32_t address, std::span<const std::byte> bytes, bool writable);
    void add_text(std::uint32_t address, std::string_view text, std::size_t room, bool writable);

    std::uint32_t value(std::uint32_t address) const;  // of a word that exists (asserts)
    void set(std::uint32_t address, std::uint32_t value);
    Word& word(std::uint32_t address);

    // As a client may: success, invalid_address, write_protect, access_denied (write-only) or
    // invalid_parameter.
    protocol::gvcp::Status read(std::uint32_t address, std::uint32_t& value) const;
    protocol::gvcp::Status check_write(std::uint32_t address, std::uint32_t value) const;
    void write(std::uint32_t address, std::uint32_t value);  // checked before
    bool is_word(std::uint32_t address) const { return words_.contains(address); }

private:
    struct Block {
        std::vector<std::byte> bytes;
        bool writable = false;
    };
    const Block* block_at(std::uint32_t address, std::uint32_t& begin) const;

    const Order order_;
    std::map<std::uint32_t, Word> words_;
    std::map<std::uint32_t, Block> blocks_;  // by their beginning; whole words
};

}  // namespace opal::sim
