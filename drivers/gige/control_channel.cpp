// ControlChannel: question and answer.
#include "drivers/gige/control_channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace opal::drivers::gige {

namespace gvcp = protocol::gvcp;
using hal::DeviceError;
using hal::ErrorKind;

namespace {

// What clients in use move at once; devices are tested with it.
constexpr std::size_t piece = 512;

}  // namespace

ControlChannel::ControlChannel(hal::UdpPort& port, hal::UdpAddress device, hal::Clock& clock,
                               std::string name, ControlTiming timing)
    : port_(port), device_(device), clock_(clock), name_(std::move(name)), timing_(timing) {}

std::optional<gvcp::AckDatagram> ControlChannel::wait_for_ack(gvcp::Command command,
                                                              std::uint16_t id,
                                                              hal::Deadline deadline) {
    int pending = 0;
    // What is there is returned whatever the deadline: a stream of strangers' datagrams must not
    // keep us here.
    for (bool first = true; first || !deadline.passed(clock_); first = false) {
        hal::UdpArrival arrival;
        arrival.room = answer_;
        if (port_.receive({&arrival, 1}, deadline) == 0) return std::nullopt;
        // Anybody may send here: only the device's answer to this question counts.
        if (arrival.from != device_ || arrival.truncated) continue;
        const auto ack = gvcp::decode_ack(std::span(answer_).first(arrival.length));
        if (!ack || ack->request_id != id) continue;
        if (ack->ack == gvcp::ack_of(command)) return ack;
        if (ack->ack != gvcp::ack_of(gvcp::Command::pending)) continue;
        const auto time_ms = gvcp::decode_pending_ack(ack->payload);
        if (!time_ms || ++pending > timing_.most_pending) continue;
        deadline = hal::Deadline::after(
            clock_,
            std::min<hal::Duration>(std::chrono::milliseconds(*time_ms), timing_.longest_pending));
    }
    return std::nullopt;
}

// Nothing: no answer, however often it was asked.
std::optional<gvcp::AckDatagram> ControlChannel::ask_once(gvcp::Command command,
                                                          const Encode& encode) {
    const std::uint16_t id = next_id_;
    next_id_ = id == 0xFFFF ? std::uint16_t{1} : static_cast<std::uint16_t>(id + 1);
    std::array<std::byte, gvcp::largest_datagram> question;
    const std::size_t size = encode(id, question);
    for (int attempt = 0; attempt < timing_.tries; ++attempt) {
        if (attempt > 0) ++retries_;
        port_.send(device_, std::span(question).first(size));
        if (const auto ack =
                wait_for_ack(command, id, hal::Deadline::after(clock_, timing_.answer)))
            return ack;
    }
    return std::nullopt;
}

std::span<const std::byte> ControlChannel::ask(const char* operation, std::uint32_t address,
                                               gvcp::Command command, const Encode& encode) {
    const hal::Deadline patience = hal::Deadline::after(clock_, timing_.longest_busy);
    for (;;) {
        const auto ack = ask_once(command, encode);
        if (!ack) break;
        if (ack->status == gvcp::Status::success) return ack->payload;
        if (!is_busy(ack->status) || patience.passed(clock_))
            refuse(operation, address, ack->status);
        // Asked anew: what comes with the same number is the same answer.
        clock_.wait_for(timing_.busy_pause);
    }
    const auto waited = std::chrono::duration<double>(timing_.answer * timing_.tries).count();
    throw DeviceError(ErrorKind::timeout, name_, fmt::format("{} {:#x}", operation, address),
                      fmt::format("no answer from {} in {:.1f} s, asked {} times; is the camera "
                                  "powered, its cable in, and UDP port 3956 open in the firewall?",
                                  hal::to_string(device_), waited, timing_.tries));
}

void ControlChannel::refuse(const char* operation, std::uint32_t address,
                            gvcp::Status status) const {
    using S = gvcp::Status;
    const ErrorKind kind =
        status == S::invalid_parameter                                 ? ErrorKind::out_of_range
        : status == S::invalid_address || status == S::not_implemented ? ErrorKind::unsupported
        : status == S::bad_alignment || status == S::invalid_header    ? ErrorKind::corrupt
                                                                       : ErrorKind::refused;
    std::string text = fmt::format("the camera says: {} ({:#06x})", gvcp::to_string(status),
                                   static_cast<unsigned>(status));
    if (status == S::access_denied)
        text += "; another program controls it, or it does not allow this now";
    throw ControlRefused(kind, name_, fmt::format("{} {:#x}", operation, address), text, status);
}

std::uint32_t ControlChannel::checked(const char* operation, std::uint64_t address,
                                      std::size_t size) const {
    if (address > 0xFFFFFFFFu || size > 0x100000000u - address)
        throw DeviceError(
            ErrorKind::corrupt, name_, operation,
            fmt::format("address {:#x} asked; GigE Vision has 32-bit addresses", address));
    return static_cast<std::uint32_t>(address);
}

std::uint32_t ControlChannel::read_register(std::uint32_t address) {
    const std::lock_guard lock(mutex_);
    const auto payload =
        ask("read register", address, gvcp::Command::read_register,
            [&](std::uint16_t id, std::span<std::byte> into) {
                return gvcp::encode_read_registers(id, std::span(&address, 1), into);
            });
    const auto values = gvcp::decode_register_values(payload);
    if (!values)
        throw DeviceError(ErrorKind::corrupt, name_, fmt::format("read register {:#x}", address),
                          "the answer has no value in it");
    return (*values)[0];
}

void ControlChannel::write_register(std::uint32_t address, std::uint32_t value) {
    const std::lock_guard lock(mutex_);
    const gvcp::RegisterWrite write{address, value};
    ask("write register", address, gvcp::Command::write_register,
        [&](std::uint16_t id, std::span<std::byte> into) {
            return gvcp::encode_write_registers(id, std::span(&write, 1), into);
        });
}

void ControlChannel::read_aligned(std::uint32_t address, std::span<std::byte> into) {
    const auto count = static_cast<std::uint16_t>(into.size());
    const std::lock_guard lock(mutex_);
    const auto payload = ask("read memory", address, gvcp::Command::read_memory,
                             [&](std::uint16_t id, std::span<std::byte> room) {
                                 return gvcp::encode_read_memory(id, {address, count}, room);
                             });
    const auto memory = gvcp::decode_memory_values(payload);
    if (!memory || memory->address != address || memory->data.size() < into.size())
        throw DeviceError(ErrorKind::corrupt, name_, fmt::format("read memory {:#x}", address),
                          fmt::format("{} bytes asked; the answer is not that", into.size()));
    std::copy_n(memory->data.begin(), into.size(), into.begin());
}

void ControlChannel::write_aligned(std::uint32_t address, std::span<const std::byte> bytes) {
    const std::lock_guard lock(mutex_);
    ask("write memory", address, gvcp::Command::write_memory,
        [&](std::uint16_t id, std::span<std::byte> into) {
            return gvcp::encode_write_memory(id, {address, bytes}, into);
        });
}

// Widened to whole words: READMEM knows nothing else.
void ControlChannel::read(std::uint64_t address, std::span<std::byte> into) {
    if (into.empty()) return;
    const std::uint32_t first = checked("read memory", address, into.size());
    if (first % 4 == 0 && into.size() == 4) {
        const std::uint32_t value = read_register(first);
        for (std::size_t i = 0; i < 4; ++i)
            into[i] = static_cast<std::byte>(value >> (24 - 8 * i) & 0xFFu);
        return;
    }
    std::array<std::byte, piece> room;
    const std::uint64_t end = address + into.size();
    for (std::uint64_t at = first / 4 * 4; at < end; at += piece) {
        const std::size_t count =
            static_cast<std::size_t>(std::min<std::uint64_t>(piece, (end - at + 3) / 4 * 4));
        read_aligned(static_cast<std::uint32_t>(at), std::span(room).first(count));
        const std::uint64_t from = std::max<std::uint64_t>(at, address);
        const std::uint64_t to = std::min<std::uint64_t>(at + count, end);
        std::copy(room.begin() + static_cast<std::ptrdiff_t>(from - at),
                  room.begin() + static_cast<std::ptrdiff_t>(to - at),
                  into.begin() + static_cast<std::ptrdiff_t>(from - address));
    }
}

void ControlChannel::write(std::uint64_t address, std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    const std::uint32_t first = checked("write memory", address, bytes.size());
    const std::uint32_t begin = first / 4 * 4;
    const std::size_t span = (first - begin + bytes.size() + 3) / 4 * 4;
    std::vector<std::byte> words(span);
    // What shares the first or last word stays as it is.
    if (span != bytes.size()) read(begin, words);
    std::copy(bytes.begin(), bytes.end(),
              words.begin() + static_cast<std::ptrdiff_t>(first - begin));
    if (span == 4) {
        std::uint32_t value = 0;
        for (const std::byte b : words) value = value << 8 | std::to_integer<std::uint32_t>(b);
        return write_register(begin, value);
    }
    for (std::size_t at = 0; at < span; at += piece)
        write_aligned(begin + static_cast<std::uint32_t>(at),
                      std::span(words).subspan(at, std::min(piece, span - at)));
}

}  // namespace opal::drivers::gige
