// BlockAssembler: what to do about packets that do not come.
#include "drivers/gige/block_assembler.h"

#include <algorithm>
#include <chrono>

namespace opal::drivers::gige {

using hal::Time;

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
    if (waits_to_begin()) when = suspects_.since() + options_.silence;
    for (std::size_t i = 0; i < used_; ++i) when = std::min(when, due(at(i), i + 1 == used_));
    return when;
}

// At the beginning nobody knows better: what does not get company is believed after a while.
bool BlockAssembler::waits_to_begin() const {
    return newest_id_ == 0 && suspects_.size() > 0;
}

void BlockAssembler::tend(Time now) {
    if (waits_to_begin() && now >= suspects_.since() + options_.silence) believe_suspects(now);
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

// A link that loses that much is not helped by asking for more.
bool BlockAssembler::may_request(Open& open, Time now) {
    if (second_ == Time::min() || now >= second_ + std::chrono::seconds(1)) {
        second_ = now;
        asked_this_second_ = 0;
    }
    if (open.ranges_asked >= options_.most_ranges ||
        asked_this_second_ >= options_.most_ranges_per_s)
        return false;
    ++open.ranges_asked;
    ++asked_this_second_;
    return true;
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
        if (!may_request(open, now)) {
            ++statistics_.unasked;
            return;
        }
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

}  // namespace opal::drivers::gige
