// Stream: a BlockAssembler fed with packets typed by hand. Blocks of 20 bytes: leader 0, data 1 (12
// bytes) and 2 (8 bytes), trailer 3. A packet of 48 bytes has 28 of IP and UDP and a header of 8.
#pragma once

#include "drivers/gige/block_assembler.h"

#include <algorithm>
#include <initializer_list>
#include <vector>

namespace opal::tests {

using drivers::gige::AssemblerOptions;
using drivers::gige::Block;
using drivers::gige::BlockAssembler;
using Bytes = std::vector<std::byte>;

inline Bytes bytes_of(std::initializer_list<int> values) {
    Bytes bytes;
    for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}

// Of this time stamp: 5 x 4 pixels of Mono8.
inline Bytes leader(int block, int time) {
    return bytes_of({0, 0, 0, block, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, time, 1, 8,
                     0, 1, 0, 0,     0, 5, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0});
}
// Data byte i of block b is 16 b + i.
inline Bytes data(int block, int packet) {
    Bytes bytes = bytes_of({0, 0, 0, block, 3, 0, 0, packet});
    for (int i = 12 * (packet - 1); i < std::min(20, 12 * packet); ++i)
        bytes.push_back(static_cast<std::byte>(16 * block + i));
    return bytes;
}
inline Bytes trailer(int block) {
    return bytes_of({0, 0, 0, block, 2, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 4});
}
inline Bytes image(int block) {
    Bytes bytes(20);
    for (int i = 0; i < 20; ++i)
        bytes[static_cast<std::size_t>(i)] = static_cast<std::byte>(16 * block + i);
    return bytes;
}

class Stream {
public:
    Stream() { begin(); }
    void begin() {
        options.payload_bytes = 20;
        options.packet_size = 48;
        assembler.reset(options);
    }
    // The first packet of a run is believed when others agree, or after a moment.
    void begin_with(const Bytes& datagram) {
        take(datagram);
        wait(options.silence);
    }
    // Taken in, and what is finished by then.
    void take(const Bytes& datagram) {
        assembler.take(datagram, now);
        drain();
    }
    void whole(int block, int time) {
        for (const Bytes& packet :
             {leader(block, time), data(block, 1), data(block, 2), trailer(block)})
            take(packet);
    }
    void wait(hal::Duration span) {
        now += span;
        assembler.tend(now);
        drain();
    }
    void drain() {
        while (auto block = assembler.finished()) blocks.push_back(std::move(*block));
    }

    hal::Time now{};
    AssemblerOptions options;
    std::vector<protocol::gvcp::PacketResend> requests;
    std::vector<Block> blocks;
    BlockAssembler assembler{
        [this](const protocol::gvcp::PacketResend& request) { requests.push_back(request); }};
};

}  // namespace opal::tests
