// VirtualU3vCamera: control: commands and their acknowledges.
#include "sim/instruments/u3v/virtual_u3v_camera.h"

#include "protocol/u3v_registers.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace opal::sim {

using namespace std::chrono_literals;
namespace u3v = protocol::u3v;

namespace {

// How long a command that is answered by "pending" really takes.
constexpr std::uint16_t pending_ms = 700;

u3v::Status status_of(protocol::gvcp::Status status) {
    return static_cast<u3v::Status>(status);  // the same numbers
}

}  // namespace

VirtualU3vCamera::VirtualU3vCamera(OpticalTable& table, const Scene& scene, UsbGadget& usb,
                                   U3vCameraOptions options)
    : usb_(usb),
      options_(std::move(options)),
      faults_(options_.faults),
      body_(table, scene.sensor, memory_, *this, options_.threads, options_.exposures_before) {
    fill_memory(scene.sensor);
    usb_.on_write([this](std::uint8_t endpoint, std::span<const std::byte> bytes) {
        return endpoint == command_endpoint ? take_command(bytes) : UsbGadget::Verdict::stalled;
    });
    usb_.on_control([this](const hal::UsbSetup& setup, std::span<const std::byte>) {
        return take_setup(setup);
    });
}

VirtualU3vCamera::~VirtualU3vCamera() {
    usb_.on_write({});
    usb_.on_control({});
}

void VirtualU3vCamera::set_faults(const U3vFaults& faults) {
    const std::lock_guard alive(body_.mutex());
    faults_ = faults;
}

void VirtualU3vCamera::spoil_next_frame(U3vFaults::Fate fate) {
    const std::lock_guard alive(body_.mutex());
    next_fate_ = fate;
}

void VirtualU3vCamera::spoil_next_reply(U3vFaults::Reply reply, hal::Duration late) {
    const std::lock_guard alive(body_.mutex());
    next_reply_ = reply;
    next_reply_late_ = late;
}

std::uint64_t VirtualU3vCamera::dropped_frames() {
    const std::lock_guard alive(body_.mutex());
    return dropped_;
}

UsbGadget::Verdict VirtualU3vCamera::take_command(std::span<const std::byte> bytes) {
    const std::lock_guard alive(body_.mutex());
    const auto command = u3v::decode_command(bytes);
    if (!command) return UsbGadget::Verdict::taken;  // nobody can be told
    std::vector<std::byte> ack(memory_.value(sbrm_address + u3v::sbrm::max_ack));
    ack.resize(answer(*command, ack));
    if (command->wants_ack()) reply(command->request_id, std::move(ack));
    return UsbGadget::Verdict::taken;
}

void VirtualU3vCamera::reply(std::uint16_t id, std::vector<std::byte> ack) {
    hal::Duration later = faults_.slow_reply + std::exchange(next_reply_late_, {});
    const auto drawn = faults_.reply(commands_++);
    const auto asked = std::exchange(next_reply_, U3vFaults::Reply::fine);
    switch (asked != U3vFaults::Reply::fine ? asked : drawn) {
        case U3vFaults::Reply::fine:
            break;
        case U3vFaults::Reply::lost:
            return;
        case U3vFaults::Reply::stale:
            if (!last_ack_.empty()) usb_.send(ack_endpoint, last_ack_);
            break;
        case U3vFaults::Reply::pending: {
            std::array<std::byte, u3v::pending_ack_size> wait;
            u3v::encode_pending_ack(id, pending_ms, wait);
            usb_.send(ack_endpoint, wait);
            later += std::chrono::milliseconds(pending_ms - 100);
            break;
        }
    }
    last_ack_ = ack;
    if (later == hal::Duration{0}) return usb_.send(ack_endpoint, ack);
    body_.call_at(body_.now() + later,
                  [this, ack = std::move(ack)] { usb_.send(ack_endpoint, ack); });
}

std::size_t VirtualU3vCamera::answer(const u3v::CommandPacket& command, std::span<std::byte> ack) {
    const auto refuse = [&](Status status) {
        return u3v::encode_refusal(status, command.command, command.request_id, ack);
    };
    const std::size_t longest = memory_.value(sbrm_address + u3v::sbrm::max_command);
    if (u3v::header_size + command.payload.size() > longest) return refuse(Status::invalid_header);
    switch (command.command) {
        case u3v::Command::read_memory: {
            const auto range = u3v::decode_read_memory(command.payload);
            if (!range) return refuse(Status::invalid_header);
            if (range->bytes == 0 || range->bytes > ack.size() - u3v::header_size)
                return refuse(Status::invalid_parameter);
            std::vector<std::byte> data(range->bytes);
            const Status status = read(range->address, data);
            return status == Status::success
                       ? u3v::encode_memory_values(command.request_id, data, ack)
                       : refuse(status);
        }
        case u3v::Command::write_memory: {
            const auto wanted = u3v::decode_write_memory(command.payload);
            if (!wanted || wanted->data.empty()) return refuse(Status::invalid_header);
            const Status status = write(wanted->address, wanted->data);
            return status == Status::success
                       ? u3v::encode_write_ack(command.request_id,
                                               static_cast<std::uint16_t>(wanted->data.size()), ack)
                       : refuse(status);
        }
        default:
            return refuse(Status::not_implemented);
    }
}

// Any range of bytes: the words it touches, and of them what was asked.
VirtualU3vCamera::Status VirtualU3vCamera::read(std::uint64_t address, std::span<std::byte> into) {
    const std::uint64_t end = address + into.size();
    if (end < address || end > 0xFFFFFFFFu) return Status::invalid_address;
    refresh();
    for (std::uint64_t word = address / 4 * 4; word < end; word += 4) {
        std::uint32_t value = 0;
        const auto status = memory_.read(static_cast<std::uint32_t>(word), value);
        if (status != protocol::gvcp::Status::success) return status_of(status);
        std::array<std::byte, 4> bytes;
        memory_.store(bytes.data(), value);
        for (std::uint64_t i = std::max(word, address); i < std::min(word + 4, end); ++i)
            into[i - address] = bytes[i - word];
    }
    return Status::success;
}

VirtualU3vCamera::Status VirtualU3vCamera::write(std::uint64_t address,
                                                 std::span<const std::byte> bytes) {
    const std::uint64_t end = address + bytes.size();
    if (end < address || end > 0xFFFFFFFFu) return Status::invalid_address;
    for (std::uint64_t word = address / 4 * 4; word < end; word += 4) {
        std::array<std::byte, 4> whole{};
        const auto at = static_cast<std::uint32_t>(word);
        std::uint32_t value = 0;
        // What shares the first or last word stays as it is.
        if (memory_.read(at, value) == protocol::gvcp::Status::success)
            memory_.store(whole.data(), value);
        for (std::uint64_t i = std::max(word, address); i < std::min(word + 4, end); ++i)
            whole[i - word] = bytes[i - address];
        const Status status = write_word(at, memory_.load(whole.data()));
        if (status != Status::success) return status;
    }
    return Status::success;
}

VirtualU3vCamera::Status VirtualU3vCamera::write_word(std::uint32_t address, std::uint32_t value) {
    const auto possible = memory_.check_write(address, value);
    if (possible != protocol::gvcp::Status::success) return status_of(possible);
    const Status allowed = check(address, value);
    if (allowed != Status::success) return allowed;
    memory_.write(address, value);
    apply(address, value);
    return Status::success;
}

}  // namespace opal::sim
