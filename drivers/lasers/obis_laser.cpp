// ObisLaser: the head that speaks protocol/obis.h. See obis_laser.h.
#include "drivers/lasers/obis_laser.h"

#include "drivers/lasers/remote_laser.h"
#include "hal/error.h"
#include "protocol/obis.h"

#include <fmt/format.h>

#include <cmath>

namespace opal::drivers {

namespace {

using hal::DeviceError;
using hal::ErrorKind;
using protocol::ObisAnswer;
using protocol::ObisLine;
using namespace std::chrono_literals;
namespace status_bit = protocol::obis_status;

constexpr hal::Duration reply_patience = 1s;
constexpr double in_specification = 0.05;  // of the power that was set

class ObisHead final : public LaserHead {
public:
    ObisHead(std::unique_ptr<hal::SerialLine> line, ReopenSerialLine reopen, hal::Clock& clock,
             const ObisOptions& options, std::string device)
        : options_(options),
          exchange_(std::move(line), std::move(reopen), clock, std::move(device), reply_patience) {}

    const std::string& place() const override { return exchange_.device(); }
    hal::LaserInfo identify() override;
    LaserReading read() override;
    void write_power(double power_mw) override;
    void switch_on() override;
    void switch_off() override;
    // There is no command for it: a fault goes with its cause, or with the key.
    void clear_faults() override {}
    void reconnect() override;
    hal::Duration emission_delay() const override { return 10s; }  // CDRH: 5 s
    double power_step_mw() const override { return 0.011; }        // five decimals of a watt

private:
    std::string value(const std::string& header);
    double number(const std::string& header);
    bool flag(const std::string& header);
    std::string faults_of(std::uint32_t status);
    void set(const std::string& header, const std::string& argument);
    void frame_replies();
    void check(const ObisLine& line, const std::string& about) const;
    [[noreturn]] void fail(ErrorKind kind, const std::string& operation,
                           const std::string& text) const {
        throw DeviceError(kind, place(), operation, text);
    }

    ObisOptions options_;
    LineExchange exchange_;
    bool framed_ = false;  // handshaking is on
};

// Throws unless it is OK.
void ObisHead::check(const ObisLine& line, const std::string& about) const {
    if (line.answer == ObisAnswer::ok) return;
    if (line.answer == ObisAnswer::value)
        fail(ErrorKind::corrupt, about, fmt::format("OK was due; '{}' came", line.text));
    const std::string_view words = protocol::obis_error_text(line.error);
    fail(ErrorKind::refused, about,
         fmt::format("the laser said error {}: {}", line.error, words.empty() ? "unknown" : words));
}

// Without handshaking a command is not answered at all, so the first may time out.
void ObisHead::frame_replies() {
    if (framed_) return;
    const std::string on = encode(protocol::ObisCommand{"SYST:COMM:HAND", false, "ON"});
    try {
        exchange_.ask(on);
    } catch (const DeviceError& error) {
        if (error.kind() != ErrorKind::timeout) throw;
    }
    framed_ = true;
    set("SYST:COMM:HAND", "ON");
    set("SYST:COMM:PROM", "OFF");
}

std::string ObisHead::value(const std::string& header) {
    frame_replies();
    const std::string command = encode(protocol::ObisCommand{header, true, {}});
    const ObisLine first = protocol::parse_obis_line(exchange_.ask(command));
    if (first.answer != ObisAnswer::value) {
        if (first.answer == ObisAnswer::error) check(first, header + "?");
        fail(ErrorKind::corrupt, header + "?", "a value was due; the laser said OK");
    }
    check(protocol::parse_obis_line(exchange_.next_line(command)), header + "?");
    return first.text;
}

double ObisHead::number(const std::string& header) {
    const std::string text = value(header);
    const auto parsed = protocol::parse_number(text);
    if (!parsed) fail(ErrorKind::corrupt, header, fmt::format("a number was due; '{}' came", text));
    return *parsed;
}

bool ObisHead::flag(const std::string& header) {
    const std::string text = value(header);
    if (text != "ON" && text != "OFF")
        fail(ErrorKind::corrupt, header + "?", fmt::format("ON or OFF was due; '{}' came", text));
    return text == "ON";
}

void ObisHead::set(const std::string& header, const std::string& argument) {
    frame_replies();
    const std::string command = encode(protocol::ObisCommand{header, false, argument});
    check(protocol::parse_obis_line(exchange_.ask(command)), header);
}

hal::LaserInfo ObisHead::identify() {
    hal::LaserInfo info;
    info.model = "Coherent OBIS " + value("SYST:INF:MOD");
    info.serial = value("SYST:INF:SNUM");
    const std::string wavelength = value("SYST:INF:WAV");  // "660" or "660nm"
    info.wavelength_nm =
        protocol::parse_number(wavelength.substr(0, wavelength.find_first_not_of("0123456789.")))
            .value_or(0);
    info.max_power_mw = 1000 * number("SOUR:POW:LIM:HIGH");
    info.warm_up = options_.warm_up;
    return info;
}

LaserReading ObisHead::read() {
    const std::string text = value("SYST:STAT");
    const auto status = protocol::parse_obis_word(text);
    if (!status)
        fail(ErrorKind::corrupt, "SYST:STAT?",
             fmt::format("eight hexadecimal digits were due; '{}' came", text));
    const auto has = [&](std::uint32_t bit) { return (*status & bit) != 0; };
    LaserReading reading;
    // The key out sets the interlock's bit as well, whatever the door does: nobody can tell.
    reading.interlock_closed = !has(status_bit::interlock_open) && !has(status_bit::key_off);
    reading.emission = has(status_bit::emission);
    reading.requested = flag("SOUR:AM:STAT") || reading.emission || has(status_bit::cdrh_delay);
    reading.heating = !reading.emission && has(status_bit::warm_up);
    reading.set_power_mw = 1000 * number("SOUR:POW:LEV:IMM:AMPL");
    reading.measured_power_mw = reading.emission ? 1000 * number("SOUR:POW:LEV") : 0;
    const double off_by = std::abs(reading.measured_power_mw - reading.set_power_mw);
    reading.in_specification = reading.emission && !has(status_bit::warm_up) &&
                               off_by <= in_specification * reading.set_power_mw + power_step_mw();
    if (has(status_bit::key_off))
        reading.barred = "the key is off: turn it on";
    else if (has(status_bit::standby))
        reading.waiting = "standby after power-up: turn the key off and on";
    else if (has(status_bit::cdrh_delay))
        reading.waiting = "the safety delay is running";
    else if (reading.heating)
        reading.waiting = "warming up";
    reading.fault = faults_of(*status);
    return reading;
}

// In words; empty: none.
std::string ObisHead::faults_of(std::uint32_t status) {
    std::string words;
    const auto name = [&](const std::string& fault) {
        words += (words.empty() ? "" : ", ") + fault;
    };
    if ((status & status_bit::controller_error) != 0) name("an error of the controller");
    if ((status & status_bit::controller_fault) != 0) name("a fault of the controller");
    if ((status & (status_bit::fault | status_bit::hardware_fault)) == 0) return words;
    const auto faults = protocol::parse_obis_word(value("SYST:FAUL"));
    const std::string named = faults ? protocol::obis_fault_text(*faults) : std::string();
    name(!named.empty()                               ? named
         : (status & status_bit::hardware_fault) != 0 ? "a hardware fault"
                                                      : "an unnamed fault");
    return words;
}

void ObisHead::write_power(double power_mw) {
    set("SOUR:POW:LEV:IMM:AMPL", protocol::format_number(power_mw / 1000, 5));
}

void ObisHead::switch_on() {
    set("SOUR:AM:INT", "CWP");
    set("SOUR:AM:STAT", "ON");
}

void ObisHead::switch_off() {
    set("SOUR:AM:STAT", "OFF");
}

void ObisHead::reconnect() {
    framed_ = false;  // the laser may have been without power as well
    exchange_.reconnect();
}

}  // namespace

std::unique_ptr<hal::Laser> open_obis(std::unique_ptr<hal::SerialLine> line, hal::Clock& clock,
                                      const ObisOptions& options, ReopenSerialLine reopen) {
    std::string device = "obis " + line->name();
    auto head = std::make_unique<ObisHead>(std::move(line), std::move(reopen), clock, options,
                                           std::move(device));
    return std::make_unique<RemoteLaser>(clock, std::move(head), options.limit_mw);
}

}  // namespace opal::drivers
