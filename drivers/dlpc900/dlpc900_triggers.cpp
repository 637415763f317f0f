// Dlpc900Triggers: see dlpc900_triggers.h.
#include "drivers/dlpc900/dlpc900_triggers.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

namespace opal::drivers {

using hal::ErrorKind;
using protocol::Dlpc900Word;

void check_triggers(const Dlpc900Options& options, const std::string& device) {
    const Dlpc900Output& out = options.output;
    const auto check = [&](bool possible, const std::string& text) {
        if (!possible) throw hal::DeviceError(ErrorKind::out_of_range, device, "open", text);
    };
    check(out.number == 1 || out.number == 2,
          fmt::format("trigger output {} asked; there are 1 and 2", out.number));
    check(out.number == 2 || !out.pulse,
          "a length of trigger pulses asked; those of TRIG_OUT_1 are as long as the exposures, "
          "and TRIG_OUT_2 has some of its own");
    const std::int64_t pulse = out.pulse.value_or(dlpc900_shortest_pulse).count();
    check(pulse >= dlpc900_shortest_pulse.count() && pulse <= 20000,
          fmt::format("trigger pulses of {} us asked; 20 to 20000 us are possible", pulse));
    const std::int64_t end = out.delay.count() + (out.number == 2 ? pulse : 0);
    check(out.delay.count() >= -20 && end <= 20000,
          fmt::format("trigger pulses from {} to {} us after the mirrors asked; -20 to 20000 us "
                      "are possible",
                      out.delay.count(), end));
    if (!options.input) return;
    const std::int64_t delay = options.input->delay.count();
    check(delay >= 104 && delay <= 0xFFFF,
          fmt::format("{} us from TRIG_IN_1 to the mirrors asked; 104 to 65535 us are possible",
                      delay));
}

void set_triggers(Dlpc900Link& link, const Dlpc900Options& options) {
    const Dlpc900Output& out = options.output;
    const auto begin = static_cast<std::int16_t>(out.delay.count());
    // High while a pattern is shown, and high throughout if there is no dark time between.
    protocol::Dlpc900TriggerOut along;
    along.rising_us = along.falling_us = out.number == 1 ? begin : std::int16_t{0};
    along.inverted = out.number == 1 && out.inverted;
    link.write(Dlpc900Word::trigger_out_1, encode(along), "open");
    // A pulse with each pattern that asks for one; it ends whatever the dark time.
    protocol::Dlpc900TriggerOut pulse;
    if (out.number == 2) {
        pulse.inverted = out.inverted;
        pulse.rising_us = begin;
        pulse.falling_us =
            static_cast<std::int16_t>(begin + out.pulse.value_or(dlpc900_shortest_pulse).count());
        if (out.inverted) std::swap(pulse.rising_us, pulse.falling_us);
    }
    link.write(Dlpc900Word::trigger_out_2, encode(pulse), "open");
    if (options.input) {
        const auto delay = static_cast<std::uint16_t>(options.input->delay.count());
        link.write(Dlpc900Word::trigger_in_1,
                   encode(protocol::Dlpc900TriggerIn{delay, options.input->falling}), "open");
    }
    if (options.gate_inverted) link.write(Dlpc900Word::trigger_in_2, {std::byte{1}}, "open");
}

}  // namespace opal::drivers
