// BlockAssembler: GVSP packets, in whatever order and number they come, -> whole frames, or frames
// that say what is missing. Stands between the stream's UDP port and the camera.
//
//   open blocks   |leader|1|2|.|4|5|......|trailer|     a few at a time, oldest first
//                              ^ asked for again after a moment, a few times, then given up
//
// Whoever receives asks predict() first where the next packets will have their place, lets the port
// write them there, and nothing is copied as long as they come in order.
//
// Packets of blocks that nobody expects have to agree before they are believed (SuspectPackets).
//
// Rule: blocks are handed out in the order of their ids, each once; nothing is made up. Reads no
// clock: whoever calls says what time it is. No memory is allocated per frame once its pool has
// grown to what is in flight.
#pragma once

#include "drivers/genapi/wire_camera.h"
#include "drivers/gige/block_counting.h"
#include "drivers/gige/suspect_packets.h"
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
    hal::Time first_packet{};  // when it came; of a block nothing came of, when it was missed
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
    std::uint32_t most_ranges = 512;     // asked for in one block, and in all within a second
    std::uint32_t most_ranges_per_s = 20000;
    // Blocks with time stamps before the first of these, coming before the second, are left over
    // from another run.
    std::uint64_t begins_at_tick = 0;
    hal::Time stale_until = hal::Time::min();
};

struct AssemblerStatistics {
    std::uint64_t packets = 0;
    std::uint64_t ignored = 0;  // foreign, malformed, of blocks long gone
    std::uint64_t doubled = 0;
    std::uint64_t errors = 0;  // packets by which the camera said that something is wrong
    std::uint64_t resend_requests = 0;
    std::uint64_t unasked = 0;       // times there was more to ask for than may be asked
    std::uint64_t resent = 0;        // packets that came because they were asked for again
    std::uint64_t lost_packets = 0;  // of blocks handed out without them
    std::uint64_t incomplete = 0;
    std::uint64_t lost_blocks = 0;  // of which no packet came, not even when asked for
};

// A packet that is expected next, and the place of its data in its frame; no data: it has none, or
// nobody knows.
struct PredictedPacket {
    std::uint64_t block = 0;
    std::uint32_t packet = 0;
    std::span<std::byte> data;
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
    // One whose header has been read. Its payload may lie where predict() said, and stays there.
    void take(const protocol::gvsp::Packet& packet, hal::Time now);
    // Where the next packets of the stream go if they come in order. Holds until the next take(),
    // tend() or reset(); after a reset(), storage that was named may still be written to until
    // predict() is called again.
    void predict(std::span<PredictedPacket> packets);
    // Bytes of a stream packet's header; 0: nobody knows before the first of a run.
    std::size_t header_size() const;
    // Asks for what is missing, gives up what has waited too long.
    void tend(hal::Time now);
    // When tend() has something to do without a packet having come; Time::max(): never.
    hal::Time next_tending() const;
    // The next block in order, if it is finished. Its data come back with recycle().
    std::optional<Block> finished();
    void recycle(std::vector<std::byte> data);
    const AssemblerStatistics& statistics() const { return statistics_; }
    // Packets still to come of the block opened last; 0: it is complete, or there is none.
    std::uint32_t outstanding() const;
    // A packet that came after the run: its block is used up all the same.
    void overhear(const protocol::gvsp::Header& header);

private:
    struct Open {
        Block block;
        std::uint64_t id = 0;
        std::vector<std::uint64_t> received;  // bits; 0 leader, 1.. data, last trailer
        std::uint32_t count = 0;              // received
        std::uint32_t highest = 0;
        hal::Time last_packet{};
        hal::Time gap_since{};
        hal::Time last_request{};
        int requests = 0;
        std::uint32_t ranges_asked = 0;
        bool unavailable = false;
        bool skipped = false;  // the next one began before a packet of this one came
        bool done = false;
    };

    void accept(const protocol::gvsp::Packet& packet, hal::Time now);
    void note_status(const protocol::gvsp::Header& header, hal::Time now);
    bool is_expected(const protocol::gvsp::Header& header);
    bool is_past(const protocol::gvsp::Header& header) const;
    bool is_stale(const protocol::gvsp::Packet& packet, hal::Time now);
    void believe_suspects(hal::Time now);
    bool waits_to_begin() const;
    void lay_out(bool extended);
    Open* find(const protocol::gvsp::Header& header);
    Open* open_for(const protocol::gvsp::Header& header, hal::Time now);
    Open& start(std::uint64_t id, std::uint64_t number, hal::Time now);
    std::vector<std::byte> storage();
    // That of the block so many ids after the newest.
    std::vector<std::byte> storage_ahead(std::uint64_t blocks);
    bool is_lost(const Open& open) const;
    void place(Open& open, const protocol::gvsp::Header& header,
               std::span<const std::byte> payload);
    bool has(const Open& open, std::uint32_t packet) const;
    bool has_gap(const Open& open, std::uint32_t below) const;
    bool may_request(Open& open, hal::Time now);
    void ask_again(Open& open, std::uint32_t below, hal::Time now);
    void give_up(Open& open);
    hal::Time due(const Open& open, bool newest) const;

    Request request_;
    AssemblerOptions options_;
    AssemblerStatistics statistics_;
    bool extended_ = false;       // the layout of this run
    std::size_t per_packet_ = 0;  // data bytes in a full packet
    std::uint32_t packets_ = 0;   // of a block, leader and trailer included
    std::vector<Open> slots_;     // a ring; [head_, head_ + used_)
    std::size_t head_ = 0;
    std::size_t used_ = 0;
    std::uint64_t newest_id_ = 0;
    std::uint64_t newest_number_ = 0;
    std::uint64_t latest_id_ = 0;  // newest_id_, or one overheard after the run
    std::uint64_t stale_id_ = 0;   // of the run before; 0: none
    bool handed_out_ = false;      // something of this run
    BlockCounting counting_;
    SuspectPackets suspects_;
    hal::Time second_{};  // began then
    std::uint32_t asked_this_second_ = 0;
    std::uint64_t newest_time_ = 0;  // time stamp of the last block handed out
    std::vector<std::vector<std::byte>> pool_;
    std::vector<std::vector<std::byte>> ahead_;    // of blocks to come, the next one first
    std::vector<std::vector<std::byte>> resting_;  // of the run before: may still be written to

    Open& at(std::size_t i) { return slots_[(head_ + i) % slots_.size()]; }
    const Open& at(std::size_t i) const { return slots_[(head_ + i) % slots_.size()]; }
};

}  // namespace opal::drivers::gige
