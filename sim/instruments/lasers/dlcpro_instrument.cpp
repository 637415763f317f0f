// DlcProInstrument: see dlcpro_instrument.h.
#include "sim/instruments/lasers/dlcpro_instrument.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace opal::sim {

using hal::LaserState;
using protocol::DlcCommand;
using protocol::DlcError;
using protocol::DlcReply;
using protocol::DlcValue;
using protocol::DlcVerb;

namespace {

const DlcReply no_such_parameter = DlcError{-3, "no such parameter"};
const DlcReply invalid = DlcError{-1, "invalid"};

DlcReply text(const char* words) {
    return DlcValue(std::string(words));
}

}  // namespace

DlcProInstrument::DlcProInstrument(hal::Laser& light, hal::Clock& clock, const DlcProScene& s)
    : scene(s), light_(light), clock_(clock) {}

std::string DlcProInstrument::greeting() const {
    return "Welcome to DLC PRO\nDeCoF Command Line\n> ";
}

std::string DlcProInstrument::command(std::span<const std::byte> bytes) {
    commands_.add(bytes);
    std::string replies;
    while (const auto line = commands_.next()) {
        if (scene.silent || line->empty()) continue;
        settle();
        if (scene.echo) replies += *line + "\n";
        const auto parsed = protocol::parse_dlc_command(*line);
        replies += encode(parsed ? answer(*parsed) : invalid);
    }
    return replies;
}

void DlcProInstrument::monitor_connected() {
    requests_.clear();
    watched_.clear();
}

std::string DlcProInstrument::monitor(std::span<const std::byte> bytes) {
    requests_.add(bytes);
    std::string errors;
    while (const auto line = requests_.next()) {
        const auto request = protocol::parse_dlc_command(*line);
        if (!request) continue;
        if (request->verb == DlcVerb::add) {
            // Only what there is: names made up by the host would pile up.
            if (value_of(request->name) == no_such_parameter)
                errors += event(request->name, no_such_parameter);
            else
                watched_.emplace(request->name, std::string());
        }
        if (request->verb == DlcVerb::remove) watched_.erase(request->name);
        if (request->verb == DlcVerb::remove_all) watched_.clear();
    }
    return errors + events();
}

std::string DlcProInstrument::events() {
    settle();
    std::string pushed;
    for (auto& [name, told] : watched_) {
        const DlcReply reply = value_of(name);
        const std::string now = encode(reply);
        if (now == told) continue;
        told = now;
        pushed += event(name, reply);
    }
    return pushed;
}

std::string DlcProInstrument::event(const std::string& name, const DlcReply& reply) const {
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now().time_since_epoch())
            .count();
    const std::string time = fmt::format("2024-01-01T{:02}:{:02}:{:02}.{:03}Z", ms / 3600000 % 24,
                                         ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
    return encode(protocol::DlcEvent{time, name, reply});
}

DlcReply DlcProInstrument::answer(const DlcCommand& command) {
    if (command.verb == DlcVerb::param_ref) return value_of(command.name);
    if (command.verb == DlcVerb::param_set) return set(command.name, command.arguments.front());
    return invalid;
}

DlcReply DlcProInstrument::value_of(const std::string& name) const {
    const hal::LaserStatus status = light_.status();
    const double power = status.measured_power_mw;
    const auto real = [](double x) { return DlcReply(DlcValue(x)); };
    const auto flag = [](bool b) { return DlcReply(DlcValue(b)); };
    if (name == "serial-number") return text(scene.serial.c_str());
    if (name == "system-type") return text("DLC pro");
    if (name == "fw-ver") return text("2.4.0");
    if (name == "laser1:product-name") return text(scene.product.c_str());
    if (name == "system-health") return DlcReply(DlcValue(std::int64_t{0}));
    if (name == "system-health-txt") return text("Ok");
    if (name == "emission" || name == "laser1:emission") return flag(lit_);
    if (name == "interlock-open") return flag(!status.interlock_closed);
    if (name == "frontkey-locked") return flag(scene.key_locked);
    if (name == "laser1:dl:cc:enabled") return flag(enabled_);
    if (name == "laser1:dl:cc:current-set") return real(current_ma_);
    if (name == "laser1:dl:cc:current-clip") return real(scene.clip_ma);
    if (name == "laser1:dl:cc:current-act")
        return real(!lit_       ? 0.0
                    : power > 0 ? scene.threshold_ma + power / scene.slope_mw_per_ma
                                : std::min(current_ma_, scene.threshold_ma));
    if (name == "laser1:dl:tc:ready") return flag(status.state != LaserState::warming_up);
    return no_such_parameter;
}

DlcReply DlcProInstrument::set(const std::string& name, const DlcValue& value) {
    const DlcReply done = DlcValue(std::int64_t{0});
    if (name == "laser1:dl:cc:current-set") {
        const auto* const current = std::get_if<double>(&value);
        if (current == nullptr) return DlcError{-2, "wrong type"};
        current_ma_ = std::clamp(*current, 0.0, scene.clip_ma);
        settle();
        return current_ma_ == *current ? done : DlcReply(DlcValue(std::int64_t{2}));
    }
    if (name == "laser1:dl:cc:enabled") {
        const auto* const on = std::get_if<bool>(&value);
        if (on == nullptr) return DlcError{-2, "wrong type"};
        enabled_ = *on || (enabled_ && scene.stuck_on);
        settle();
        return done;
    }
    const DlcReply known = value_of(name);
    return known == no_such_parameter ? known : DlcReply(DlcError{-11, "not settable"});
}

void DlcProInstrument::settle() {
    const hal::LaserStatus status = light_.status();
    const bool may = enabled_ && !scene.key_locked && status.interlock_closed;
    if (!may || status.state == LaserState::fault) {
        if (status.state != LaserState::off) light_.off();
        lit_ = false;
        return;
    }
    const double power = std::clamp(scene.slope_mw_per_ma * (current_ma_ - scene.threshold_ma), 0.0,
                                    light_.info().max_power_mw);
    if (!lit_) light_.arm(light_.info().max_power_mw);
    light_.set_power(power);
    if (!lit_) light_.emit();
    lit_ = true;
}

}  // namespace opal::sim
