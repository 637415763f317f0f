// LightCrafterLink: see lightcrafter_link.h.
#include "drivers/lightcrafter/lightcrafter_link.h"

#include <fmt/format.h>

#include <array>

namespace opal::drivers {

using hal::Deadline;
using hal::ErrorKind;
using protocol::LcrChunk;
using protocol::LcrCommand;
using protocol::LcrPacket;
using protocol::LcrType;
using namespace std::chrono_literals;

namespace {

constexpr hal::Duration reply_patience = 2s;
constexpr hal::Duration busy_patience = 10s;
constexpr hal::Duration busy_pause = 20ms;

}  // namespace

LightCrafterLink::LightCrafterLink(std::unique_ptr<hal::TcpStream> stream, hal::Clock& clock)
    : stream_(std::move(stream)), clock_(clock), device_("lightcrafter " + stream_->peer()) {}

void LightCrafterLink::write(LcrCommand command, std::span<const std::byte> payload,
                             const std::string& what) {
    for (const LcrPacket& part : protocol::write_request(command, payload)) exchange(part, what);
}

std::vector<std::byte> LightCrafterLink::read(LcrCommand command,
                                              std::span<const std::byte> payload,
                                              const std::string& what) {
    LcrPacket reply = exchange({LcrType::read,
                                static_cast<std::uint16_t>(command),
                                LcrChunk::whole,
                                {payload.begin(), payload.end()}},
                               what);
    std::vector<std::byte> whole = std::move(reply.payload);
    // A long answer comes in chunks that nobody acknowledges [TI host code].
    while (reply.chunk == LcrChunk::first || reply.chunk == LcrChunk::middle) {
        reply = receive(Deadline::after(clock_, reply_patience), what);
        if (reply.type != LcrType::read_reply)
            fail(ErrorKind::corrupt, what, "the answer ended in the middle");
        whole.insert(whole.end(), reply.payload.begin(), reply.payload.end());
    }
    return whole;
}

LcrPacket LightCrafterLink::exchange(const LcrPacket& request, const std::string& what) {
    const std::vector<std::byte> bytes = encode(request);
    const Deadline give_up = Deadline::after(clock_, busy_patience);
    for (;;) {
        stream_->write(bytes, Deadline::after(clock_, reply_patience));
        bytes_sent_ += bytes.size();
        LcrPacket reply = receive(Deadline::after(clock_, reply_patience), what);
        if (reply.command != request.command)
            fail(ErrorKind::corrupt, what,
                 fmt::format("the reply is to command {:04X}, not to {:04X}", reply.command,
                             request.command));
        if (reply.type == LcrType::busy) {
            if (give_up.passed(clock_))
                fail(ErrorKind::timeout, what, "the device said for 10 s that it is busy");
            clock_.wait_for(busy_pause);
            continue;
        }
        if (reply.type == LcrType::error) {
            std::string words;
            for (const std::byte b : reply.payload) {
                const int code = std::to_integer<int>(b);
                const auto text = protocol::lcr_error_text(code);
                words += fmt::format("{}error {}{}{}", words.empty() ? "" : ", ", code,
                                     text.empty() ? "" : ": ", text);
            }
            throw hal::DeviceError(ErrorKind::refused, device_, what,
                                   words.empty() ? "an error without a code" : words);
        }
        const auto due =
            request.type == LcrType::write ? LcrType::write_reply : LcrType::read_reply;
        if (reply.type != due) fail(ErrorKind::corrupt, what, "a reply of another type came");
        return reply;
    }
}

LcrPacket LightCrafterLink::receive(Deadline deadline, const std::string& what) {
    std::array<std::byte, 4096> bytes;
    for (;;) {
        if (auto packet = reader_.next()) return std::move(*packet);
        if (!reader_.lost().empty())
            fail(ErrorKind::corrupt, what, fmt::format("{} came", reader_.lost()));
        const std::size_t count = stream_->read(bytes, deadline);
        if (count == 0)
            fail(ErrorKind::timeout, what,
                 "no reply within 2 s; the board may have frozen: power "
                 "it off and on, and let one program at a time use it");
        reader_.add(std::span(bytes).first(count));
    }
}

void LightCrafterLink::fail(ErrorKind kind, const std::string& what, const std::string& text) {
    stream_->close();
    throw hal::DeviceError(kind, device_, what, text);
}

}  // namespace opal::drivers
