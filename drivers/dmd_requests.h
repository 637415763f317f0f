// DmdRequests: what hal::Dmd refuses before anything travels, the same for every DMD with a memory
// of slots: each refusal names what was asked and what would be possible.
#pragma once

#include "hal/dmd.h"
#include "hal/error.h"

#include <functional>
#include <string>
#include <vector>

namespace opal::drivers {

// What hal::DmdInfo does not say.
struct DmdReach {
    hal::Duration longest_exposure{0};
    hal::Duration longest_dark{0};
    hal::Duration longest_period{0};  // exposure and dark time together
    std::string no_trigger_in;        // why StartOn::trigger_in is not possible; empty: it is
};

// Throws DeviceError{out_of_range, wrong_state, unsupported}.
class DmdRequests {
public:
    // `device`: for messages. `info` must outlive this.
    DmdRequests(std::string device, const hal::DmdInfo& info, DmdReach reach)
        : device_(std::move(device)), info_(info), reach_(std::move(reach)) {}

    void check_stopped(bool running, const char* operation) const;
    void check_patterns(std::uint32_t first_slot, std::span<const hal::BitPattern> patterns) const;
    // `loaded`: whether a slot, one that exists, holds a pattern.
    void check_sequence(const hal::PatternSequence& sequence,
                        const std::function<bool(std::uint32_t slot)>& loaded) const;

private:
    void check_times(const hal::SequenceEntry& entry, std::size_t index) const;
    [[noreturn]] void fail(hal::ErrorKind kind, const char* operation,
                           const std::string& text) const {
        throw hal::DeviceError(kind, device_, operation, text);
    }

    std::string device_;
    const hal::DmdInfo& info_;
    DmdReach reach_;
};

}  // namespace opal::drivers
