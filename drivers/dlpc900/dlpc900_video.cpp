// Dlpc900Video: see dlpc900_video.h. The order is one that works on real boards [E2E 980889].
#include "drivers/dlpc900/dlpc900_video.h"

#include "drivers/dlpc900/dlpc900_opening.h"
#include "drivers/dlpc900/dlpc900_triggers.h"
#include "hal/error.h"
#include "protocol/dlpc900_image.h"

#include <fmt/format.h>

#include <cassert>
#include <utility>

namespace opal::drivers {

using hal::DeviceError;
using hal::ErrorKind;
using protocol::Dlpc900Word;
namespace mode = protocol::dlpc900_mode;
namespace status = protocol::dlpc900_status;
using namespace std::chrono_literals;

namespace {

constexpr hal::Duration lock_patience = 5s;  // monitors take seconds to agree with a graphics card
constexpr hal::Duration lock_pause = 100ms;
constexpr hal::Duration mode_pause = 300ms;

std::vector<std::byte> one_byte(std::uint8_t value) {
    return {static_cast<std::byte>(value)};
}

void check(const Dlpc900VideoPlan& plan, const protocol::Dlpc900Board& board,
           const std::string& device) {
    const auto refuse = [&](const std::string& text) {
        throw DeviceError(ErrorKind::out_of_range, device, "open", text);
    };
    if (plan.planes < 1 || plan.planes > protocol::dlpc900_planes)
        refuse(fmt::format("{} planes asked; 1 to 24 are possible", plan.planes));
    if (plan.exposure.count() < board.min_exposure_us)
        refuse(fmt::format("exposure {} us asked; at least {} us is possible",
                           plan.exposure.count(), board.min_exposure_us));
    if (plan.dark.count() < 0)
        refuse(fmt::format("dark time {} us asked; at least 0 us is possible", plan.dark.count()));
    const double frame_us = 1e6 / plan.frames_hz;
    const double shown_us = plan.planes * static_cast<double>((plan.exposure + plan.dark).count());
    // The board aborts a sequence that is not over when the next frame comes.
    if (!(shown_us <= frame_us))
        refuse(
            fmt::format("{} planes of {} us and {} us of dark take {:.0f} us; a frame at {} Hz "
                        "has {:.0f} us",
                        plan.planes, plan.exposure.count(), plan.dark.count(), shown_us,
                        plan.frames_hz, frame_us));
}

}  // namespace

Dlpc900Video::Dlpc900Video(std::unique_ptr<hal::UsbDevice> device, hal::Clock& clock,
                           const Dlpc900VideoPlan& plan)
    : link_(std::move(device), clock) {
    Dlpc900Options options;
    options.output = plan.output;
    check_triggers(options, link_.device());
    const Dlpc900Identity identity = identify(link_, clock, {});
    controllers_ = identity.controllers;
    check(plan, *identity.board, link_.device());
    enter_mode(link_, clock, identity.version, mode::video);
    lock_source(plan, clock);
    enter_mode(link_, clock, identity.version, mode::video_patterns);
    clock.wait_for(mode_pause);
    set_triggers(link_, options);
    tell_table(plan);
}

Dlpc900Video::~Dlpc900Video() {
    try {
        stop();
    } catch (const DeviceError&) {  // it goes on showing; the laser is another's duty
    }
}

void Dlpc900Video::lock_source(const Dlpc900VideoPlan& plan, hal::Clock& clock) {
    link_.write(Dlpc900Word::video_receiver, one_byte(static_cast<std::uint8_t>(plan.port)),
                "open");
    // Sent even to a board that says it has it already.
    link_.write(Dlpc900Word::input_source, one_byte(protocol::dlpc900_parallel_24), "open");
    const auto deadline = hal::Deadline::after(clock, lock_patience);
    constexpr unsigned syncs = status::port_1_syncs | status::port_2_syncs;
    for (;;) {
        const unsigned now = main_status("open");
        if ((now & status::source_locked) != 0 && (now & syncs) != 0) return;
        if (deadline.passed(clock))
            throw DeviceError(
                ErrorKind::refused, link_.device(), "open",
                fmt::format("no video comes in by {} (status {:02X}): the display "
                            "has to be on, at the board's own size and rate",
                            plan.port == Dlpc900VideoPlan::Port::hdmi ? "HDMI" : "DisplayPort",
                            now));
        clock.wait_for(lock_pause);
    }
}

void Dlpc900Video::tell_table(const Dlpc900VideoPlan& plan) {
    for (int plane = 0; plane < plan.planes; ++plane) {
        protocol::Dlpc900Entry entry;
        entry.index = static_cast<std::uint16_t>(plane);
        entry.exposure_us = static_cast<std::uint32_t>(plan.exposure.count());
        entry.dark_us = static_cast<std::uint32_t>(plan.dark.count());
        entry.wait_for_trigger = plane == 0;  // here: for the frame
        entry.plane = static_cast<std::uint8_t>(plane);
        link_.write(Dlpc900Word::lut_definition, encode(entry), "open");
    }
    const auto count = static_cast<std::uint16_t>(plan.planes);
    link_.write(Dlpc900Word::lut_configuration, encode(protocol::Dlpc900Configuration{count, 0}),
                "open");
}

unsigned Dlpc900Video::main_status(const char* operation) {
    return std::to_integer<unsigned>(link_.read(Dlpc900Word::main_status, 1, operation).front());
}

void Dlpc900Video::start() {
    require_healthy(link_, controllers_, "start");
    link_.write(Dlpc900Word::start_stop, one_byte(dlpc900_start_stop::start), "start");
}

void Dlpc900Video::stop() {
    link_.write(Dlpc900Word::start_stop, one_byte(dlpc900_start_stop::stop), "stop");
}

bool Dlpc900Video::showing() {
    constexpr unsigned wanted = status::running | status::source_locked;
    return (main_status("status") & wanted) == wanted;
}

std::vector<std::byte> video_frame(std::span<const hal::BitPattern> planes,
                                   Dlpc900Channels channels) {
    assert(!planes.empty() && planes.size() <= protocol::dlpc900_planes);
    const int rows = planes.front().rows();
    const int columns = planes.front().columns();
    std::vector<std::byte> frame(std::size_t{3} * static_cast<std::size_t>(rows) *
                                 static_cast<std::size_t>(columns));
    for (std::size_t k = 0; k < planes.size(); ++k) {
        assert(planes[k].rows() == rows && planes[k].columns() == columns);
        const std::byte bit{static_cast<unsigned char>(1u << k % 8)};
        auto pixel = static_cast<std::size_t>(channels[k / 8]);
        for (int row = 0; row < rows; ++row)
            for (int column = 0; column < columns; ++column, pixel += 3)
                if (planes[k].at(row, column)) frame[pixel] |= bit;
    }
    return frame;
}

}  // namespace opal::drivers
