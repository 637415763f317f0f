// Fuzz target: everything a USB3 Vision camera sends (protocol/u3v_*.h). What is taken is written
// back as the same bytes.
#include "tests/fuzz/fuzz_target.h"

#include "protocol/u3v_control.h"
#include "protocol/u3v_interfaces.h"
#include "protocol/u3v_manifest.h"
#include "protocol/u3v_stream.h"

#include <algorithm>
#include <vector>

namespace opal::fuzz {

namespace u3v = protocol::u3v;

namespace {

Bytes bytes_of_span(std::span<const std::byte> from) {
    Bytes bytes;
    for (const std::byte b : from) bytes.push_back(std::to_integer<std::uint8_t>(b));
    return bytes;
}

template <typename Encode>
Bytes encoded(Encode&& encode) {
    std::vector<std::byte> room(256);
    return bytes_of_span(std::span<const std::byte>(room).first(encode(std::span(room))));
}

}  // namespace

std::vector<Bytes> seeds() {
    using Room = std::span<std::byte>;
    u3v::Interfaces interfaces;
    interfaces.control = {0, 0x01, 0x81, 1024};
    interfaces.info.emplace();
    interfaces.stream = u3v::Channel{1, 0, 0x82, 1024};
    u3v::Leader leader{7, u3v::PayloadType::image_and_chunks, 9, 0x01080001, 4, 3, 2, 1, 0};
    return {
        bytes_of_span(u3v::encode_configuration(interfaces, u3v::super_speed)),
        encoded([](Room r) {
            return u3v::encode_read_memory(1, {0x1D8, 8}, r);
        }),
        encoded([](Room r) { return u3v::encode_write_ack(2, 4, r); }),
        encoded([](Room r) { return u3v::encode_pending_ack(3, 700, r); }),
        {0x55, 0x33, 0x56, 0x43, 0x00, 0x40, 0x08, 0x08, 0x0e, 0x00, 0x02, 0x00, 0x84,
         0x01, 0,    0,    0,    0,    0,    0,    0,    0,    2,    0,    0xaa, 0xbb},
        encoded([&](Room r) { return u3v::encode_leader(leader, r); }),
        encoded([&](Room r) {
            return u3v::encode_trailer({7, u3v::Status::success, 12, 3, 1}, leader.type, r);
        }),
        encoded([](Room r) { return u3v::encode_manifest_entry({}, r); }),
    };
}

std::vector<std::string> words() {
    return {"U3VC",
            "U3VL",
            "U3VT",
            std::string("\xEF\x05\x02", 3),
            std::string("\x09\x04", 2),
            std::string("\x07\x05", 2),
            std::string("\x34\x00", 2),
            std::string("\x01\x40", 2),
            "\xFF\xFF\xFF\xFF"};
}

void feed(std::span<const std::byte> input) {
    const auto comes_back = [&](std::size_t size, const std::vector<std::byte>& again,
                                const char* what) {
        require(size > 0 && size <= input.size(), what);
        require(std::equal(again.begin(), again.begin() + static_cast<std::ptrdiff_t>(size),
                           input.begin()),
                what);
    };
    if (const auto command = u3v::decode_command(input)) {
        std::vector<std::byte> again(input.size());
        comes_back(u3v::encode_command(*command, again), again, "a command is written back");
        (void)u3v::decode_read_memory(command->payload);
        (void)u3v::decode_write_memory(command->payload);
        std::size_t taken = 0;
        auto rest = command->payload;
        while (const auto read = u3v::next_stacked_read(rest)) ++taken;
        rest = command->payload;
        while (const auto write = u3v::next_stacked_write(rest))
            require(write->data.size() <= command->payload.size(), "a piece stays in its room");
        rest = command->payload;
        while (u3v::next_stacked_written(rest)) ++taken;
        require(taken <= command->payload.size(), "lists end");
    }
    if (const auto ack = u3v::decode_ack(input)) {
        (void)u3v::to_string(ack->status);
        (void)u3v::decode_write_ack(ack->payload);
        (void)u3v::decode_pending_ack(ack->payload);
    }
    if (const auto leader = u3v::decode_leader(input)) {
        std::vector<std::byte> again(u3v::image_leader_size);
        const std::size_t size = u3v::encode_leader(*leader, again);
        require(u3v::decode_leader(std::span(again).first(size)) == leader, "a leader comes back");
    }
    for (const auto type : {u3v::PayloadType::image, u3v::PayloadType::chunks,
                            u3v::PayloadType::image_and_chunks, u3v::PayloadType::gendc})
        if (const auto trailer = u3v::decode_trailer(input, type)) {
            std::vector<std::byte> again(u3v::image_and_chunks_trailer_size);
            const std::size_t size = u3v::encode_trailer(*trailer, type, again);
            require(u3v::decode_trailer(std::span(again).first(size), type) == trailer,
                    "a trailer comes back");
        }
    if (const auto entry = u3v::decode_manifest_entry(input)) {
        std::vector<std::byte> again(u3v::manifest_entry_size);
        u3v::encode_manifest_entry(*entry, again);
        require(u3v::decode_manifest_entry(again) == entry, "a manifest entry comes back");
    }
    if (const auto found = u3v::find_interfaces(input)) {
        require((found->control.in & 0x80u) != 0 && (found->control.out & 0x80u) == 0,
                "endpoints have their directions");
        const auto again = u3v::find_interfaces(u3v::encode_configuration(
            *found, found->control.packet_bytes >= 1024 ? u3v::super_speed : u3v::high_speed));
        require(again && again->control.in == found->control.in &&
                    again->stream.has_value() == found->stream.has_value() &&
                    again->info == found->info,
                "interfaces come back");
    }
}

}  // namespace opal::fuzz
