// ControlChannel: command and acknowledge.
#include "drivers/u3v/control_channel.h"

#include "hal/error.h"
#include "protocol/little_endian.h"
#include "protocol/u3v_registers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace opal::drivers::u3v {

using hal::DeviceError;
using hal::ErrorKind;
using protocol::u3v::Command;
using protocol::u3v::Status;
namespace wire = protocol::u3v;

namespace {

constexpr std::size_t smallest_limit = 64;
constexpr std::size_t largest_limit = 65536;
constexpr hal::Duration longest_answer = std::chrono::seconds(10);

std::size_t whole_packets(std::size_t bytes, std::size_t packet) {
    return (bytes + packet - 1) / packet * packet;
}

}  // namespace

ControlChannel::ControlChannel(hal::UsbDevice& usb, const wire::Channel& endpoints,
                               hal::Clock& clock, std::string name, ControlTiming timing)
    : usb_(usb),
      endpoints_(endpoints),
      clock_(clock),
      name_(std::move(name)),
      timing_(timing),
      command_(longest_command_),
      answer_(whole_packets(longest_ack_, std::max<std::size_t>(64, endpoints.packet_bytes))) {}

void ControlChannel::learn_limits() {
    const hal::Duration promised = std::chrono::milliseconds(read32(wire::abrm::max_response_ms));
    {
        const std::lock_guard lock(mutex_);
        const hal::Duration needed = std::min(2 * promised, longest_answer);
        timing_.read_answer = std::max(timing_.read_answer, needed);
        timing_.write_answer = std::max(timing_.write_answer, needed);
        learned_ = true;
    }
    const std::uint64_t sbrm = read64(wire::abrm::sbrm);
    const std::size_t command = read32(sbrm + wire::sbrm::max_command);
    const std::size_t ack = read32(sbrm + wire::sbrm::max_ack);
    const std::lock_guard lock(mutex_);
    longest_command_ = std::clamp(command, smallest_limit, largest_limit);
    longest_ack_ = std::clamp(ack, smallest_limit, largest_limit);
    command_.resize(longest_command_);
    answer_.resize(whole_packets(longest_ack_, std::max<std::size_t>(64, endpoints_.packet_bytes)));
}

// 0 is a number that some devices do not like.
std::uint16_t ControlChannel::new_id() {
    const std::uint16_t id = next_id_;
    next_id_ = id == 0xFFFF ? std::uint16_t{1} : static_cast<std::uint16_t>(id + 1);
    return id;
}

std::optional<wire::AckPacket> ControlChannel::ask_once(Command command, std::uint16_t id,
                                                        std::span<const std::byte> packet,
                                                        hal::Duration patience) {
    hal::Deadline deadline = hal::Deadline::after(clock_, patience);
    usb_.write(endpoints_.out, packet, deadline);
    int pending = 0;
    for (bool first = true;; first = false) {
        // A device that sends on and on what nobody asked for does not prolong the wait.
        if (!first && deadline.passed(clock_)) return std::nullopt;
        const auto length = usb_.read(endpoints_.in, answer_, deadline);
        if (!length) return std::nullopt;
        const auto ack = wire::decode_ack(std::span(answer_).first(*length));
        // What comes late for an earlier command is not for this one.
        if (!ack || ack->request_id != id) continue;
        if (ack->ack == wire::ack_of(command)) return ack;
        if (ack->ack != wire::ack_of(Command::pending)) continue;
        const auto time_ms = wire::decode_pending_ack(ack->payload);
        if (!time_ms || ++pending > timing_.most_pending) continue;
        deadline = hal::Deadline::after(
            clock_,
            std::min<hal::Duration>(std::chrono::milliseconds(*time_ms), timing_.longest_pending) +
                patience);
    }
}

// After a stall or a broken transfer both endpoints start anew.
void ControlChannel::recover() {
    usb_.clear_halt(endpoints_.out);
    usb_.clear_halt(endpoints_.in);
}

void ControlChannel::refuse(const char* operation, std::uint64_t address, Status status) const {
    const ErrorKind kind = status == Status::invalid_parameter ? ErrorKind::out_of_range
                           : status == Status::invalid_address || status == Status::not_implemented
                               ? ErrorKind::unsupported
                           : status == Status::bad_alignment || status == Status::invalid_header
                               ? ErrorKind::corrupt
                               : ErrorKind::refused;
    throw DeviceError(kind, name_, fmt::format("{} {:#x}", operation, address),
                      fmt::format("the camera says: {} ({:#06x})", wire::to_string(status),
                                  static_cast<unsigned>(status)));
}

void ControlChannel::give_up(const char* operation, std::uint64_t address,
                             const std::string& text) const {
    throw DeviceError(ErrorKind::timeout, name_, fmt::format("{} {:#x}", operation, address), text);
}

void ControlChannel::read_piece(std::uint64_t address, std::span<std::byte> into) {
    const wire::MemoryRange range{address, static_cast<std::uint16_t>(into.size())};
    std::string trouble;
    hal::Duration patience = timing_.read_answer;
    hal::Duration waited{0};
    for (int attempt = 0; attempt < timing_.tries; ++attempt) {
        if (attempt > 0) ++retries_;
        const std::uint16_t id = new_id();
        const std::size_t size = wire::encode_read_memory(id, range, command_);
        try {
            const auto ack =
                ask_once(Command::read_memory, id, std::span(command_).first(size), patience);
            if (!ack) {
                waited += patience;
                if (!learned_)
                    patience = std::max(patience, std::min(2 * patience, longest_answer));
                continue;
            }
            if (ack->status != Status::success) refuse("read", address, ack->status);
            if (ack->payload.size() != into.size())
                throw DeviceError(
                    ErrorKind::corrupt, name_, fmt::format("read {:#x}", address),
                    fmt::format("{} bytes asked, {} came", into.size(), ack->payload.size()));
            std::copy(ack->payload.begin(), ack->payload.end(), into.begin());
            return;
        } catch (const DeviceError& error) {
            // Of the link, not of the device: the camera's own refusals name it.
            if (error.device() == name_ || error.kind() == ErrorKind::disconnected) throw;
            trouble = error.what();
            recover();
        }
    }
    give_up("read", address,
            trouble.empty()
                ? fmt::format("no answer in {:.1f} s, asked {} times; pull the camera's "
                              "cable out and put it in again",
                              std::chrono::duration<double>(waited).count(), timing_.tries)
                : trouble);
}

void ControlChannel::write_piece(std::uint64_t address, std::span<const std::byte> bytes) {
    const std::uint16_t id = new_id();
    const std::size_t size = wire::encode_write_memory(id, {address, bytes}, command_);
    std::optional<wire::AckPacket> ack;
    try {
        ack = ask_once(Command::write_memory, id, std::span(command_).first(size),
                       timing_.write_answer);
    } catch (const DeviceError& error) {
        if (error.kind() != ErrorKind::disconnected) recover();
        throw;
    }
    if (!ack)
        give_up("write", address,
                fmt::format("no answer in {:.1f} s; whether it was done is not known",
                            std::chrono::duration<double>(timing_.write_answer).count()));
    if (ack->status != Status::success) refuse("write", address, ack->status);
    const auto written = wire::decode_write_ack(ack->payload);
    // Some devices do not say how much.
    if (written && *written != bytes.size())
        throw DeviceError(ErrorKind::corrupt, name_, fmt::format("write {:#x}", address),
                          fmt::format("{} bytes sent, {} written", bytes.size(), *written));
}

void ControlChannel::read(std::uint64_t address, std::span<std::byte> into) {
    const std::lock_guard lock(mutex_);
    const std::size_t most = longest_ack_ - wire::header_size;
    for (std::size_t at = 0; at < into.size(); at += most)
        read_piece(address + at, into.subspan(at, std::min(most, into.size() - at)));
}

void ControlChannel::write(std::uint64_t address, std::span<const std::byte> bytes) {
    const std::lock_guard lock(mutex_);
    const std::size_t most = longest_command_ - wire::write_command_overhead;
    for (std::size_t at = 0; at < bytes.size(); at += most)
        write_piece(address + at, bytes.subspan(at, std::min(most, bytes.size() - at)));
}

std::uint32_t ControlChannel::read32(std::uint64_t address) {
    std::array<std::byte, 4> bytes;
    read(address, bytes);
    return protocol::load_le32(bytes.data());
}

std::uint64_t ControlChannel::read64(std::uint64_t address) {
    std::array<std::byte, 8> bytes;
    read(address, bytes);
    return protocol::load_le64(bytes.data());
}

void ControlChannel::write32(std::uint64_t address, std::uint32_t value) {
    std::array<std::byte, 4> bytes;
    protocol::store_le32(bytes.data(), value);
    write(address, bytes);
}

}  // namespace opal::drivers::u3v
