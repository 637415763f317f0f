// Dlpc900Opening: see dlpc900_opening.h.
#include "drivers/dlpc900/dlpc900_opening.h"

#include <fmt/format.h>

#include <tuple>

namespace opal::drivers {

using hal::ErrorKind;
using protocol::Dlpc900Word;
using namespace std::chrono_literals;

namespace {

constexpr std::uint8_t normal_power = 0;
constexpr std::uint8_t standby_power = 1;
// Two minutes and three seconds [TI DLPU018], and some more for the board's own clock.
constexpr hal::Duration standby_patience = 135s;
constexpr hal::Duration standby_pause = 1s;
constexpr hal::Duration mode_pause = 500ms;  // after a mode change a read may show the old one

std::vector<std::byte> one_byte(std::uint8_t value) {
    return {static_cast<std::byte>(value)};
}

// A board in standby takes no command but the one to leave it, and that only once its mirrors have
// had two minutes of exercise.
void wake_up(Dlpc900Link& link, hal::Clock& clock,
             const std::function<void(const std::string&)>& on_note) {
    if (!in_standby(link, "open")) return;
    if (on_note)
        on_note(
            fmt::format("{} is in standby, which it leaves two minutes after it entered it; "
                        "waiting for it",
                        link.device()));
    const auto deadline = hal::Deadline::after(clock, standby_patience);
    for (;;) {
        try {
            link.write(Dlpc900Word::power_mode, one_byte(normal_power), "open");
            if (!in_standby(link, "open")) return;
        } catch (const hal::DeviceError& error) {
            if (error.kind() != ErrorKind::refused) throw;
        }
        if (deadline.passed(clock))
            throw hal::DeviceError(ErrorKind::refused, link.device(), "open",
                                   "the board stays in standby; power it off and on");
        clock.wait_for(standby_pause);
    }
}

}  // namespace

Dlpc900Identity identify(Dlpc900Link& link, hal::Clock& clock,
                         const std::function<void(const std::string&)>& on_note) {
    const auto type = link.first_read(Dlpc900Word::hardware_type, 1, "open");
    Dlpc900Identity found;
    found.board = protocol::find_dlpc900_board(std::to_integer<int>(type[0]));
    if (found.board == nullptr)
        throw hal::DeviceError(
            ErrorKind::unsupported, link.device(), "open",
            fmt::format("board type {}; known are DLP6500 (1), DLP9000 (2), DLP670S (3) and "
                        "DLP500YX (4)",
                        std::to_integer<int>(type[0])));
    for (std::size_t i = 1; i < type.size() && type[i] != std::byte{0}; ++i)
        found.tag += static_cast<char>(type[i]);
    wake_up(link, clock, on_note);
    found.controllers = require_healthy(link, found.board->controllers, "open");
    found.version = *protocol::parse_dlpc900_version(link.read(Dlpc900Word::version, 16, "open"));
    return found;
}

// By the read that fills up half a command, if somebody was cut off in the middle of one.
bool in_standby(Dlpc900Link& link, const char* operation) {
    return std::to_integer<int>(link.first_read(Dlpc900Word::power_mode, 1, operation).front()) ==
           standby_power;
}

void to_standby(Dlpc900Link& link, const char* operation) {
    link.write(Dlpc900Word::power_mode, one_byte(standby_power), operation);
}

int require_healthy(Dlpc900Link& link, int controllers, const char* operation) {
    namespace status = protocol::dlpc900_status;
    const auto now =
        std::to_integer<unsigned>(link.read(Dlpc900Word::hardware_status, 1, operation).front());
    std::string wrong;
    const auto say = [&](bool is_wrong, const char* what) {
        if (is_wrong) wrong += (wrong.empty() ? "" : ", ") + std::string(what);
    };
    say((now & status::initialised) == 0, "not initialised");
    say((now & status::mismatch) != 0, "controller and DMD do not match");
    say((now & status::reset_driver) != 0, "error of the DMD's reset driver");
    say((now & status::forced_swap) != 0, "forced swap error");
    say((now & status::sequencer_abort) != 0, "sequencer aborted");
    say((now & status::sequencer_error) != 0, "sequencer error");
    const int found = (now & status::secondary) != 0 ? 2 : 1;
    say(found < controllers, "second controller missing");
    // A status bit that a board with one controller does not have says nothing.
    if (wrong.empty()) return controllers == 0 ? found : controllers;
    throw hal::DeviceError(ErrorKind::refused, link.device(), operation,
                           fmt::format("the board says about itself: {} (status {:02X}); stop it, "
                                       "and if that stays, power it off and on",
                                       wrong, now));
}

// Stopped before and after, or some boards hang until they are switched off [mcSIM].
void enter_mode(Dlpc900Link& link, hal::Clock& clock, const protocol::Dlpc900Version& v,
                std::uint8_t wanted) {
    link.write(Dlpc900Word::start_stop, one_byte(dlpc900_start_stop::stop), "open");
    link.write(Dlpc900Word::display_mode, one_byte(wanted), "open");
    // Firmware 4.0 to 5.0.0 can lock the mirrors' reset in a mode change; parking frees it, where
    // the firmware can [TI DLPT028].
    const auto version = std::tuple(v.major, v.minor, v.patch);
    if (version > std::tuple(4, 0, 0xFFFF) && version <= std::tuple(5, 0, 0)) {
        link.write(Dlpc900Word::park, one_byte(1), "open");
        link.write(Dlpc900Word::park, one_byte(0), "open");
    }
    link.write(Dlpc900Word::start_stop, one_byte(dlpc900_start_stop::stop), "open");
    for (int attempt = 0;; ++attempt) {
        const auto mode =
            std::to_integer<int>(link.read(Dlpc900Word::display_mode, 1, "open").front());
        if (mode == wanted) return;
        if (attempt == 2)
            throw hal::DeviceError(
                ErrorKind::refused, link.device(), "open",
                fmt::format("mode {} was asked; the board stays in mode {}", wanted, mode));
        clock.wait_for(mode_pause);
    }
}

}  // namespace opal::drivers
