// Dlpc900Opening: what a board is asked before it is used: which one it is, whether it is well, and
// the way into a mode that every firmware survives.
#pragma once

#include "drivers/dlpc900/dlpc900_link.h"
#include "hal/clock.h"
#include "protocol/dlpc900_messages.h"

#include <functional>
#include <string>

namespace opal::drivers {

struct Dlpc900Identity {
    const protocol::Dlpc900Board* board = nullptr;
    int controllers = 1;
    protocol::Dlpc900Version version;
    std::string tag;  // of the kind of board
};
// Wakes it up from standby, which can take two minutes: `on_note` hears of it. Throws DeviceError,
// unsupported for a board that is not known.
Dlpc900Identity identify(Dlpc900Link& link, hal::Clock& clock,
                         const std::function<void(const std::string&)>& on_note);

// Reads the hardware's status and returns how many controllers there are. Throws refused with the
// names of what is wrong, and if there are fewer than `controllers`.
int require_healthy(Dlpc900Link& link, int controllers, const char* operation);

bool in_standby(Dlpc900Link& link, const char* operation);
void to_standby(Dlpc900Link& link, const char* operation);

// Into another mode (protocol::dlpc900_mode), stopped, by the way that every firmware survives.
void enter_mode(Dlpc900Link& link, hal::Clock& clock, const protocol::Dlpc900Version& version,
                std::uint8_t wanted);

namespace dlpc900_start_stop {
inline constexpr std::uint8_t stop = 0, start = 2;
}  // namespace dlpc900_start_stop

}  // namespace opal::drivers
