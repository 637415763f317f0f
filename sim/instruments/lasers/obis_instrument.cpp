// ObisInstrument: see obis_instrument.h.
#include "sim/instruments/lasers/obis_instrument.h"

#include <algorithm>

namespace opal::sim {

using hal::LaserState;
using protocol::format_number;
using protocol::means;
using protocol::ObisAnswer;
using protocol::ObisCommand;
using protocol::ObisLine;
namespace status_bit = protocol::obis_status;

ObisInstrument::ObisInstrument(hal::Laser& light, hal::Clock& clock, const ObisScene& s)
    : scene(s), light_(light), clock_(clock), warm_at_(clock.now() + s.cold_for) {}

std::string ObisInstrument::receive(std::span<const std::byte> bytes) {
    lines_.add(bytes);
    std::string replies;
    while (const auto line = lines_.next()) {
        const auto command = protocol::parse_obis_command(*line);
        if (!command || scene.silent) continue;
        settle();
        replies += answer(*command);
    }
    return replies;
}

std::string ObisInstrument::answer(const ObisCommand& command) {
    const auto framed = [&](const ObisLine& line) {
        return scene.handshake ? encode(line) : std::string();
    };
    if (command.query) {
        const std::string text = query(command.header);
        if (text.empty()) return framed({ObisAnswer::error, {}, -100});
        return encode(ObisLine{ObisAnswer::value, text, 0}) + framed({ObisAnswer::ok, {}, 0});
    }
    const int error = change(command);
    return framed(error == 0 ? ObisLine{ObisAnswer::ok, {}, 0}
                             : ObisLine{ObisAnswer::error, {}, error});
}

std::string ObisInstrument::query(const std::string& header) {
    const hal::LaserStatus status = light_.status();
    if (means(header, "*IDN")) return "Coherent, Inc - " + scene.model + " - V1.0.1 - 20120101";
    if (means(header, "SYSTem:INFormation:MODel")) return scene.model;
    if (means(header, "SYSTem:INFormation:SNUMber")) return scene.serial;
    if (means(header, "SYSTem:INFormation:WAVelength"))
        return format_number(scene.wavelength_nm, 0);
    if (means(header, "SYSTem:INFormation:POWer") || means(header, "SOURce:POWer:NOMinal"))
        return format_number(scene.label_power_mw / 1000, 5);
    if (means(header, "SOURce:POWer:LIMit:HIGH"))
        return format_number(1.1 * scene.label_power_mw / 1000, 5);
    if (means(header, "SOURce:POWer:LIMit:LOW")) return "0.00000";
    if (means(header, "SYSTem:STATus")) return protocol::format_obis_word(status_word());
    if (means(header, "SYSTem:FAULt"))
        return status.state == LaserState::fault ? "00000001" : "00000000";
    if (means(header, "SYSTem:LOCK")) return status.interlock_closed ? "ON" : "OFF";
    if (means(header, "SOURce:AM:STATe")) return asked_ || lit_ ? "ON" : "OFF";
    if (means(header, "SOURce:AM:SOURce")) return "CWP";
    if (means(header, "SOURce:POWer:LEVel:IMMediate:AMPLitude"))
        return format_number(power_mw_ / 1000, 5);
    if (means(header, "SOURce:POWer:LEVel"))
        return format_number(status.measured_power_mw / 1000, 5);
    return {};
}

int ObisInstrument::change(const ObisCommand& command) {
    constexpr int unrecognised = -100, missing = -109, conflict = -221, invalid = -220;
    const std::string& header = command.header;
    const bool on = command.argument == "ON";
    const bool off = command.argument == "OFF";
    if (means(header, "SYSTem:ERRor:CLEar")) return 0;
    if (means(header, "SOURce:POWer:LEVel:IMMediate:AMPLitude")) return set_power(command.argument);
    if (means(header, "SOURce:AM:INTernal"))
        return command.argument == "CWP" ? 0 : command.argument.empty() ? missing : invalid;
    const bool handshake = means(header, "SYSTem:COMMunicate:HANDshaking");
    const bool prompt = means(header, "SYSTem:COMMunicate:PROMpt");
    const bool emission = means(header, "SOURce:AM:STATe");
    if (!handshake && !prompt && !emission) return unrecognised;
    if (!on && !off) return command.argument.empty() ? missing : invalid;
    if (handshake) scene.handshake = on;
    if (!emission) return 0;
    if (off && scene.stuck_on) return 0;
    if (off) {
        asked_ = lit_ = false;
        light_.off();
        return 0;
    }
    if (!scene.key_on || !light_.status().interlock_closed) return conflict;
    if (!asked_ && !lit_) light_at_ = std::max(clock_.now(), warm_at_) + scene.emission_delay;
    asked_ = !lit_;
    settle();
    return 0;
}

int ObisInstrument::set_power(const std::string& watts) {
    if (watts.empty()) return -109;
    const auto power = protocol::parse_number(watts);
    if (!power || *power < 0 || *power * 1000 > 1.1 * scene.label_power_mw) return -220;
    power_mw_ = *power * 1000;
    if (lit_) light_.set_power(std::min(power_mw_, light_.info().max_power_mw));
    return 0;
}

void ObisInstrument::settle() {
    const hal::LaserStatus status = light_.status();
    if (!status.interlock_closed || status.state == LaserState::fault || !scene.key_on) {
        if (lit_ || asked_) light_.off();
        lit_ = asked_ = false;
    }
    if (!asked_ || clock_.now() < light_at_) return;
    asked_ = false;
    light_.arm(light_.info().max_power_mw);
    light_.set_power(std::min(power_mw_, light_.info().max_power_mw));
    light_.emit();
    lit_ = true;
}

std::uint32_t ObisInstrument::status_word() const {
    const hal::LaserStatus status = light_.status();
    std::uint32_t word = status_bit::controller | status_bit::remote_active |
                         status_bit::enumerated | scene.more_status;
    if (!scene.key_on)
        return word | status_bit::key_off | status_bit::interlock_open | status_bit::standby;
    if (!status.interlock_closed) return word | status_bit::interlock_open | status_bit::standby;
    word |= status_bit::twelve_volts;
    const bool cold = clock_.now() < warm_at_;
    if (asked_ && !cold) word |= status_bit::cdrh_delay;
    if (lit_) word |= status_bit::emission;
    if (cold || status.state == LaserState::warming_up) word |= status_bit::warm_up;
    return word;
}

}  // namespace opal::sim
