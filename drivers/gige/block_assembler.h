// BlockAssembler: GVSP packets, in whatever order and number they come, -> whole frames, or frames
// that say what is missing. Stands between the stream's UDP port and the camera.
//
//   open blocks   |leader|1|2|.|4|5|......|trailer|     a few at a time, oldest first
//                              ^ asked for again after a moment, a few times, then given up
//
// Rule: blocks are handed out in the order of their ids, each once; nothing is made up. Reads no
// clock: whoever calls says what time it is. No memory is allocated per frame once its pool has
// grown to what is in flight.
#pragma once

#include "drivers/genapi/wire_camera.h"
#include "hal/clock.h"
#include "protocol/gvcp_messages.h"
#include "protocol/gvsp.h"
#include "protocol/gvsp_payloads.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace opal::drivers::gige {

using genapi::MissingRange;

struct Block {
    std::uint64_t number = 0;  // counted from the first of the run, wraps unfolded
    bool has_leader = false;
    bool has_trailer = false;
    protocol::gvsp::Leader leader;
    protocol::gvsp::Trailer trailer;
    std::vector<std::byte> data;        // missing bytes are 0
    std::vector<MissingRange> missing;  // empty: every byte came
    bool complete() const { return has_leader && missing.empty(); }
};

struct AssemblerOptions {
    std::size_t payload_bytes = 0;     // of a block, chunks included
    std::uint32_t packet_size = 1500;  // of the whole IP datagram
    bool resend = true;                // the camera can send packets again
    std::size_t open_blocks = 8;       // at a time; beyond, the oldest is given up
    hal::Duration reorder = std::chrono::milliseconds(1);   // a gap may still close by itself
    hal::Duration silence = std::chrono::milliseconds(20);  // then a packet is asked for (again)
    hal::Duration patience =
        std::chrono::milliseconds(200);  // then an unfinished block is given up
    int most_requests = 5;               // for one packet
};

struct AssemblerStatistics {
    std::uint64_t packets = 0;
    std::uint64_t ignored = 0;  // foreign, malformed, of blocks long gone
    std::uint64_t doubled = 0;
    std::uint64_t resend_requests = 0;
    std::uint64_t resent = 0;        // packets that came because they were asked for again
    std::uint64_t lost_packets = 0;  // of blocks handed out without them
    std::uint64_t incomplete = 0;
    std::uint64_t lost_blocks = 0;  // of which no packet came
};

class BlockAssembler {
public:
    using Request = std::function<void(const protocol::gvcp::PacketResend&)>;

    // `request` sends a packet request to the camera.
    explicit BlockAssembler(Request request) : request_(std::move(request)) {}

    // A new run: forgets what was open; storage stays.
    void reset(const AssemblerOptions& options);
    // finished() is called after every packet, until it has no more.
    void take(std::span<const std::byte> datagram, hal::Time now);
    // Asks for what is missing, gives up what has waited too long.
    void tend(hal::Time now);
    // When tend() has something to do without a packet having come; Time::max(): never.
    hal::Time next_tending() const;
    // The next block in order, if it is finished. Its data come back with recycle().
    std::optional<Block> finished();
    void recycle(std::vector<std::byte> data);
    const AssemblerStatistics& statistics() const { return statistics_; }
    // The camera's id of the block that was opened last; 0: none yet.
    std::uint64_t newest_id() const { return newest_id_; }
    // The camera goes on counting where its last run ended instead of beginning anew.
    void continue_after(std::uint64_t last_id) { continue_after_ = last_id; }

private:
    struct Open {
        Block block;
        std::uint64_t id = 0;
        std::vector<std::uint64_t> received;  // bits; 0 leader, 1.. data, last trailer
        std::uint32_t packets = 0;            // leader and trailer included
        std::uint32_t count = 0;              // received
        std::uint32_t highest = 0;
        hal::Time last_packet{};
        hal::Time gap_since{};
        hal::Time last_request{};
        int requests = 0;
        bool unavailable = false;
        bool done = false;
    };

    Open* open_for(const protocol::gvsp::Header& header, hal::Time now);
    void start(Open& open, const protocol::gvsp::Header& header, std::uint64_t number,
               hal::Time now);
    void place(Open& open, const protocol::gvsp::Header& header,
               std::span<const std::byte> payload);
    bool has(const Open& open, std::uint32_t packet) const;
    bool has_gap(const Open& open, std::uint32_t below) const;
    void ask_again(Open& open, std::uint32_t below, hal::Time now);
    void give_up(Open& open);
    hal::Time due(const Open& open, bool newest) const;

    Request request_;
    AssemblerOptions options_;
    AssemblerStatistics statistics_;
    bool extended_ = false;       // the layout of this run
    std::size_t per_packet_ = 0;  // data bytes in a full packet
    std::vector<Open> slots_;     // a ring; [head_, head_ + used_)
    std::size_t head_ = 0;
    std::size_t used_ = 0;
    std::uint64_t newest_id_ = 0;
    std::uint64_t newest_number_ = 0;
    std::uint64_t continue_after_ = 0;
    std::vector<std::vector<std::byte>> pool_;

    Open& at(std::size_t i) { return slots_[(head_ + i) % slots_.size()]; }
    const Open& at(std::size_t i) const { return slots_[(head_ + i) % slots_.size()]; }
};

}  // namespace opal::drivers::gige
