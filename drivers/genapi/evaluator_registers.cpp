// Evaluator: registers: where they are, their bytes, the integers and numbers in them, and what is
// remembered of them.
//
// Rule of the cache: a value is remembered only where the description allows it, and everything is
// forgotten when anything is written or a volatile register is seen to have changed. Descriptions
// that name too few invalidators are common; a stale value is worse than a read too many.
#include "drivers/genapi/evaluator.h"
#include "drivers/genapi/literal.h"
#include "drivers/genapi/visit.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace opal::drivers::genapi {
namespace {

using hal::ErrorKind;

constexpr std::int64_t longest_register = 65536;

std::uint64_t load(std::span<const std::byte> bytes, bool big_endian) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        value = value << 8 |
                std::to_integer<std::uint64_t>(bytes[big_endian ? i : bytes.size() - 1 - i]);
    return value;
}

void store(std::uint64_t value, std::span<std::byte> bytes, bool big_endian) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[big_endian ? bytes.size() - 1 - i : i] = static_cast<std::byte>(value & 0xFFu);
        value >>= 8;
    }
}

std::uint64_t ones(unsigned width) {
    return width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
}

}  // namespace

std::size_t Evaluator::register_length(const Node& node) {
    const bool number = node.kind == Kind::int_register || node.kind == Kind::masked_int_register ||
                        node.kind == Kind::float_register;
    const std::int64_t length = node.reg->length.given() ? integer_of(node.reg->length, node) : 4;
    const std::int64_t most = number ? 8 : longest_register;
    const bool odd_float = node.kind == Kind::float_register && length != 4 && length != 8;
    if (length < 1 || length > most || odd_float)
        throw NodeFault{ErrorKind::corrupt, std::string(node.name) + " has a length of " +
                                                std::to_string(length) + " bytes; up to " +
                                                std::to_string(most) + " make sense"};
    return static_cast<std::size_t>(length);
}

std::uint64_t Evaluator::register_address(const Node& node) {
    std::uint64_t sum = 0;
    for (const AddressTerm& term : node.reg->address) {
        auto value = static_cast<std::uint64_t>(integer_of(term.value, node));
        if (term.indexed)
            value *= term.offset.given() ? static_cast<std::uint64_t>(integer_of(term.offset, node))
                                         : register_length(node);
        sum += value;
    }
    return sum;
}

// Registers of a chunk or event lie in data that came with a frame or message.
bool Evaluator::has_port_data(const Node& node) {
    const Node* const port = node.reg->port.empty() ? nullptr : description_.find(node.reg->port);
    return port && (port->chunk_id.given() || port->event_id.given());
}

std::optional<std::span<const std::byte>> Evaluator::attached_data(const Node& node) {
    if (!has_port_data(node)) return std::nullopt;
    const Node& port = *description_.find(node.reg->port);
    const Source& id = port.chunk_id.given() ? port.chunk_id : port.event_id;
    std::int64_t number = 0;
    if (id.node.empty()) {
        // Hexadecimal, with or without 0x.
        const bool prefixed = id.text.starts_with("0x") || id.text.starts_with("0X");
        const auto parsed =
            parse_integer(prefixed ? std::string(id.text) : "0x" + std::string(id.text));
        if (!parsed)
            throw NodeFault{ErrorKind::corrupt,
                            "port " + std::string(port.name) + " has no readable id"};
        number = *parsed;
    } else {
        number = integer(at(id.node));
    }
    const auto found = attached_.find(static_cast<std::uint64_t>(number));
    if (found == attached_.end())
        throw NodeFault{ErrorKind::wrong_state, std::string(node.name) +
                                                    " comes with a frame or event, and none with "
                                                    "it has arrived"};
    return std::span<const std::byte>(found->second);
}

std::vector<std::byte> Evaluator::read_register(const Node& node, bool fresh) {
    const RegisterPart& reg = *node.reg;
    const std::size_t length = register_length(node);
    const std::uint64_t address = register_address(node);
    if (const auto data = attached_data(node)) {
        const auto offset = static_cast<std::int64_t>(address);
        const auto size = static_cast<std::int64_t>(data->size());
        const std::int64_t begin = offset < 0 && offset >= -size ? size + offset : offset;
        if (begin < 0 || begin > size || static_cast<std::int64_t>(length) > size - begin)
            throw NodeFault{ErrorKind::corrupt, std::string(node.name) + " lies beyond the " +
                                                    std::to_string(size) + " bytes that came"};
        const auto part = data->subspan(static_cast<std::size_t>(begin), length);
        return {part.begin(), part.end()};
    }
    const auto cached = cache_.find(&node);
    const bool known = cached != cache_.end() && cached->second.address == address &&
                       cached->second.bytes.size() == length;
    const bool polled = reg.polling_ms.given();
    if (known && !fresh && reg.caching != Caching::none) {
        const auto span = std::chrono::milliseconds(
            polled ? std::clamp<std::int64_t>(integer_of(reg.polling_ms, node), 0, 86400000) : 0);
        if (!polled || clock_.now() - cached->second.read < span) return cached->second.bytes;
    }
    std::vector<std::byte> bytes(length);
    device_.read(address, bytes);
    if (known && cached->second.bytes != bytes) cache_.clear();
    cache_[&node] = {address, bytes, clock_.now()};
    return bytes;
}

void Evaluator::write_register(const Node& node, std::span<const std::byte> bytes) {
    if (has_port_data(node))
        throw NodeFault{ErrorKind::refused,
                        std::string(node.name) + " came with a frame and cannot be written"};
    const std::uint64_t address = register_address(node);
    // Forgotten before as well: a write that fails half-way may have had its effect.
    cache_.clear();
    device_.write(address, bytes);
}

Evaluator::Bits Evaluator::bits_of(const Node& node, std::size_t length) const {
    const RegisterPart& reg = *node.reg;
    const int size = static_cast<int>(8 * length);
    if (reg.lsb < 0 && reg.msb < 0) return {0, static_cast<unsigned>(size)};
    const int low = std::min(reg.lsb < 0 ? reg.msb : reg.lsb, reg.msb < 0 ? reg.lsb : reg.msb);
    const int high = std::max(reg.lsb, reg.msb);
    if (high >= size)
        throw NodeFault{ErrorKind::corrupt, std::string(node.name) + " has bit " +
                                                std::to_string(high) + " of a register of " +
                                                std::to_string(size)};
    // Bit 0 of a big-endian register is its most significant one.
    const int shift = reg.big_endian ? size - 1 - high : low;
    return {static_cast<unsigned>(shift), static_cast<unsigned>(high - low + 1)};
}

std::int64_t Evaluator::register_integer(const Node& node) {
    if (node.kind == Kind::float_register) return truncated(number(node));
    const auto raw = read_register(node);
    const Bits bits = bits_of(node, raw.size());
    std::uint64_t value = load(raw, node.reg->big_endian) >> bits.shift & ones(bits.width);
    if (node.reg->is_signed && bits.width < 64 && (value >> (bits.width - 1) & 1u))
        value |= ~ones(bits.width);
    return static_cast<std::int64_t>(value);
}

IntegerLimits Evaluator::register_limits(const Node& node) {
    const Bits bits = bits_of(node, register_length(node));
    IntegerLimits limits;
    if (bits.width >= 64) return limits;
    const auto most = static_cast<std::int64_t>(ones(bits.width));
    if (node.reg->is_signed) {
        limits.max = most >> 1;
        limits.min = -limits.max - 1;
    } else {
        limits.max = most;
        limits.min = 0;
    }
    return limits;
}

void Evaluator::set_register_integer(const Node& node, std::int64_t value) {
    const IntegerLimits limits = register_limits(node);
    if (value < limits.min || value > limits.max)
        throw NodeFault{ErrorKind::out_of_range,
                        std::to_string(value) + " asked; " + std::string(node.name) + " holds " +
                            std::to_string(limits.min) + " to " + std::to_string(limits.max)};
    const std::size_t length = register_length(node);
    const Bits bits = bits_of(node, length);
    std::vector<std::byte> raw(length);
    std::uint64_t word = static_cast<std::uint64_t>(value);
    if (bits.width < 8 * length) {
        // The other bits stay as they are; where they cannot be read they start from 0.
        if (node.reg->access != AccessMode::write_only) raw = read_register(node, true);
        const std::uint64_t mask = ones(bits.width) << bits.shift;
        word = (load(raw, node.reg->big_endian) & ~mask) | (word << bits.shift & mask);
    }
    store(word, raw, node.reg->big_endian);
    write_register(node, raw);
}

std::vector<std::byte> Evaluator::bytes(const Node& node) {
    if (!node.reg)
        throw NodeFault{ErrorKind::unsupported, std::string(node.name) + " is no register"};
    const Visit visit(*this, node, for_value);
    return read_register(node);
}

void Evaluator::set_bytes(const Node& node, std::span<const std::byte> value) {
    if (!node.reg)
        throw NodeFault{ErrorKind::unsupported, std::string(node.name) + " is no register"};
    const Visit visit(*this, node, for_value);
    const std::size_t length = register_length(node);
    if (value.size() != length)
        throw NodeFault{ErrorKind::out_of_range, std::to_string(value.size()) + " bytes given; " +
                                                     std::string(node.name) + " has " +
                                                     std::to_string(length)};
    write_register(node, value);
}

std::string Evaluator::text(const Node& node) {
    const Visit visit(*this, node, for_value);
    if (node.kind == Kind::string) {
        const auto own = own_texts_.find(&node);
        if (own != own_texts_.end()) return own->second;
        return node.value.node.empty() ? std::string(node.value.text) : text(at(node.value.node));
    }
    if (node.kind != Kind::string_register)
        throw NodeFault{ErrorKind::unsupported, std::string(node.name) + " has no text"};
    const auto raw = read_register(node);
    const auto end = std::find(raw.begin(), raw.end(), std::byte{0});
    return {reinterpret_cast<const char*>(raw.data()), static_cast<std::size_t>(end - raw.begin())};
}

void Evaluator::set_text(const Node& node, std::string_view value) {
    const Visit visit(*this, node, for_value);
    if (node.kind == Kind::string) {
        if (!node.value.node.empty()) return set_text(at(node.value.node), value);
        own_texts_[&node] = value;
        return;
    }
    if (node.kind != Kind::string_register)
        throw NodeFault{ErrorKind::unsupported, std::string(node.name) + " has no text"};
    const std::size_t length = register_length(node);
    if (value.size() > length)
        throw NodeFault{ErrorKind::out_of_range,
                        std::to_string(value.size()) + " characters given; " +
                            std::string(node.name) + " has room for " + std::to_string(length)};
    std::vector<std::byte> raw(length);
    std::memcpy(raw.data(), value.data(), value.size());
    write_register(node, raw);
}

void Evaluator::attach(std::uint64_t id, std::span<const std::byte> data) {
    attached_[id].assign(data.begin(), data.end());
}

void Evaluator::detach_all() {
    attached_.clear();
}

}  // namespace opal::drivers::genapi
