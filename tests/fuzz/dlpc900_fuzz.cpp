// Fuzz target: what a DLPC900 is sent (protocol/dlpc900_packet.h, dlpc900_image.h). What is taken
// is encoded and comes back the same.
#include "tests/fuzz/fuzz_target.h"

#include "protocol/dlpc900_image.h"
#include "protocol/dlpc900_messages.h"
#include "protocol/dlpc900_packet.h"

#include <algorithm>

namespace opal::fuzz {

using namespace protocol;

namespace {

Bytes file_of(Dlpc900Compression how) {
    Dlpc900Picture picture{8, 3, {}};
    for (int i = 0; i < 72; ++i)
        picture.pixels.push_back(static_cast<std::byte>(i % 9 < 5 ? 1 : i));
    Bytes bytes;
    for (const std::byte b : encode(picture, how))
        bytes.push_back(std::to_integer<std::uint8_t>(b));
    return bytes;
}

}  // namespace

std::vector<Bytes> seeds() {
    return {file_of(Dlpc900Compression::none),
            file_of(Dlpc900Compression::plain),
            file_of(Dlpc900Compression::enhanced),
            {0xC0, 2, 2, 0, 0x0A, 0x1A},
            {0x40, 7, 0x0E, 0, 0x34, 0x1A, 5, 0, 0x69, 0, 0, 0x10, 0, 0, 0, 0, 0, 0x28},
            {5, 0, 0x69, 0, 0, 0x10, 0, 0, 0, 0, 0, 0x28},
            {24, 0, 24, 0, 0, 0},
            {0, 0, 0, 20, 0},
            {105, 0, 1},
            {2, 0, 24, 0, 0, 0, 1, 0, 0, 0},
            {4, 0, 1, 2, 3, 4}};
}

std::vector<std::string> words() {
    return {"Spld", std::string("\x80\x0F", 2), std::string("\0\1", 2), std::string("\0\0", 2),
            std::string("\0\1\0", 3)};
}

void feed(std::span<const std::byte> input) {
    // A picture of the header's size is made before its code is looked at: small ones only.
    const auto header = parse_dlpc900_header(input);
    if (header && header->width <= 64 && header->height <= 64) {
        if (const auto picture = parse_dlpc900_file(input))
            require(parse_dlpc900_file(encode_smallest(*picture)) == picture, "dlpc900 picture");
    }
    const auto comes_back = [&](const auto& parse, const char* what) {
        if (const auto message = parse(input)) require(parse(encode(*message)) == message, what);
    };
    comes_back(parse_dlpc900_configuration, "dlpc900 configuration");
    comes_back(parse_dlpc900_image_start, "dlpc900 image start");
    comes_back(parse_dlpc900_trigger_out, "dlpc900 trigger out");
    comes_back(parse_dlpc900_trigger_in, "dlpc900 trigger in");
    comes_back(parse_dlpc900_version, "dlpc900 version");
    comes_back(parse_dlpc900_entry, "dlpc900 entry");
    if (const auto chunk = parse_dlpc900_chunk(input))
        require(encode_dlpc900_chunk(*chunk).size() == chunk->size() + 2, "dlpc900 chunk");
    if (const auto order = parse_dlpc900_reorder(input))
        require(parse_dlpc900_reorder(encode(*order)) == order, "dlpc900 reorder");
    Dlpc900CommandReader commands;
    Dlpc900ReplyReader replies;
    for (std::size_t at = 0; at < input.size(); at += dlpc900_report_bytes) {
        const auto report = input.subspan(at, std::min(dlpc900_report_bytes, input.size() - at));
        if (const auto command = commands.take(report)) {
            Dlpc900CommandReader again;
            std::optional<Dlpc900Command> back;
            for (const auto& r : encode(*command)) back = again.take(r);
            require(back && back->word == command->word && back->data == command->data,
                    "dlpc900 command");
        }
        if (const auto reply = replies.take(report)) encode(*reply);
    }
}

}  // namespace opal::fuzz
