// BlockAssembler: which packet goes where, and what to do about those that do not come.
#include "drivers/gige/block_assembler.h"

#include "protocol/gvsp.h"

#include <algorithm>
#include <cassert>

namespace opal::drivers::gige {

namespace gvsp = protocol::gvsp;
using hal::Time;

namespace {

// Ids this close to the beginning belong to a camera that counts from 1 in every run.
constexpr std::uint64_t near_beginning = 1024;
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
    newest_id_ = 0;
    newest_number_ = 0;
    newest_time_ = 0;
    continue_after_ = 0;
    for (auto& data : pool_) data.resize(options.payload_bytes);
}

bool BlockAssembler::has(const Open& open, std::uint32_t packet) const {
    return (open.received[packet / 64] >> (packet % 64) & 1u) != 0;
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
    // Block 0 is no block: test packets use it.
    if (packet.header.block == 0) {
        ++statistics_.ignored;
        return;
    }
    const gvsp::Header& header = packet.header;
    // A run has one layout: that of its first packet.
    if (newest_id_ == 0) {
        extended_ = header.extended;
        per_packet_ = gvsp::data_per_packet(options_.packet_size, extended_);
        if (per_packet_ > 0)
            packets_ = static_cast<std::uint32_t>((options_.payload_bytes + per_packet_ - 1) /
                                                  per_packet_) +
                       2;
    }
    if (header.extended != extended_ || per_packet_ == 0) {
        ++statistics_.ignored;
        return;
    }
    Open* const open = open_for(header, now);
    if (!open || open->done) {
        ++statistics_.ignored;
        return;
    }
    if (!header.has_data()) {
        open->unavailable = true;
        return;
    }
    if (header.packet >= packets_) {
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

BlockAssembler::Open* BlockAssembler::open_for(const gvsp::Header& header, Time now) {
    if (newest_id_ == 0) {
        // The first of the run: where does this camera count from?
        const bool continues =
            continue_after_ != 0 &&
            gvsp::block_distance(continue_after_, header.block, header.extended) > 0;
        std::uint64_t number = 0;
        if (continues)
            number = static_cast<std::uint64_t>(
                         gvsp::block_distance(continue_after_, header.block, header.extended)) -
                     1;
        if (!continues && header.block <= near_beginning) number = header.block - 1;
        if (number >= near_beginning) number = 0;
        statistics_.lost_blocks += number;
        Open& open = start(header.block, number, now);
        // The leader may be the one that is missing.
        if (header.packet != 0) open.gap_since = now;
        return &open;
    }
    const std::int64_t ahead = gvsp::block_distance(newest_id_, header.block, header.extended);
    if (ahead <= 0) {
        for (std::size_t i = used_; i > 0; --i)
            if (at(i - 1).id == header.block) return &at(i - 1);
        return nullptr;  // late; a counter never goes back within a run
    }
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
    newest_id_ = id;
    newest_number_ = number;
    open.block.number = number;
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

bool BlockAssembler::has_gap(const Open& open, std::uint32_t below) const {
    for (std::uint32_t packet = 0; packet < below; ++packet) {
        if (packet % 64 == 0 && packet + 64 <= below && open.received[packet / 64] == ~0ull)
            packet += 63;
        else if (!has(open, packet))
            return true;
    }
    return false;
}

// When something has to be done about an unfinished block.
Time BlockAssembler::due(const Open& open, bool newest) const {
    if (open.done) return Time::max();
    if (open.skipped && open.unavailable && open.count == 0) return open.last_packet;
    const Time given_up = open.last_packet + options_.patience;
    if (!options_.resend || open.unavailable || open.requests >= options_.most_requests)
        return newest && !open.unavailable
                   ? given_up
                   : std::min(given_up, open.last_packet + options_.silence);
    Time when = open.last_packet + options_.silence;
    // A younger block has begun, or packets behind the gap have come: no need to wait for silence.
    if (open.requests == 0) {
        if (open.gap_since != Time::max()) when = std::min(when, open.gap_since + options_.reorder);
        if (!newest) when = std::min(when, open.last_packet + options_.reorder);
    } else {
        when = open.last_request + options_.silence;
    }
    return std::min(when, given_up);
}

Time BlockAssembler::next_tending() const {
    Time when = Time::max();
    for (std::size_t i = 0; i < used_; ++i) when = std::min(when, due(at(i), i + 1 == used_));
    return when;
}

void BlockAssembler::tend(Time now) {
    for (std::size_t i = 0; i < used_; ++i) {
        Open& open = at(i);
        const bool newest = i + 1 == used_;
        if (due(open, newest) > now) continue;
        const bool hopeless = !options_.resend || open.unavailable ||
                              open.requests >= options_.most_requests ||
                              now >= open.last_packet + options_.patience;
        if (hopeless) {
            // A camera may announce a frame before it is exposed: the leader alone can wait.
            if (newest && open.count == 1 && open.block.has_leader && !open.unavailable) {
                open.last_packet = now;
                continue;
            }
            give_up(open);
        } else {
            const bool silent = !newest || now >= open.last_packet + options_.silence;
            ask_again(open, silent ? packets_ : open.highest, now);
        }
    }
}

void BlockAssembler::ask_again(Open& open, std::uint32_t below, Time now) {
    if (open.count == 1 && open.block.has_leader && &open == &at(used_ - 1)) {
        open.last_packet = now;  // announced, not yet on its way
        return;
    }
    ++open.requests;
    open.last_request = now;
    open.gap_since = Time::max();
    protocol::gvcp::PacketResend range;
    range.extended_ids = extended_;
    range.block = open.id;
    for (std::uint32_t packet = 0; packet < below; ++packet) {
        if (has(open, packet)) continue;
        range.first_packet = packet;
        while (packet + 1 < below && !has(open, packet + 1)) ++packet;
        range.last_packet = packet;
        ++statistics_.resend_requests;
        request_(range);
    }
}

void BlockAssembler::give_up(Open& open) {
    if (open.done) return;
    open.done = true;
    if (open.count == 0) return;  // is_lost()
    for (std::uint32_t packet = 1; packet + 1 < packets_; ++packet) {
        if (has(open, packet)) continue;
        ++statistics_.lost_packets;
        const std::size_t begin = (packet - 1) * per_packet_;
        const std::size_t end = std::min(begin + per_packet_, options_.payload_bytes);
        std::fill(open.block.data.begin() + static_cast<std::ptrdiff_t>(begin),
                  open.block.data.begin() + static_cast<std::ptrdiff_t>(end), std::byte{0});
        auto& missing = open.block.missing;
        if (!missing.empty() && missing.back().end == begin)
            missing.back().end = end;
        else
            missing.push_back({begin, end});
    }
    statistics_.lost_packets += open.block.has_leader ? 0 : 1;
    statistics_.lost_packets += open.block.has_trailer ? 0 : 1;
    if (!open.block.complete()) ++statistics_.incomplete;
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
