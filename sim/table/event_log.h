// EventLog: what happened to the devices of a bench, one JSON object per line, each with its
// virtual time, written and flushed at once: whatever ends the process, the last line says how the
// laser was left.
//
//   {"t_s":0.001500000,"device":"laser","event":"off"}
#pragma once

#include "hal/clock.h"

#include <mutex>
#include <ostream>
#include <string_view>

namespace opal::sim {

class EventLog {
public:
    explicit EventLog(std::ostream* out) : out_(out) {}  // nullptr: nothing is written

    // `details`: further members as JSON, e.g. "\"power_mw\":20", or empty.
    void write(hal::Duration at, std::string_view device, std::string_view event,
               std::string_view details = {});

private:
    std::ostream* out_;
    std::mutex mutex_;
};

}  // namespace opal::sim
