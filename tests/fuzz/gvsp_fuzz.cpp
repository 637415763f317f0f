// Fuzz target: GVSP packets, alone and as a stream. The input is cut into datagrams at each 0xFE
// 0xED; whatever they are, the assembler hands out whole blocks and blocks that say what is
// missing.
#include "tests/fuzz/fuzz_target.h"

#include "drivers/gige/block_assembler.h"
#include "protocol/gvsp.h"
#include "protocol/gvsp_payloads.h"

#include <algorithm>
#include <array>
#include <vector>

namespace opal::fuzz {

namespace gvsp = protocol::gvsp;

namespace {

constexpr std::array<std::byte, 2> cut{std::byte{0xFE}, std::byte{0xED}};
constexpr std::size_t payload = 20;

void append(Bytes& bytes, std::initializer_list<int> more) {
    for (const int b : more) bytes.push_back(static_cast<std::uint8_t>(b));
    bytes.push_back(0xFE);
    bytes.push_back(0xED);
}

void decode_alone(std::span<const std::byte> datagram) {
    const auto packet = gvsp::decode_packet(datagram);
    if (!packet) return;
    std::array<std::byte, 32> room;
    require(gvsp::encode_header(packet->header, room) == packet->header.size(),
            "a header is written back");
    (void)gvsp::decode_leader(packet->payload);
    (void)gvsp::decode_trailer(packet->payload);
    (void)gvsp::decode_all_in(packet->payload);
    (void)gvsp::decode_part_data(packet->payload);
    if (const auto parts = gvsp::decode_parts(packet->payload, packet->header.parts))
        for (std::size_t i = 0; i < parts->size(); ++i) (void)(*parts)[i];
    protocol::ChunkReader chunks(packet->payload, protocol::ByteOrder::big_endian);
    while (chunks.next()) {
    }
}

}  // namespace

std::vector<Bytes> seeds() {
    // 20 bytes of payload, 12 in a packet of 48: leader, two packets, trailer; blocks 1 and 2.
    Bytes stream;
    for (const int block : {1, 2}) {
        append(stream, {0, 0, 0, block, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 1, 8,
                        0, 1, 0, 0,     0, 5, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        append(stream, {0, 0, 0, block, 3, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
        append(stream, {0, 0, 0, block, 3, 0, 0, 2, 13, 14, 15, 16, 17, 18, 19, 20});
        append(stream, {0, 0, 0, block, 2, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 4});
    }
    return {stream};
}

std::vector<std::string> words() {
    return {std::string("\xFE\xED", 2),         std::string("\x80\x0C", 2),
            std::string("\x01\x00", 2),         std::string("\x00\x00\x00\x01", 4),
            std::string("\x83\x00\x00\x00", 4), std::string("\xFF\xFF", 2)};
}

void feed(std::span<const std::byte> input) {
    std::size_t requests = 0;
    drivers::gige::BlockAssembler assembler(
        [&](const protocol::gvcp::PacketResend&) { ++requests; });
    drivers::gige::AssemblerOptions options;
    options.payload_bytes = payload;
    options.packet_size = 48;
    options.open_blocks = 3;
    assembler.reset(options);
    std::uint64_t next = 0;
    hal::Time now{};
    const auto drain = [&] {
        while (auto block = assembler.finished()) {
            require(block->number >= next, "blocks come in order, each once");
            next = block->number + 1;
            std::size_t end = 0;
            for (const auto& range : block->missing) {
                require(range.begin >= end && range.end > range.begin && range.end <= payload,
                        "missing ranges are in order and inside");
                end = range.end;
                for (std::size_t i = range.begin; i < range.end; ++i)
                    require(block->data[i] == std::byte{0}, "what is missing reads 0");
            }
            assembler.recycle(std::move(block->data));
        }
    };
    for (;;) {
        const auto end = std::search(input.begin(), input.end(), cut.begin(), cut.end());
        const std::vector<std::byte> datagram(input.begin(), end);
        decode_alone(datagram);
        assembler.take(datagram, now);
        drain();
        now += std::chrono::milliseconds(1);
        assembler.tend(now);
        drain();
        if (end == input.end()) break;
        input = input.subspan(static_cast<std::size_t>(end - input.begin()) + cut.size());
    }
    // Left alone, everything that was begun is given up in bounded time and with bounded effort.
    for (int i = 0; i < 100; ++i) {
        now += std::chrono::milliseconds(10);
        assembler.tend(now);
        drain();
    }
    require(requests <= 5 * 4 * (assembler.statistics().packets + 1), "requests are bounded");
}

}  // namespace opal::fuzz
