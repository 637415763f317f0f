// StreamReader: the transfers of a USB3 Vision stream, submitted ahead, -> whole frames, or frames
// that say what is missing. Stands between the USB device and the camera's FrameStore.
//
//   in flight   |leader|payload|payload|trailer| |leader|payload|payload|trailer| ...
//                ^ reaped first                   straight into the storage of its frame
//
// Device and host count transfers alike as long as nothing is lost. When something else comes than
// should, what is in flight is called back and the stream read until a leader or a trailer says
// where frames begin again (hunting). Rule: what was lost on the way is a gap in the numbers, or a
// frame with missing ranges; nothing is made up.
//
// Calls come from one thread at a time. Throws hal::DeviceError.
#pragma once

#include "drivers/u3v/frame_store.h"
#include "drivers/u3v/transfer_plan.h"
#include "hal/clock.h"
#include "hal/usb_device.h"
#include "protocol/u3v_interfaces.h"
#include "protocol/u3v_stream.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace opal::drivers::u3v {

struct StreamOptions {
    std::uint32_t largest_transfer = 1u << 20;
    // Linux lends all USB devices of a machine 16 MiB unless told otherwise.
    std::size_t in_flight_bytes = std::size_t{8} << 20;
    std::size_t in_flight_frames = 32;
};

struct StreamStatistics {
    std::uint64_t frames = 0;      // delivered or dropped for want of room
    std::uint64_t incomplete = 0;  // of them
    std::uint64_t lost = 0;        // gaps in the camera's numbers
    std::uint64_t stalls = 0;
    std::uint64_t hunts = 0;       // how often the beginning of a frame had to be looked for
    bool short_of_memory = false;  // the system took less in flight than was wanted
};

class StreamReader {
public:
    using Enable = std::function<void(bool on)>;
    // All outlive the reader's use, but the rooms of reads are the reader's: destroy the device
    // first, after end(). `name`: for messages.
    // `enable`: switches the camera's stream off and on again around a halt.
    StreamReader(hal::UsbDevice& usb, const protocol::u3v::Channel& endpoint, FrameStore& store,
                 const hal::Clock& clock, std::string name, StreamOptions options, Enable enable);

    struct Sizes {
        TransferPlan plan;
        std::size_t payload = 0;
        std::size_t leader = 0;   // room for it, whole packets
        std::size_t trailer = 0;  // the same
        bool operator==(const Sizes&) const = default;
    };
    // A new run: submits what fits in flight. The endpoint is not halted and nothing waits in it.
    void begin(const Sizes& sizes);
    // Takes in what came; false: nothing did before the deadline.
    bool pump(hal::Deadline deadline);
    // Calls back what is in flight.
    void end();
    // Both sides start to count packets anew, and nothing old is left in the pipe. Nothing is in
    // flight.
    void reset_endpoint();
    const StreamStatistics& statistics() const { return statistics_; }

private:
    struct Slot {
        std::vector<std::byte> data;              // plan.room()
        std::vector<std::byte> ends;              // leader and trailer
        std::vector<hal::UsbTransfer> transfers;  // leader, payload, trailer
        std::size_t submitted = 0;                // of them
        std::size_t done = 0;
        std::size_t came = 0;  // how far the payload has been filled or skipped
        std::optional<protocol::u3v::Leader> leader;
        std::vector<genapi::MissingRange> missing;
    };

    Slot& open_slot();
    void close_front();
    void refill();
    bool submit(hal::UsbTransfer& transfer);
    void take(hal::UsbTransfer& transfer);
    void take_payload(Slot& slot, const hal::UsbTransfer& transfer);
    void take_trailer(Slot& slot, std::span<const std::byte> bytes);
    void take_hunted(std::span<const std::byte> bytes);
    void finish(Slot& slot, const protocol::u3v::Trailer* trailer);
    void abandon(const protocol::u3v::Trailer* trailer = nullptr);
    void drain();
    void close_all();
    void skip(Slot& slot, std::size_t end);
    std::uint64_t number_of(std::uint64_t block_id);
    std::uint64_t first_id_of_run(std::uint64_t block_id);

    hal::UsbDevice& usb_;
    const protocol::u3v::Channel endpoint_;
    FrameStore& store_;
    const hal::Clock& clock_;
    const std::string name_;
    const StreamOptions options_;
    const Enable enable_;
    StreamStatistics statistics_;
    Sizes sizes_;
    std::deque<std::unique_ptr<Slot>> slots_;  // in flight or about to be, oldest first
    std::vector<std::unique_ptr<Slot>> spare_;
    std::vector<std::unique_ptr<Slot>> lost_;  // of reads that did not come back
    bool gone_ = false;                        // there are such reads: no other may follow them
    std::size_t cursor_ = 0;                   // the slot whose transfers are submitted next
    std::size_t in_flight_ = 0;
    std::size_t in_flight_bytes_ = 0;
    std::size_t most_bytes_ = 0;  // in flight: less than wanted for a while after a refusal
    hal::Time more_at_{};         // when more is tried again
    int failures_ = 0;            // in a row

    bool hunting_ = false;
    std::vector<std::byte> scratch_;
    hal::UsbTransfer hunt_;

    bool numbered_ = false;                 // in this run
    std::uint64_t base_ = 0;                // the block id that is number 0
    std::uint64_t newest_ = 0;              // number
    std::optional<std::uint64_t> last_id_;  // also of the run before
    // Runs that began with the id behind the last one of the run before, one after the other.
    int continued_ = 0;
};

}  // namespace opal::drivers::u3v
