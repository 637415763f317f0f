// StreamReader: which bytes are what.
#include "drivers/u3v/stream_reader.h"

#include "hal/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <chrono>

namespace opal::drivers::u3v {

namespace wire = protocol::u3v;
using hal::DeviceError;
using hal::ErrorKind;
using hal::UsbOutcome;
using hal::UsbTransfer;

namespace {

constexpr std::size_t hunt_bytes = std::size_t{64} << 10;
constexpr int most_failures = 16;
// Ids this close to 0 belong to a camera that counts from 0 in every run, as the standard says.
constexpr std::uint64_t near_beginning = 1024;
// Cancelled reads end within the bus's own time, a standard request within half a second.
constexpr hal::Duration cancel_patience = std::chrono::seconds(2);
constexpr hal::Duration request_patience = std::chrono::milliseconds(500);
// Other programs give back what they had under way, and whoever runs the machine may allow more.
constexpr hal::Duration memory_pause = std::chrono::seconds(1);
// To an endpoint: SET_FEATURE of ENDPOINT_HALT [USB 2.0, section 9.4.9].
constexpr std::uint8_t to_endpoint = 0x02;
constexpr std::uint8_t set_feature = 3;

}  // namespace

StreamReader::StreamReader(hal::UsbDevice& usb, const wire::Channel& endpoint, FrameStore& store,
                           const hal::Clock& clock, std::string name, StreamOptions options,
                           Enable enable)
    : usb_(usb),
      endpoint_(endpoint),
      store_(store),
      clock_(clock),
      name_(std::move(name)),
      options_(options),
      enable_(std::move(enable)),
      scratch_(hunt_bytes) {}

void StreamReader::begin(const Sizes& sizes) {
    if (!(sizes == sizes_)) spare_.clear();
    sizes_ = sizes;
    statistics_ = {};
    most_bytes_ = options_.in_flight_bytes;
    failures_ = 0;
    hunting_ = false;
    numbered_ = false;
    refill();
}

StreamReader::Slot& StreamReader::open_slot() {
    std::unique_ptr<Slot> slot;
    if (!spare_.empty()) {
        slot = std::move(spare_.back());
        spare_.pop_back();
    } else {
        slot = std::make_unique<Slot>();
        slot->ends.resize(sizes_.leader + sizes_.trailer);
        slot->transfers.resize(sizes_.plan.transfers() + 2);
    }
    slot->data = store_.storage(sizes_.plan.room());
    slot->submitted = slot->done = slot->came = 0;
    slot->leader.reset();
    slot->missing.clear();
    const std::span<std::byte> ends(slot->ends);
    slot->transfers.front().room = ends.first(sizes_.leader);
    slot->transfers.back().room = ends.subspan(sizes_.leader);
    std::span<std::byte> rest(slot->data);
    for (std::size_t i = 0; i < sizes_.plan.transfers(); ++i) {
        const std::size_t size = i < sizes_.plan.count ? sizes_.plan.size : sizes_.plan.last;
        slot->transfers[i + 1].room = rest.first(size);
        rest = rest.subspan(size);
    }
    slots_.push_back(std::move(slot));
    return *slots_.back();
}

void StreamReader::close_front() {
    store_.recycle(std::move(slots_.front()->data));
    spare_.push_back(std::move(slots_.front()));
    slots_.pop_front();
    if (cursor_ > 0) --cursor_;
}

// False: the system has no room for it now.
bool StreamReader::submit(UsbTransfer& transfer) {
    try {
        usb_.submit(endpoint_.in, transfer);
    } catch (const DeviceError& error) {
        if (error.kind() == ErrorKind::disconnected) throw;
        statistics_.short_of_memory = true;
        if (in_flight_ == 0)
            throw DeviceError(ErrorKind::refused, name_, "stream",
                              fmt::format("the system does not take a single read of {} bytes: {}",
                                          transfer.room.size(), error.what()));
        most_bytes_ = in_flight_bytes_;
        more_at_ = clock_.now() + memory_pause;
        return false;
    }
    ++in_flight_;
    in_flight_bytes_ += transfer.room.size();
    return true;
}

void StreamReader::refill() {
    if (gone_)
        throw DeviceError(ErrorKind::disconnected, name_, "stream",
                          "reads that were called back did not end; pull the camera's cable out "
                          "and put it in again, then open it anew");
    if (hunting_) {
        if (in_flight_ > 0) return;
        hunt_.room = scratch_;
        submit(hunt_);
        return;
    }
    if (most_bytes_ < options_.in_flight_bytes && clock_.now() >= more_at_)
        most_bytes_ = options_.in_flight_bytes;  // until the system refuses again
    for (;;) {
        if (cursor_ == slots_.size()) {
            if (slots_.size() >= std::max<std::size_t>(2, options_.in_flight_frames)) return;
            open_slot();
        }
        Slot& slot = *slots_[cursor_];
        UsbTransfer& next = slot.transfers[slot.submitted];
        if (in_flight_ > 0 && in_flight_bytes_ + next.room.size() > most_bytes_) return;
        if (!submit(next)) return;
        if (++slot.submitted == slot.transfers.size()) ++cursor_;
    }
}

bool StreamReader::pump(hal::Deadline deadline) {
    refill();
    UsbTransfer* const transfer = usb_.reap(endpoint_.in, deadline);
    if (!transfer) return false;
    --in_flight_;
    in_flight_bytes_ -= transfer->room.size();
    take(*transfer);
    return true;
}

void StreamReader::take(UsbTransfer& transfer) {
    const auto bytes = std::span<const std::byte>(transfer.room).first(transfer.length);
    if (transfer.outcome != UsbOutcome::complete) {
        if (transfer.outcome == UsbOutcome::stalled) ++statistics_.stalls;
        if (++failures_ > most_failures)
            throw DeviceError(ErrorKind::corrupt, name_, "stream",
                              fmt::format("{} transfers in a row went wrong; try another cable or "
                                          "another socket of the machine",
                                          failures_));
        abandon();
        if (transfer.outcome != UsbOutcome::stalled) return usb_.clear_halt(endpoint_.in);
        // A halted device begins anew with a leader; after anything else, who knows.
        enable_(false);
        reset_endpoint();
        enable_(true);
        hunting_ = false;
        return;
    }
    failures_ = 0;
    if (hunting_) return take_hunted(bytes);
    Slot& slot = *slots_.front();
    const std::size_t index = slot.done++;
    assert(&slot.transfers[index] == &transfer);
    if (index == 0) {
        slot.leader = wire::decode_leader(bytes);
        if (!slot.leader) abandon();
    } else if (index + 1 == slot.transfers.size()) {
        take_trailer(slot, bytes);
    } else {
        take_payload(slot, transfer);
    }
}

void StreamReader::skip(Slot& slot, std::size_t end) {
    end = std::min(end, sizes_.payload);
    if (end <= slot.came) return;
    slot.missing.push_back({slot.came, end});
    slot.came = end;
}

void StreamReader::take_payload(Slot& slot, const UsbTransfer& transfer) {
    const auto begin = static_cast<std::size_t>(transfer.room.data() - slot.data.data());
    const std::size_t wanted =
        std::min(transfer.room.size(), sizes_.payload - std::min(sizes_.payload, begin));
    if (transfer.length < std::max<std::size_t>(wanted, endpoint_.packet_bytes)) {
        // Where a payload has ended early, the next thing is the trailer, whatever was expected,
        // and it may be longer than what is left of the payload.
        const auto bytes = std::span<const std::byte>(transfer.room).first(transfer.length);
        const auto trailer = wire::decode_trailer(bytes, slot.leader->type);
        if (trailer && trailer->block_id == slot.leader->block_id) return abandon(&*trailer);
    }
    slot.came = begin + std::min(transfer.length, wanted);
    skip(slot, begin + wanted);
}

void StreamReader::take_trailer(Slot& slot, std::span<const std::byte> bytes) {
    const auto trailer = wire::decode_trailer(bytes, slot.leader->type);
    if (trailer && trailer->block_id == slot.leader->block_id) {
        finish(slot, &*trailer);
        return close_front();
    }
    abandon();
}

// A leader stands alone in its transfer; a trailer is the short packet at the end of one.
void StreamReader::take_hunted(std::span<const std::byte> bytes) {
    if (const auto leader = wire::decode_leader(bytes);
        leader && bytes.size() < endpoint_.packet_bytes) {
        hunting_ = false;
        Slot& slot = open_slot();
        slot.leader = leader;
        slot.submitted = slot.done = 1;
        return;
    }
    const std::size_t whole = bytes.size() / endpoint_.packet_bytes * endpoint_.packet_bytes;
    // Any type's trailer begins like one without an image.
    if (wire::decode_trailer(bytes.subspan(whole), wire::PayloadType::gendc)) hunting_ = false;
}

// The standard's cameras count from 0 in every run, so a first id above it is a loss. Others count
// on; of them it is known once two runs in a row began with exactly the id that was next, which a
// camera that begins anew would have to lose twice just as many frames for. Ids far from 0 tell at
// once.
std::uint64_t StreamReader::first_id_of_run(std::uint64_t block_id) {
    const bool later = last_id_ && block_id > *last_id_;
    const bool next = later && block_id == *last_id_ + 1;
    const bool known = continued_ > 0;
    continued_ = next || (known && later) ? continued_ + 1 : 0;
    if (block_id < near_beginning && !(known && later)) return 0;
    return later ? *last_id_ + 1 : block_id;
}

std::uint64_t StreamReader::number_of(std::uint64_t block_id) {
    if (!numbered_) {
        base_ = first_id_of_run(block_id);
        statistics_.lost += block_id - base_;
    } else if (block_id <= *last_id_) {
        // It counts anew in mid run: at least one frame is gone.
        base_ = block_id - newest_ - 2;
        ++statistics_.lost;
    } else {
        statistics_.lost += block_id - *last_id_ - 1;
    }
    numbered_ = true;
    last_id_ = block_id;
    newest_ = block_id - base_;
    return newest_;
}

// `trailer`: nullptr if it never came.
void StreamReader::finish(Slot& slot, const wire::Trailer* trailer) {
    const wire::Leader& leader = *slot.leader;
    genapi::WireFrame frame;
    frame.number = number_of(leader.block_id);
    skip(slot, sizes_.payload);
    if (trailer && trailer->valid_bytes < sizes_.payload) {
        // What the camera does not vouch for is missing too.
        const auto valid = static_cast<std::size_t>(trailer->valid_bytes);
        while (!slot.missing.empty() && slot.missing.back().end > valid) {
            const std::size_t begin = slot.missing.back().begin;
            slot.missing.pop_back();
            if (begin < valid) slot.missing.push_back({begin, valid});
        }
        slot.missing.push_back({valid, sizes_.payload});
    }
    for (const genapi::MissingRange& range : slot.missing)
        std::fill(slot.data.begin() + static_cast<std::ptrdiff_t>(range.begin),
                  slot.data.begin() + static_cast<std::ptrdiff_t>(range.end), std::byte{0});
    frame.missing = std::move(slot.missing);
    frame.announced = leader.has_image();
    frame.pixel_format = leader.pixel_format;
    frame.size_x = leader.size_x;
    frame.size_y = leader.size_y;
    frame.padding_x = leader.padding_x;
    frame.time = hal::Duration{static_cast<std::int64_t>(leader.timestamp_ns)};
    frame.doubtful = !trailer || trailer->status != wire::Status::success;
    if (leader.has_both()) frame.chunk_bytes = sizes_.payload;
    slot.data.resize(sizes_.payload);
    frame.data = std::move(slot.data);
    slot.data.clear();
    ++statistics_.frames;
    if (frame.doubtful || !frame.missing.empty()) ++statistics_.incomplete;
    store_.store(std::move(frame));
    slot.leader.reset();
}

// Out of step: everything is called back, and what the oldest frame has got is delivered, once
// nothing can be written to it any more.
void StreamReader::abandon(const wire::Trailer* trailer) {
    drain();
    if (!slots_.empty() && slots_.front()->leader) finish(*slots_.front(), trailer);
    close_all();
    hunting_ = true;
    ++statistics_.hunts;
}

// Calls back what is in flight. The rooms of reads that do not end stay where they are.
void StreamReader::drain() {
    try {
        if (in_flight_ > 0) usb_.cancel(endpoint_.in);
    } catch (const DeviceError&) {
        // Unplugged: its reads end by themselves, as failed, and are reaped too.
    }
    const auto deadline = hal::Deadline::after(clock_, cancel_patience);
    try {
        for (; in_flight_ > 0; --in_flight_)
            if (!usb_.reap(endpoint_.in, deadline))
                throw DeviceError(ErrorKind::disconnected, name_, "stream",
                                  fmt::format("{} reads did not end when they were called back; "
                                              "pull the camera's cable out and put it in again",
                                              in_flight_));
    } catch (const DeviceError&) {
        gone_ = true;
        for (auto& slot : slots_) lost_.push_back(std::move(slot));
        slots_.clear();
        cursor_ = in_flight_ = in_flight_bytes_ = 0;
        throw;
    }
    in_flight_bytes_ = 0;
}

void StreamReader::close_all() {
    while (!slots_.empty()) close_front();
    cursor_ = 0;
}

void StreamReader::end() {
    try {
        drain();
    } catch (const DeviceError&) {
        // The next run says so.
    }
    close_all();
}

void StreamReader::reset_endpoint() {
    try {
        const hal::UsbSetup halt{to_endpoint, set_feature, 0, endpoint_.in};
        usb_.control(halt, {}, hal::Deadline::after(clock_, request_patience));
    } catch (const DeviceError& error) {
        // Some devices refuse to be halted; clearing is what they need.
        if (error.kind() == ErrorKind::disconnected) throw;
    }
    usb_.clear_halt(endpoint_.in);
}

}  // namespace opal::drivers::u3v
