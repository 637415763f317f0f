// CoboltInstrument: see cobolt_instrument.h.
#include "sim/instruments/lasers/cobolt_instrument.h"

#include <algorithm>
#include <cassert>
#include <cctype>

namespace opal::sim {

using hal::LaserState;
using protocol::CoboltAnswer;
using protocol::CoboltCommand;
using protocol::CoboltFamily;
using protocol::CoboltReply;
using protocol::format_number;

namespace {

constexpr int interlock_fault = 3;
const CoboltReply ok{CoboltAnswer::ok, {}};

CoboltReply value(std::string text) {
    return {CoboltAnswer::value, std::move(text)};
}
CoboltReply flag(bool on) {
    return value(on ? "1" : "0");
}
CoboltReply syntax_error(const CoboltCommand& command) {
    std::string text = "Syntax error: " + command.name;
    if (!command.argument.empty()) text += ' ' + command.argument;
    return {CoboltAnswer::refused, std::move(text)};
}

}  // namespace

CoboltInstrument::CoboltInstrument(hal::Laser& light, hal::Clock& clock, const CoboltScene& s)
    : scene(s), light_(light), clock_(clock), warm_at_(clock.now() + s.cold_for) {
    assert(s.cold_for == hal::Duration{0} || s.family == CoboltFamily::gen_05);
}

bool CoboltInstrument::cold() const {
    return clock_.now() < warm_at_;
}

std::string CoboltInstrument::receive(std::span<const std::byte> bytes) {
    lines_.add(bytes);
    std::string replies;
    while (const auto line = lines_.next()) {
        const auto command = protocol::parse_cobolt_command(*line);
        if (!command || scene.silent) continue;
        if (scene.lost_commands > 0) {
            --scene.lost_commands;
            continue;
        }
        if (scene.echo) replies += *line + "\r\n";
        settle();
        const CoboltReply reply = answer(*command);
        if (scene.empty_replies > 0) {
            --scene.empty_replies;
            replies += "\r\n";
        } else {
            replies += encode(reply);
        }
    }
    return replies;
}

CoboltReply CoboltInstrument::answer(const CoboltCommand& command) {
    const std::string& name = command.name;
    if (name.back() == '?') return query(name);
    if (name == "p") return set_power(command.argument);
    if (name == "cf") {
        if (light_.status().interlock_closed) fault_ = 0;
        return ok;
    }
    if (name == "cp") return ok;
    if (name == "@cob1" || (name == "l1" && !scene.autostart)) {
        waits_for_key_ = scene.cdrh && name == "@cob1";
        if (!waits_for_key_) start();
        return ok;
    }
    if (name == "l0" || name == "@cob0") {
        asked_ = false;
        if (name == "@cob0") waits_for_key_ = false;
        if (!scene.stuck_on) {
            light_.off();
            lit_ = false;
        }
        return ok;
    }
    return syntax_error(command);
}

CoboltReply CoboltInstrument::query(const std::string& name) {
    const hal::LaserStatus status = light_.status();
    if (name == "?") return ok;
    if (name == "sn?" || name == "gsn?") return value(scene.serial);
    if (name == "glm?") return value(scene.model);
    if (name == "gfv?") return value("50.070");
    if (name == "gmlp?")
        return value(scene.family == CoboltFamily::gen_05
                         ? format_number(scene.label_power_mw / 1000, 4)
                         : format_number(scene.label_power_mw, 3));
    if (name == "gas?") return flag(scene.cdrh);
    if (name == "@cobas?") return flag(scene.autostart);
    if (name == "@cobasks?" || name == "gkses?") return flag(!waits_for_key_);
    if (name == "ilk?") return flag(!status.interlock_closed);
    if (name == "l?") return flag(lit_ || asked_ || waits_for_key_);
    if (name == "gom?") return value(std::to_string(operating_state()));
    if (name == "p?") return value(format_number(power_mw_ / 1000, 4));
    if (name == "pa?" && scene.stray_powers > 0) {
        --scene.stray_powers;
        return value("1");
    }
    if (name == "pa?") return value(format_number(status.measured_power_mw / 1000, 4));
    if (name == "f?") return value(std::to_string(fault_));
    return syntax_error({name, {}});
}

CoboltReply CoboltInstrument::set_power(const std::string& watts) {
    const auto power = protocol::parse_number(watts);
    if (!power || *power < 0 || *power * 1000 > 1.1 * scene.label_power_mw)
        return {CoboltAnswer::refused, "Syntax error: illegal power"};
    power_mw_ = *power * (scene.wrong_power ? 500 : 1000);
    if (lit_) light_.set_power(std::min(power_mw_, light_.info().max_power_mw));
    return ok;
}

void CoboltInstrument::start() {
    if (fault_ != 0 || lit_ || asked_) return;
    asked_ = true;
    light_at_ = std::max(clock_.now(), warm_at_) + scene.emission_delay;
    settle();
}

void CoboltInstrument::settle() {
    const hal::LaserStatus status = light_.status();
    const bool active = lit_ || asked_ || waits_for_key_;
    if (!status.interlock_closed || status.state == LaserState::fault) {
        if (active) {
            light_.off();
            lit_ = asked_ = waits_for_key_ = false;
        }
        fault_ = interlock_fault;
    }
    if (!asked_ || clock_.now() < light_at_) return;
    asked_ = false;
    light_.arm(light_.info().max_power_mw);
    light_.set_power(std::min(power_mw_, light_.info().max_power_mw));
    light_.emit();
    lit_ = true;
}

void CoboltInstrument::turn_key() {
    settle();
    if (!waits_for_key_) return;
    waits_for_key_ = false;
    start();
}

int CoboltInstrument::operating_state() const {
    const bool mld = scene.family == CoboltFamily::mld_06;
    const bool gen_05 = scene.family == CoboltFamily::gen_05;
    if (fault_ != 0) return 5;
    if (waits_for_key_) return gen_05 ? 2 : 1;
    // None of the families has a word of its own for the safety delay.
    if (asked_) return gen_05 ? (cold() ? 1 : 2) : mld ? 1 : 2;
    if (!lit_) return 0;
    if (mld) return 2;  // says "on" from the first light
    return light_.status().state == LaserState::warming_up ? 3 : 4;
}

}  // namespace opal::sim
