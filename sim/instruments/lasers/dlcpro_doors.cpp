// DlcProDoors: see dlcpro_doors.h.
#include "sim/instruments/lasers/dlcpro_doors.h"

#include "hal/error.h"

#include <array>
#include <chrono>
#include <mutex>

namespace opal::sim {

namespace {

constexpr hal::Duration watch_interval = std::chrono::milliseconds(50);

void write(MemoryTcpStream& stream, const std::string& text) {
    if (!text.empty()) stream.write(std::as_bytes(std::span(text)), hal::Deadline{});
}

template <class Answer>
void serve(MemoryTcpStream& stream, Answer&& answer) {
    std::array<std::byte, 512> bytes;
    try {
        while (const std::size_t count = stream.read(bytes, hal::Deadline{}))
            write(stream, answer(std::span<const std::byte>(bytes).first(count)));
    } catch (const hal::DeviceError&) {  // the host is gone
    }
}

}  // namespace

// Looks for events again and again, until the doors are gone.
struct DlcProDoors::Watch : std::enable_shared_from_this<Watch> {
    Watch(DlcProInstrument& i, MemoryTcpStream& m, VirtualClock& c)
        : instrument(&i), monitor(m), clock(c) {}

    void again() {
        clock.call_at(clock.now() + watch_interval, [self = shared_from_this()] { self->look(); });
    }
    void look() {
        const std::lock_guard lock(mutex);
        if (instrument == nullptr) return;
        try {
            write(monitor, instrument->events());
        } catch (const hal::DeviceError&) {  // the host is gone: nobody to tell any more
            return;
        }
        again();
    }

    std::mutex mutex;
    DlcProInstrument* instrument;  // nullptr: the doors are gone
    MemoryTcpStream& monitor;
    VirtualClock& clock;
};

DlcProDoors::DlcProDoors(DlcProInstrument& instrument, MemoryTcpStream& command,
                         MemoryTcpStream& monitor, VirtualClock& clock)
    : command_(command),
      monitor_(monitor),
      watch_(std::make_shared<Watch>(instrument, monitor, clock)) {
    write(command, instrument.greeting());
    command.on_arrival(
        [&] { serve(command, [&](auto bytes) { return instrument.command(bytes); }); });
    monitor.on_arrival(
        [&] { serve(monitor, [&](auto bytes) { return instrument.monitor(bytes); }); });
    watch_->again();
}

DlcProDoors::~DlcProDoors() {
    command_.on_arrival({});
    monitor_.on_arrival({});
    const std::lock_guard lock(watch_->mutex);
    watch_->instrument = nullptr;
}

}  // namespace opal::sim
