// BlockAssembler: which packet goes where. block_assembler_waiting.cpp: those that do not come.
#include "drivers/gige/block_assembler.h"

#include "protocol/gvsp.h"

#include <algorithm>
#include <cassert>

namespace opal::drivers::gige {

namespace gvsp = protocol::gvsp;
using hal::Time;

namespace {

// Blocks to come whose storage is laid out in advance.
constexpr std::size_t most_ahead = 2;

}  // namespace

void BlockAssembler::reset(const AssemblerOptions& options) {
    for (std::size_t i = 0; i < used_; ++i) resting_.push_back(std::move(at(i).block.data));
    for (auto& data : ahead_) resting_.push_back(std::move(data));
    ahead_.clear();
    options_ = options;
    slots_.resize(2 * std::max<std::size_t>(1, options.open_blocks) + 1);
    head_ = used_ = 0;
    statistics_ = {};
    if (latest_id_ != 0) counting_.ended(latest_id_);
    suspects_.forget();
    latest_id_ = newest_id_ = 0;
    newest_number_ = 0;
    newest_time_ = 0;
    stale_id_ = 0;
    handed_out_ = false;
    second_ = Time::min();
    for (auto& data : pool_) data.resize(options.payload_bytes);
}

bool BlockAssembler::has(const Open& open, std::uint32_t packet) const {
    return (open.received[packet / 64] >> (packet % 64) & 1u) != 0;
}

void BlockAssembler::overhear(const gvsp::Header& header) {
    if (latest_id_ == 0 || header.extended != extended_) return;
    const std::int64_t ahead = gvsp::block_distance(latest_id_, header.block, extended_);
    if (ahead > 0 && static_cast<std::uint64_t>(ahead) <= options_.open_blocks)
        latest_id_ = header.block;
}

std::size_t BlockAssembler::header_size() const {
    return newest_id_ == 0 ? 0 : gvsp::header_size(extended_);
}

std::uint32_t BlockAssembler::outstanding() const {
    if (used_ == 0 || at(used_ - 1).id != newest_id_) return 0;
    return packets_ - 1 - at(used_ - 1).highest;
}

void BlockAssembler::predict(std::span<PredictedPacket> packets) {
    for (auto& data : resting_) recycle(std::move(data));
    resting_.clear();
    std::fill(packets.begin(), packets.end(), PredictedPacket{});
    if (newest_id_ == 0 || per_packet_ == 0) return;
    Open* const newest = used_ > 0 && at(used_ - 1).id == newest_id_ ? &at(used_ - 1) : nullptr;
    std::uint64_t id = newest_id_;
    std::uint32_t packet = newest ? newest->highest + 1 : packets_;
    std::size_t ahead = 0;
    for (PredictedPacket& predicted : packets) {
        if (packet >= packets_) {
            if (++ahead > most_ahead) return;
            id = gvsp::next_block(id, extended_);
            packet = 0;
            if (ahead_.size() < ahead) ahead_.push_back(storage());
        }
        predicted.block = id;
        predicted.packet = packet;
        // The last packet with data may be shorter than others, or padded.
        if (packet > 0 && packet + 2 < packets_) {
            std::vector<std::byte>& data = ahead == 0 ? newest->block.data : ahead_[ahead - 1];
            predicted.data = std::span(data).subspan((packet - 1) * per_packet_, per_packet_);
        }
        ++packet;
    }
}

void BlockAssembler::take(std::span<const std::byte> datagram, Time now) {
    if (const auto packet = gvsp::decode_packet(datagram)) return take(*packet, now);
    ++statistics_.packets;
    ++statistics_.ignored;
}

void BlockAssembler::take(const gvsp::Packet& packet, Time now) {
    ++statistics_.packets;
    const gvsp::Header& header = packet.header;
    // Block 0 is no block: test packets use it.
    if (header.block == 0) {
        ++statistics_.ignored;
        return;
    }
    if (!header.has_data()) return note_status(header, now);
    if (is_expected(header)) return accept(packet, now);
    if (newest_id_ != 0 && (header.extended != extended_ || (is_past(header) && handed_out_))) {
        ++statistics_.ignored;  // late; a counter never goes back within a run
        return;
    }
    suspects_.keep(packet, now, options_.open_blocks);
    if (suspects_.agree()) believe_suspects(now);
}

bool BlockAssembler::is_past(const gvsp::Header& header) const {
    return gvsp::block_distance(newest_id_, header.block, extended_) <= 0;
}

BlockAssembler::Open* BlockAssembler::find(const gvsp::Header& header) {
    if (newest_id_ == 0 || header.extended != extended_) return nullptr;
    for (std::size_t i = used_; i > 0; --i)
        if (at(i - 1).id == header.block) return &at(i - 1);
    return nullptr;
}

// Of a block that is open, or one of the next few.
bool BlockAssembler::is_expected(const gvsp::Header& header) {
    if (newest_id_ == 0 || header.extended != extended_) return false;
    if (find(header)) return true;
    const std::int64_t ahead = gvsp::block_distance(newest_id_, header.block, extended_);
    return ahead > 0 && static_cast<std::uint64_t>(ahead) <= options_.open_blocks;
}

// Several agree: that is where the stream is.
void BlockAssembler::believe_suspects(Time now) {
    const bool begins_there =
        newest_id_ == 0 || (suspects_.size() > 0 && is_past(suspects_.at(0).header));
    if (begins_there) {
        // What was taken for the beginning was left over from another run.
        for (std::size_t i = 0; i < used_; ++i) resting_.push_back(std::move(at(i).block.data));
        head_ = used_ = 0;
        newest_id_ = 0;
        statistics_.lost_blocks = 0;
    }
    for (std::size_t i = 0; i < suspects_.size(); ++i) accept(suspects_.at(i), now);
    suspects_.forget();
}

// A run has one layout: that of its first packet.
void BlockAssembler::lay_out(bool extended) {
    extended_ = extended;
    per_packet_ = gvsp::data_per_packet(options_.packet_size, extended);
    if (per_packet_ == 0) return;
    packets_ =
        static_cast<std::uint32_t>((options_.payload_bytes + per_packet_ - 1) / per_packet_) + 2;
}

// Left over from the run before: sent before this one began.
bool BlockAssembler::is_stale(const gvsp::Packet& packet, Time now) {
    if (now >= options_.stale_until) return false;
    if (packet.header.packet == 0 && packet.header.format == gvsp::Format::leader) {
        const auto leader = gvsp::decode_leader(packet.payload);
        if (!leader || leader->timestamp == 0) return false;
        stale_id_ = leader->timestamp < options_.begins_at_tick ? packet.header.block : 0;
    }
    return stale_id_ == packet.header.block;
}

void BlockAssembler::accept(const gvsp::Packet& packet, Time now) {
    const gvsp::Header& header = packet.header;
    if (newest_id_ == 0) lay_out(header.extended);
    if (per_packet_ == 0 || header.packet >= packets_ || is_stale(packet, now)) {
        ++statistics_.ignored;
        return;
    }
    Open* const open = open_for(header, now);
    if (!open || open->done) {
        ++statistics_.ignored;
        return;
    }
    if (has(*open, header.packet)) {
        ++statistics_.doubled;
        return;
    }
    place(*open, header, packet.payload);
    open->last_packet = now;
    if (open->highest < header.packet) {
        if (header.packet > open->highest + 1 && open->gap_since == Time::max())
            open->gap_since = now;
        open->highest = header.packet;
    } else if (open->gap_since != Time::max() && !has_gap(*open, open->highest)) {
        open->gap_since = Time::max();
    }
    if (open->count == packets_) open->done = true;
}

// A packet that says why there is none. It opens no block.
void BlockAssembler::note_status(const gvsp::Header& header, Time now) {
    using protocol::gvcp::Status;
    Open* const open = find(header);
    if (!open || open->done) {
        ++statistics_.ignored;
        return;
    }
    switch (header.status) {
        case Status::packet_unavailable:
        case Status::packet_and_previous_removed:
        case Status::packet_removed:
            open->unavailable = true;
            break;
        case Status::packet_not_yet_available:
            open->last_request = now;  // asked again after a while
            break;
        default:
            // Something is wrong with the camera, and not with what it keeps.
            ++statistics_.errors;
            break;
    }
}

BlockAssembler::Open* BlockAssembler::open_for(const gvsp::Header& header, Time now) {
    if (newest_id_ == 0) {
        const std::uint64_t number = counting_.first_number(header.block, header.extended);
        statistics_.lost_blocks += number;
        Open& open = start(header.block, number, now);
        // The leader may be the one that is missing.
        if (header.packet != 0) open.gap_since = now;
        return &open;
    }
    if (Open* const open = find(header)) return open;
    const std::int64_t ahead = gvsp::block_distance(newest_id_, header.block, header.extended);
    if (ahead <= 0) return nullptr;
    // Blocks of which nothing has come: the camera may still have them.
    const auto skipped = static_cast<std::uint64_t>(ahead - 1);
    const std::uint64_t number = newest_number_ + skipped + 1;
    if (options_.resend && skipped < options_.open_blocks) {
        while (newest_number_ + 1 < number) {
            Open& open = start(gvsp::next_block(newest_id_, extended_), newest_number_ + 1, now);
            open.skipped = true;
            open.gap_since = now;
        }
    } else {
        statistics_.lost_blocks += skipped;
    }
    Open& open = start(header.block, number, now);
    if (header.packet != 0) open.gap_since = now;
    for (std::size_t i = 0; i + options_.open_blocks < used_; ++i) give_up(at(i));
    return &open;
}

std::vector<std::byte> BlockAssembler::storage() {
    std::vector<std::byte> data;
    if (!pool_.empty()) {
        data = std::move(pool_.back());
        pool_.pop_back();
    }
    data.resize(options_.payload_bytes);
    return data;
}

std::vector<std::byte> BlockAssembler::storage_ahead(std::uint64_t blocks) {
    // Those of blocks that are skipped have not been written to, or not with anything that counts.
    for (; blocks > 1 && !ahead_.empty(); --blocks) {
        recycle(std::move(ahead_.front()));
        ahead_.erase(ahead_.begin());
    }
    if (ahead_.empty()) return storage();
    std::vector<std::byte> data = std::move(ahead_.front());
    ahead_.erase(ahead_.begin());
    return data;
}

BlockAssembler::Open& BlockAssembler::start(std::uint64_t id, std::uint64_t number, Time now) {
    assert(used_ < slots_.size() && "finished() is called after every packet");
    const bool first = newest_id_ == 0;
    Open& open = at(used_++);
    open.block.data = first ? storage() : storage_ahead(number - newest_number_);
    latest_id_ = newest_id_ = id;
    newest_number_ = number;
    stale_id_ = 0;
    open.block.number = number;
    open.block.first_packet = now;
    open.block.has_leader = open.block.has_trailer = false;
    open.block.leader = {};
    open.block.trailer = {};
    open.block.missing.clear();
    open.id = id;
    open.received.assign((packets_ + 63) / 64, 0);
    open.count = 0;
    open.highest = 0;
    open.last_packet = now;
    open.gap_since = Time::max();
    open.last_request = Time::min();
    open.requests = 0;
    open.ranges_asked = 0;
    open.unavailable = open.skipped = open.done = false;
    return open;
}

void BlockAssembler::place(Open& open, const gvsp::Header& header,
                           std::span<const std::byte> payload) {
    const std::uint32_t trailer = packets_ - 1;
    if (header.packet == 0) {
        const auto leader = gvsp::decode_leader(payload);
        if (header.format != gvsp::Format::leader || !leader) {
            ++statistics_.ignored;
            return;
        }
        open.block.leader = *leader;
        open.block.leader.other_bytes = {};
        open.block.has_leader = true;
    } else if (header.packet == trailer) {
        const auto end = gvsp::decode_trailer(payload);
        if (header.format != gvsp::Format::trailer || !end) {
            ++statistics_.ignored;
            return;
        }
        open.block.trailer = *end;
        open.block.has_trailer = true;
    } else {
        // A block that ends before its time is not shorter: what should follow is missing.
        if (header.format == gvsp::Format::trailer) open.unavailable = true;
        const std::size_t begin = (header.packet - 1) * per_packet_;
        const std::size_t size = std::min(per_packet_, options_.payload_bytes - begin);
        // All but the last are full; a last one may be padded.
        const bool fits =
            header.packet + 1 == trailer ? payload.size() >= size : payload.size() == size;
        if (header.format != gvsp::Format::payload || !fits) {
            ++statistics_.ignored;
            return;
        }
        std::byte* const target = open.block.data.data() + begin;
        if (payload.data() != target) std::copy_n(payload.begin(), size, target);
    }
    open.received[header.packet / 64] |= std::uint64_t{1} << (header.packet % 64);
    ++open.count;
    if (header.resent()) ++statistics_.resent;
}

// A block of which nothing came is a gap in the numbers. So is one that was sent again out of an
// earlier run of the camera, whose ids were the same: it is older than the one before it.
bool BlockAssembler::is_lost(const Open& open) const {
    if (open.count == 0) return true;
    const std::uint64_t time = open.block.leader.timestamp;
    return open.skipped && open.block.has_leader && time != 0 && time <= newest_time_;
}

std::optional<Block> BlockAssembler::finished() {
    while (used_ > 0 && at(0).done) {
        Open& open = at(0);
        const bool lost = is_lost(open);
        if (open.block.has_leader)
            newest_time_ = std::max(newest_time_, open.block.leader.timestamp);
        Block block = std::move(open.block);
        head_ = (head_ + 1) % slots_.size();
        --used_;
        handed_out_ = handed_out_ || !lost;
        if (!lost) return block;
        ++statistics_.lost_blocks;
        recycle(std::move(block.data));
    }
    return std::nullopt;
}

void BlockAssembler::recycle(std::vector<std::byte> data) {
    if (data.capacity() > 0 && pool_.size() < 4096) pool_.push_back(std::move(data));
}

}  // namespace opal::drivers::gige
