// StreamReceiver: the stream's UDP port and the assembler behind it, with the room for frames that
// nobody has fetched yet. Runs on a thread of its own, or inside receive() where time is virtual
// and a waiting thread would make it pass.
//
//   socket --header--> slot
//          --data----> its place in the frame, as the assembler predicts it: no copy in between
//          --data----> slot, where nothing is predicted
//
// What came instead of what was predicted is moved away before anything is put in its place.
#pragma once

#include "drivers/gige/block_assembler.h"
#include "hal/clock.h"
#include "hal/udp_port.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace opal::drivers::gige {

struct ReceivedBlock {
    Block block;
    bool after_overrun = false;  // blocks before it found no room
};

class StreamReceiver {
public:
    // All outlive the receiver. `device`: where packets are asked for again.
    // Packets of others than the device are not looked at. `source_port`: of its stream; 0: not
    // known.
    StreamReceiver(hal::UdpPort& port, hal::Clock& clock, hal::UdpAddress device,
                   std::uint16_t source_port, bool own_thread);
    ~StreamReceiver();
    StreamReceiver(const StreamReceiver&) = delete;
    StreamReceiver& operator=(const StreamReceiver&) = delete;

    // A new run with room for so many finished blocks. What is still in the port is thrown away.
    void begin(const AssemblerOptions& options, std::uint64_t room);
    void end();
    // The oldest block, or nothing when the deadline passed or interrupt() was called. Faults of
    // the port come out here.
    std::optional<ReceivedBlock> receive(hal::Deadline deadline);
    void recycle(std::vector<std::byte> data);
    void interrupt();  // receive() returns now, and from now on, until begin()

    AssemblerStatistics statistics();

private:
    std::size_t pump(hal::Deadline deadline);
    bool more_to_come();
    void make_room();
    void drop_left_over();
    bool is_ours(const hal::UdpArrival& arrival) const;
    void overhear(std::size_t count);
    void take(std::size_t count, hal::Time now);
    void store_finished();
    void run(const std::stop_token& stop);

    hal::UdpPort& port_;
    hal::Clock& clock_;
    const hal::UdpAddress device_;
    const std::uint16_t source_port_;
    std::mutex mutex_;  // of everything below but the arrivals
    std::condition_variable arrived_;
    BlockAssembler assembler_;
    std::deque<ReceivedBlock> finished_;
    std::uint64_t room_ = 0;
    bool running_ = false;
    bool overrun_ = false;
    bool interrupted_ = false;
    std::uint16_t next_request_ = 1;
    std::exception_ptr fault_;

    const hal::Duration gathering_;  // how long packets may pile up in the port
    // Of the datagrams of one batch; only whoever pumps touches them.
    std::vector<std::byte> slots_;
    std::vector<hal::UdpArrival> arrivals_;
    std::vector<PredictedPacket> predicted_;
    std::vector<std::optional<protocol::gvsp::Packet>> packets_;
    std::jthread thread_;
};

}  // namespace opal::drivers::gige
