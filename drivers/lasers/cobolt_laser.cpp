// CoboltLaser: the head that speaks protocol/cobolt.h. See cobolt_laser.h.
#include "drivers/lasers/cobolt_laser.h"

#include "drivers/lasers/remote_laser.h"
#include "hal/error.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace opal::drivers {

namespace {

using hal::DeviceError;
using hal::ErrorKind;
using protocol::CoboltAnswer;
using protocol::CoboltReply;
using protocol::CoboltState;
using namespace std::chrono_literals;

constexpr hal::Duration reply_patience = 1s;
constexpr double in_specification = 0.05;  // of the power that was set
constexpr double label_tolerance = 0.25;   // maximum and label: the maximum is often a bit above
constexpr double believable = 1.5;         // measured power, of the label's

class CoboltHead final : public LaserHead {
public:
    CoboltHead(std::unique_ptr<hal::SerialLine> line, ReopenSerialLine reopen, hal::Clock& clock,
               const CoboltOptions& options, std::string device)
        : options_(options),
          exchange_(std::move(line), std::move(reopen), clock, std::move(device), reply_patience) {}

    const std::string& place() const override { return exchange_.device(); }
    hal::LaserInfo identify() override;
    LaserReading read() override;
    void write_power(double power_mw) override;
    void switch_on() override;
    void switch_off() override;
    void clear_faults() override;
    void reconnect() override { exchange_.reconnect(); }
    hal::Duration emission_delay() const override { return 10s; }  // CDRH: 5 s, and the key
    double power_step_mw() const override { return 0.11; }         // four decimals of a watt

private:
    CoboltReply ask(const std::string& name, const std::string& argument = {});
    std::string value(const std::string& name);
    double number(const std::string& name);
    double measured_mw();
    bool flag(const std::string& name);
    void command(const std::string& name, const std::string& argument = {});
    [[noreturn]] void fail(ErrorKind kind, const std::string& operation,
                           const std::string& text) const {
        throw DeviceError(kind, place(), operation, text);
    }

    CoboltOptions options_;
    LineExchange exchange_;
};

CoboltReply CoboltHead::ask(const std::string& name, const std::string& argument) {
    const std::string line = encode(protocol::CoboltCommand{name, argument});
    for (int attempt = 0; attempt < 2; ++attempt) {  // empty replies happen [pycobolt]
        const CoboltReply reply = protocol::parse_cobolt_reply(exchange_.ask(line));
        if (reply.answer != CoboltAnswer::empty) return reply;
    }
    fail(ErrorKind::corrupt, name, "an empty reply came twice");
}

std::string CoboltHead::value(const std::string& name) {
    CoboltReply reply = ask(name);
    if (reply.answer == CoboltAnswer::refused)
        fail(ErrorKind::refused, name, fmt::format("the laser said '{}'", reply.text));
    if (reply.answer != CoboltAnswer::value)
        fail(ErrorKind::corrupt, name, "a value was due; the laser said OK");
    return std::move(reply.text);
}

double CoboltHead::number(const std::string& name) {
    const std::string text = value(name);
    const auto parsed = protocol::parse_number(text);
    if (!parsed) fail(ErrorKind::corrupt, name, fmt::format("a number was due; '{}' came", text));
    return *parsed;
}

// Now and then "pa?" answers a 1 that means nothing [pycobolt]: what cannot be is asked again.
double CoboltHead::measured_mw() {
    const double first = 1000 * number("pa?");
    return first > believable * options_.label_power_mw ? 1000 * number("pa?") : first;
}

bool CoboltHead::flag(const std::string& name) {
    const std::string text = value(name);
    if (text != "0" && text != "1")
        fail(ErrorKind::corrupt, name, fmt::format("0 or 1 was due; '{}' came", text));
    return text == "1";
}

void CoboltHead::command(const std::string& name, const std::string& argument) {
    const CoboltReply reply = ask(name, argument);
    if (reply.answer == CoboltAnswer::ok) return;
    fail(ErrorKind::refused, name, fmt::format("OK was due; the laser said '{}'", reply.text));
}

hal::LaserInfo CoboltHead::identify() {
    command("?");
    hal::LaserInfo info;
    info.serial = value("sn?");
    info.model = "Cobolt " + value("glm?");
    info.wavelength_nm = options_.wavelength_nm;
    info.warm_up = options_.warm_up;
    const double label = options_.label_power_mw;
    if (!(label > 0))
        fail(ErrorKind::out_of_range, "open", "the power on the laser's label has to be given");
    const double most = number("gmlp?");
    for (const double most_mw : {most, 1000 * most}) {
        if (std::abs(most_mw - label) > label_tolerance * label) continue;
        info.max_power_mw = std::min(most_mw, label);
        return info;
    }
    fail(ErrorKind::unsafe, "open",
         fmt::format("the label says {} mW, but the laser names {} (mW or W) as its maximum; "
                     "correct the bench's label power",
                     label, most));
}

LaserReading CoboltHead::read() {
    LaserReading reading;
    reading.interlock_closed = !flag("ilk?");
    const bool on = flag("l?");
    const int code = static_cast<int>(number("gom?"));
    const auto state = protocol::cobolt_state(options_.family, code);
    if (!state)
        fail(ErrorKind::corrupt, "gom?",
             fmt::format("operating state {} is unknown in this family", code));
    reading.heating = *state == CoboltState::heating;
    const bool waits = *state == CoboltState::waiting || reading.heating;
    reading.emission = on && !waits;
    reading.requested = on || waits;
    if (waits) reading.waiting = protocol::cobolt_state_text(options_.family, code);
    reading.set_power_mw = 1000 * number("p?");
    reading.measured_power_mw = on ? measured_mw() : 0;
    // The 06 says "on" from the first light; the others tell when they have warmed up.
    const double off_by = std::abs(reading.measured_power_mw - reading.set_power_mw);
    reading.in_specification = on && *state == CoboltState::on &&
                               off_by <= in_specification * reading.set_power_mw + power_step_mw();
    const int fault = static_cast<int>(number("f?"));
    if (fault != 0) {
        const std::string_view words = protocol::cobolt_fault_text(fault);
        reading.fault = words.empty() ? fmt::format("fault {}", fault) : std::string(words);
    }
    return reading;
}

void CoboltHead::write_power(double power_mw) {
    command("p", protocol::format_number(power_mw / 1000, 4));
}

void CoboltHead::switch_on() {
    command("cp");
    if (flag("@cobas?"))
        command("@cob1");
    else
        command("l1");
}

// A sequence that waits, for the key or temperatures, outlives "l0".
void CoboltHead::switch_off() {
    const CoboltReply off = ask("l0");
    ask("@cob0");  // refused where there is no autostart; the next reading tells what it did
    if (off.answer != CoboltAnswer::ok)
        fail(ErrorKind::refused, "l0", fmt::format("OK was due; the laser said '{}'", off.text));
}

void CoboltHead::clear_faults() {
    command("cf");
}

}  // namespace

std::unique_ptr<hal::Laser> open_cobolt(std::unique_ptr<hal::SerialLine> line, hal::Clock& clock,
                                        const CoboltOptions& options, ReopenSerialLine reopen) {
    std::string device = "cobolt " + line->name();
    auto head = std::make_unique<CoboltHead>(std::move(line), std::move(reopen), clock, options,
                                             std::move(device));
    return std::make_unique<RemoteLaser>(clock, std::move(head), options.limit_mw);
}

}  // namespace opal::drivers
