// TriggerCable: a line between two boxes, as rising edges with the virtual time they happen at.
//
// A sender puts whole trains on the line: once started, the train's future edges are known until
// someone cuts it. A receiver walks along with a Position and asks for the next edge; it never
// hears of edges through function calls, so being late, early or too slow has the effect it has on
// a real cable. Trains do not overlap in time. Not thread-safe: the table's lock guards it.
#pragma once

#include "hal/clock.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace opal::sim {

class TriggerCable {
public:
    struct Position {
        std::uint64_t train = 0;
        std::uint64_t edge = 0;
    };
    using Offsets = std::shared_ptr<const std::vector<hal::Duration>>;  // ascending, from the start

    // A train of edges from `start` on. period > 0: it repeats for ever, else it comes once.
    void send(Offsets offsets, hal::Duration start, hal::Duration period);
    void send_one(hal::Duration at);
    // No edge of the present train comes after `at`; edges up to and including it have happened.
    void cut(hal::Duration at);

    // The edge at `position`, or nothing if the line stays quiet. Moves `position` over ended
    // trains.
    std::optional<hal::Duration> peek(Position& position) const;
    // Behind every edge sent so far that has happened by `now`.
    Position behind(hal::Duration now) const;
    // Trains whose last edge came before `before` are dropped; positions in them move on.
    void forget(hal::Duration before);

private:
    struct Train {
        Offsets offsets;
        hal::Duration start{0};
        hal::Duration period{0};
        hal::Duration last = hal::Duration::max();  // edges after it never happen

        std::optional<hal::Duration> edge(std::uint64_t number) const;
        std::uint64_t edges_until(hal::Duration now) const;
        hal::Duration quiet_after() const;
    };

    std::deque<Train> trains_;
    std::uint64_t first_train_ = 0;  // number of trains_.front()
    Offsets single_ = std::make_shared<const std::vector<hal::Duration>>(1, hal::Duration{0});
};

}  // namespace opal::sim
