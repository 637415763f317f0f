// ServedDoor: one instrument of the served bench with its way in: a socket, a pseudo-terminal. A
// door that is there answers; destroying it ends its threads. A new kind of door is one more file
// with a function that makes one, and a word in serve_command.cpp.
#pragma once

#include "drivers/wire_bench.h"
#include "sim/faults/fault.h"

#include <string>

namespace opal::cli {

class ServedDoor {
public:
    virtual ~ServedDoor() = default;
    virtual std::string uri() const = 0;
    virtual std::string about() const = 0;  // for people, after the URI
    // Writes what a bench file has to say about this device.
    virtual void describe(drivers::WireBenchPlan& plan) const = 0;
    // A fault of cables happens to it, if it is one of its own.
    virtual void spoil(const sim::Fault&) {}
};

}  // namespace opal::cli
