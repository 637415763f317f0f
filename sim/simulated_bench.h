// The one function that makes a simulated hal::Bench, and the window through which tests look
// behind the curtain.
#pragma once

#include "hal/bench.h"
#include "sim/faults/fault_injector.h"
#include "sim/scene.h"

#include <complex>
#include <memory>
#include <ostream>
#include <vector>

namespace opal::sim {

// Where a bench is in its life. Noise is drawn by the number of the exposure, drift by the time:
// a bench that begins where another of the same scene stood, dark, stopped and disarmed, goes on
// with the frames the other would have taken.
struct BenchMoment {
    hal::Duration time{0};        // virtual
    std::uint64_t exposures = 0;  // taken before; below 2^56 in all
};

class SimulatedBench : public hal::Bench {
public:
    virtual const Scene& scene() const = 0;
    // Asserts that the camera is disarmed and the laser off.
    virtual BenchMoment moment() = 0;

    // What no camera can see; for tests and plots. Complex field per mode that `pattern` sends to
    // the sensor at virtual time 0, at maximum laser power, in units where |field|^2 is
    // photo-electrons per pixel and microsecond, computed densely in double precision from the
    // medium's entries: an independent twin of the fixed-point path. Shape: the modes of `region`,
    // row-major; the mode centres (i, j) lie at pixel (i * pixels_per_mode_rows, j *
    // pixels_per_mode_columns) of the sensor, and only centres inside `region` count.
    virtual std::vector<std::complex<double>> true_field(const hal::BitPattern& pattern,
                                                         hal::Region region) const = 0;
    // The same at another virtual time: what the medium has become by then.
    virtual std::vector<std::complex<double>> true_field_at(const hal::BitPattern& pattern,
                                                            hal::Region region,
                                                            hal::Duration at) const = 0;
    // Complex reference at those mode centres, same units, carrier included.
    virtual std::vector<std::complex<double>> true_reference(hal::Region region) const = 0;

    // Opens or closes the door switch, as a person in the lab would.
    virtual void set_interlock(bool closed) = 0;
    // Puts plugs back that a fault pulled, as that person would: references to DMD and camera got
    // before do not hold any more.
    virtual void reconnect() {}

    // What has gone wrong so far, and whose light each frame held; nullptr: nothing ever does.
    virtual const FaultInjector* faults() const = 0;
};

struct BenchOptions {
    int threads =
        0;  // frames rendered ahead by this many threads; 0: all cores. Never changes a byte.
    std::ostream* events =
        nullptr;  // one JSON line per laser, DMD and camera event with its virtual time, flushed
    BenchMoment begin = {};
    const FaultSchedule* faults = nullptr;  // let loose from the beginning; read while it is made
};

// Throws std::invalid_argument if no bench can be like that, or this machine cannot hold it.
std::unique_ptr<SimulatedBench> make_simulated_bench(const Scene& scene,
                                                     const BenchOptions& options = {});

}  // namespace opal::sim
