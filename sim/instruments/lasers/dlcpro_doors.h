// DlcProDoors: a virtual DLC pro at the far ends of two TCP connections in memory.
#pragma once

#include "sim/doors/memory_tcp.h"
#include "sim/instruments/lasers/dlcpro_instrument.h"
#include "sim/table/virtual_clock.h"

#include <memory>

namespace opal::sim {

// Serves for as long as it lives; `instrument`, the streams and the clock must outlive it.
class DlcProDoors {
public:
    DlcProDoors(DlcProInstrument& instrument, MemoryTcpStream& command, MemoryTcpStream& monitor,
                VirtualClock& clock);
    ~DlcProDoors();
    DlcProDoors(const DlcProDoors&) = delete;
    DlcProDoors& operator=(const DlcProDoors&) = delete;

private:
    struct Watch;
    MemoryTcpStream& command_;
    MemoryTcpStream& monitor_;
    std::shared_ptr<Watch> watch_;
};

}  // namespace opal::sim
