// DlcProLaser: the head that speaks protocol/dlcpro.h. See dlcpro_laser.h.
#include "drivers/lasers/dlcpro_laser.h"

#include "drivers/lasers/remote_laser.h"
#include "hal/error.h"
#include "protocol/dlcpro.h"
#include "protocol/text_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace opal::drivers {

namespace {

using hal::Deadline;
using hal::DeviceError;
using hal::ErrorKind;
using protocol::DlcCommand;
using protocol::DlcError;
using protocol::DlcReply;
using protocol::DlcValue;
using protocol::DlcVerb;
using namespace std::chrono_literals;

constexpr hal::Duration reply_patience = 2s;
constexpr double in_specification = 0.05;  // of the power that was set
constexpr std::int64_t monitor_interval_ms = 50;
// Of what came unasked, before a command or from the monitor: somebody who sends faster than this
// is read must not keep a command waiting.
constexpr std::size_t most_unasked_bytes = 16384;

const char* const current_set = "laser1:dl:cc:current-set";
const char* const current_act = "laser1:dl:cc:current-act";
const char* const current_clip = "laser1:dl:cc:current-clip";
const char* const enabled = "laser1:dl:cc:enabled";

class DlcProHead final : public LaserHead {
public:
    DlcProHead(std::unique_ptr<hal::TcpStream> command, std::unique_ptr<hal::TcpStream> monitor,
               hal::Clock& clock, const DlcProOptions& options, ReopenTcpStream reopen)
        : options_(options),
          command_(std::move(command)),
          reopen_(std::move(reopen)),
          monitor_(std::move(monitor)),
          clock_(clock),
          place_("dlcpro " + command_->peer()) {
        if (!(options.slope_mw_per_ma > 0) || !(options.threshold_ma >= 0))
            fail(ErrorKind::out_of_range, "open",
                 "slope (mW/mA, above 0) and threshold (mA) of the laser diode have to be given");
        answer("connect");  // the banner, up to the first prompt
        if (!monitor_) return;
        const DlcCommand watch{DlcVerb::add, "interlock-open", {DlcValue(monitor_interval_ms)}};
        monitor_->write(protocol::bytes_of(encode(watch)), patience());
    }

    const std::string& place() const override { return place_; }
    hal::LaserInfo identify() override;
    LaserReading read() override;
    void write_power(double power_mw) override;
    void switch_on() override { set(enabled, true); }
    void switch_off() override { set(enabled, false); }
    void clear_faults() override {
        interlock_seen_open_ = false;
        monitor_lost_.clear();
    }
    void reconnect() override;
    hal::Duration emission_delay() const override { return 10s; }
    double power_step_mw() const override { return 0.01 * options_.slope_mw_per_ma; }

private:
    Deadline patience() const { return Deadline::after(clock_, reply_patience); }
    std::string answer(const std::string& about);
    DlcReply ask(const DlcCommand& command);
    template <class T>
    T get(const char* name);
    void set(const char* name, DlcValue value);
    void listen();
    double power_of(double current_ma) const {
        return std::max(0.0, options_.slope_mw_per_ma * (current_ma - options_.threshold_ma));
    }
    [[noreturn]] void fail(ErrorKind kind, const std::string& operation,
                           const std::string& text) const {
        throw DeviceError(kind, place_, operation, text);
    }

    DlcProOptions options_;
    std::unique_ptr<hal::TcpStream> command_;  // null only after a reconnect() that failed
    ReopenTcpStream reopen_;
    std::unique_ptr<hal::TcpStream> monitor_;  // null: there is none, or it has ended
    hal::Clock& clock_;
    std::string place_;
    protocol::DlcPromptReader prompts_;
    protocol::LineSplitter events_;
    bool interlock_seen_open_ = false;  // on the monitoring line
    std::string monitor_lost_;          // how it ended, until clear_faults()
};

// Bytes that are there already, so many at most.
template <class Take>
void read_unasked(hal::TcpStream& stream, hal::Clock& clock, Take&& take) {
    std::array<std::byte, 1024> bytes;
    for (std::size_t taken = 0; taken < most_unasked_bytes;) {
        const std::size_t count = stream.read(bytes, Deadline{clock.now()});
        if (count == 0) return;
        take(std::span<const std::byte>(bytes).first(count));
        taken += count;
    }
}

// What comes before the next prompt.
std::string DlcProHead::answer(const std::string& about) {
    const Deadline deadline = patience();
    std::array<std::byte, 1024> bytes;
    for (;;) {
        if (auto text = prompts_.next()) return *text;
        if (prompts_.overflowed())
            fail(ErrorKind::corrupt, about, "text without end came; is this a DLC pro?");
        // Whoever sends without end, but no prompt, is not waited for either.
        const std::size_t count = deadline.passed(clock_) ? 0 : command_->read(bytes, deadline);
        if (count == 0)
            fail(
                ErrorKind::timeout, about,
                "no prompt within 2 s; is this port 1998 of a DLC pro, and nobody else's session?");
        prompts_.add(std::span(bytes).first(count));
    }
}

DlcReply DlcProHead::ask(const DlcCommand& command) {
    if (!command_) fail(ErrorKind::disconnected, command.name, "the connection is gone");
    // The reply to a command that was given up would be taken for this one's.
    read_unasked(*command_, clock_, [](auto) {});
    prompts_.clear();
    const std::string line = encode(command);
    command_->write(protocol::bytes_of(line), patience());
    const std::string text = answer(command.name);
    // The last line is the reply; the one before may repeat the command.
    const std::size_t last = text.rfind('\n');
    const auto reply =
        protocol::parse_dlc_reply(last == std::string::npos ? text : text.substr(last + 1));
    if (!reply) fail(ErrorKind::corrupt, command.name, fmt::format("'{}' is no value", text));
    if (const auto* const error = std::get_if<DlcError>(&*reply))
        fail(ErrorKind::refused, command.name,
             fmt::format("the controller said error {} {}", error->code, error->text));
    return *reply;
}

template <class T>
T DlcProHead::get(const char* name) {
    const DlcReply reply = ask({DlcVerb::param_ref, name, {}});
    const auto& value = std::get<DlcValue>(reply);
    if (const auto* const exact = std::get_if<T>(&value)) return *exact;
    if constexpr (std::is_same_v<T, double>)
        if (const auto* const whole = std::get_if<std::int64_t>(&value))
            return static_cast<double>(*whole);
    fail(ErrorKind::corrupt, name,
         fmt::format("the value {} has another type than expected",
                     protocol::format_dlc_value(value)));
}

void DlcProHead::set(const char* name, DlcValue value) {
    const std::string text = protocol::format_dlc_value(value);
    const DlcReply reply = ask({DlcVerb::param_set, name, {std::move(value)}});
    const auto* const status = std::get_if<std::int64_t>(&std::get<DlcValue>(reply));
    if (status == nullptr) fail(ErrorKind::corrupt, name, "a status number was due");
    if (*status == 2)
        fail(ErrorKind::unsafe, name,
             fmt::format("{} was clipped to a limit of the controller, which took {}", text,
                         get<double>(name)));
    if (*status < 0)
        fail(ErrorKind::refused, name,
             fmt::format("the controller did not take {} (status {})", text, *status));
}

hal::LaserInfo DlcProHead::identify() {
    hal::LaserInfo info;
    info.model = get<std::string>("system-type") + " " + get<std::string>("laser1:product-name");
    info.serial = get<std::string>("serial-number");
    info.wavelength_nm = options_.wavelength_nm;
    info.max_power_mw = power_of(get<double>(current_clip));
    info.warm_up = options_.warm_up;
    return info;
}

void DlcProHead::reconnect() {
    if (!reopen_) fail(ErrorKind::disconnected, "reconnect", "there is only one connection to it");
    command_.reset();  // controllers may serve one at a time
    prompts_.clear();
    command_ = reopen_();
    answer("connect");
}

void DlcProHead::listen() {
    if (!monitor_) return;
    try {
        read_unasked(*monitor_, clock_, [&](auto bytes) { events_.add(bytes); });
    } catch (const DeviceError& error) {  // the command line works without it
        monitor_.reset();
        monitor_lost_ = fmt::format(
            "the monitoring line ended ({}): an interlock that opens for "
            "a moment is not noticed from now on",
            error.what());
    }
    while (const auto line = events_.next()) {
        const auto event = protocol::parse_dlc_event(*line);
        if (!event || event->name != "interlock-open") continue;
        if (event->reply == DlcReply(DlcValue(true))) interlock_seen_open_ = true;
    }
}

LaserReading DlcProHead::read() {
    listen();
    LaserReading reading;
    reading.interlock_closed = !get<bool>("interlock-open");
    reading.emission = get<bool>("emission");
    // The source stays enabled when key or interlock keep it dark.
    reading.requested = get<bool>(enabled);
    reading.set_power_mw = power_of(get<double>(current_set));
    reading.measured_power_mw = reading.emission ? power_of(get<double>(current_act)) : 0;
    const double off_by = std::abs(reading.measured_power_mw - reading.set_power_mw);
    reading.in_specification = reading.emission && get<bool>("laser1:dl:tc:ready") &&
                               off_by <= in_specification * reading.set_power_mw + power_step_mw();
    if (get<bool>("frontkey-locked")) reading.waiting = "the front key is locked: turn it";
    if (const auto health = get<std::int64_t>("system-health"); health != 0)
        reading.fault = get<std::string>("system-health-txt");
    else if (interlock_seen_open_)
        reading.fault = "the interlock was open for a moment";
    else
        reading.fault = monitor_lost_;
    return reading;
}

void DlcProHead::write_power(double power_mw) {
    const double current =
        power_mw > 0 ? options_.threshold_ma + power_mw / options_.slope_mw_per_ma : 0.0;
    set(current_set, current);
}

}  // namespace

std::unique_ptr<hal::Laser> open_dlcpro(std::unique_ptr<hal::TcpStream> command,
                                        std::unique_ptr<hal::TcpStream> monitor, hal::Clock& clock,
                                        const DlcProOptions& options, ReopenTcpStream reopen) {
    auto head = std::make_unique<DlcProHead>(std::move(command), std::move(monitor), clock, options,
                                             std::move(reopen));
    return std::make_unique<RemoteLaser>(clock, std::move(head), options.limit_mw);
}

}  // namespace opal::drivers
