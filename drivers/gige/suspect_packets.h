// SuspectPackets: stream packets of blocks that nobody expects by now, kept aside until several
// agree: a single one that is stale or forged must not move a run to its id. Part of the
// BlockAssembler; no memory is allocated once its places have the size of a packet.
#pragma once

#include "hal/clock.h"
#include "protocol/gvsp.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace opal::drivers::gige {

class SuspectPackets {
public:
    static constexpr std::size_t enough = 3;  // different ones, of ids close to each other

    // Keeps a copy; forgets those it does not agree with, more than `reach` ids away, and old ones.
    void keep(const protocol::gvsp::Packet& packet, hal::Time now, std::uint64_t reach);
    bool agree() const { return count_ >= enough; }
    void forget() { count_ = 0; }
    std::size_t size() const { return count_; }
    hal::Time since() const { return since_; }  // the first of them came; size() > 0
    // Valid until the next keep().
    protocol::gvsp::Packet at(std::size_t i) const { return {kept_[i].header, kept_[i].payload}; }

private:
    struct Kept {
        protocol::gvsp::Header header;
        std::vector<std::byte> payload;
    };

    std::array<Kept, enough> kept_;
    std::size_t count_ = 0;
    hal::Time since_{};
};

}  // namespace opal::drivers::gige
