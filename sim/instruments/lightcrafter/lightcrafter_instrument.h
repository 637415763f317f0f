// LightCrafterInstrument: a TI DLP LightCrafter as its TCP port shows it, around a DMD of the
// optical table with 684 x 608 mirrors and at least 96 pattern slots.
//
// It refuses what the real one refuses, with the same codes: wrong checksums and lengths, chunks
// out of order, commands in the wrong order, bitmaps that do not fit the sequence, more planes than
// its memory, exposures below its table. After a wrong checksum it understands nothing any more
// until the host connects again.
#pragma once

#include "hal/dmd.h"
#include "protocol/lightcrafter.h"

#include <optional>
#include <string>
#include <vector>

namespace opal::sim {

struct LightCrafterScene {
    std::string version = "4.0.1";
    int busy_replies = 0;  // so many of the next requests are answered "busy"
    bool frozen = false;   // answers nothing
};

class LightCrafterInstrument {
public:
    // `mirrors`: told what to do by this instrument alone. It must outlive it.
    explicit LightCrafterInstrument(hal::Dmd& mirrors, const LightCrafterScene& scene = {});

    // A host has connected.
    void connected();
    // What has arrived -> what goes back.
    std::vector<std::byte> receive(std::span<const std::byte> bytes);
    std::uint64_t patterns_received() const { return patterns_received_; }
    LightCrafterScene scene;

private:
    enum class Code : std::uint8_t {
        done = 0,
        unsupported = 2,
        invalid = 3,
        memory = 4,
        order = 7,
        checksum = 9,
        length = 10,
        chunk = 11
    };
    std::vector<std::byte> answer(const protocol::LcrPacket& request);
    Code take(const protocol::LcrPacket& request);
    Code write(std::uint16_t command, std::span<const std::byte> payload);
    std::optional<std::vector<std::byte>> read(const protocol::LcrPacket& request) const;
    Code set_sequence(std::span<const std::byte> payload);
    Code take_pattern(std::span<const std::byte> payload);
    Code start(bool on);

    hal::Dmd& mirrors_;
    protocol::LcrReader reader_;
    std::vector<std::byte> chunks_;
    std::uint16_t chunk_command_ = 0;
    bool collecting_ = false;
    bool lost_ = false;
    std::uint8_t mode_ = 0;
    std::optional<protocol::LcrSequence> sequence_;
    protocol::LcrCameraTrigger trigger_;
    std::vector<bool> stored_;
    std::uint64_t patterns_received_ = 0;
};

}  // namespace opal::sim
