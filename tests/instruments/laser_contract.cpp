// Every laser driver keeps the Laser contract, over its wire and its virtual instrument.
#include "drivers/lasers/cobolt_laser.h"
#include "drivers/lasers/dlcpro_laser.h"
#include "drivers/lasers/obis_laser.h"
#include "sim/instruments/lasers/cobolt_instrument.h"
#include "sim/instruments/lasers/dlcpro_doors.h"
#include "sim/instruments/lasers/obis_instrument.h"
#include "tests/contract/bench_suites.h"
#include "tests/instruments/laser_bench.h"

using namespace opal;
using namespace opal::contract;
using namespace std::chrono_literals;

namespace {

template <class Inner>
class Harness {
public:
    static constexpr bool has_door_switch = true;
    static constexpr bool has_trigger_input = false;
    hal::Bench& bench() { return wired_.bench; }
    void set_interlock(bool closed) { wired_.inner->set_interlock(closed); }
    static hal::Duration time_tolerance() { return hal::Duration{0}; }

private:
    Inner wired_;
};

template <protocol::CoboltFamily family, bool autostart>
struct Cobolt : test::SerialLaserBench<sim::CoboltInstrument, sim::CoboltScene> {
    static sim::CoboltScene scene() {
        sim::CoboltScene scene;
        scene.family = family;
        scene.autostart = autostart;
        scene.label_power_mw = small_scene().laser.max_power_mw;
        scene.emission_delay = autostart ? 100ms : 0ms;
        return scene;
    }
    Cobolt()
        : SerialLaserBench(scene(), [](auto host, hal::Clock& clock) {
              drivers::CoboltOptions options;
              options.family = family;
              options.label_power_mw = small_scene().laser.max_power_mw;
              options.limit_mw = options.label_power_mw;
              options.warm_up = 500ms;
              return drivers::open_cobolt(std::move(host), clock, options);
          }) {}
};
struct Obis : test::SerialLaserBench<sim::ObisInstrument, sim::ObisScene> {
    static sim::ObisScene scene() {
        sim::ObisScene scene;
        scene.handshake = false;  // as another program may have left it
        return scene;
    }
    Obis()
        : SerialLaserBench(scene(), [](auto host, hal::Clock& clock) {
              drivers::ObisOptions options;
              options.limit_mw = small_scene().laser.max_power_mw;
              options.warm_up = 500ms;
              return drivers::open_obis(std::move(host), clock, options);
          }) {}
};
struct DlcPro {
    DlcPro()
        : inner(sim::make_simulated_bench(small_scene(), {2, nullptr})),
          instrument(inner->laser(), inner->clock(), {}),
          bench(*inner) {
        sim::VirtualClock& clock = test::virtual_clock(*inner);
        auto [command, far_command] = sim::make_tcp_pair(clock, "memory:1998", "host");
        auto [monitor, far_monitor] = sim::make_tcp_pair(clock, "memory:1999", "host");
        far_ends = {std::move(far_command), std::move(far_monitor)};
        doors = std::make_unique<sim::DlcProDoors>(instrument, *far_ends.first, *far_ends.second,
                                                   clock);
        drivers::DlcProOptions options;
        options.threshold_ma = instrument.scene.threshold_ma;
        options.slope_mw_per_ma = instrument.scene.slope_mw_per_ma;
        options.limit_mw = small_scene().laser.max_power_mw;
        options.warm_up = 500ms;
        bench.wire(drivers::open_dlcpro(std::move(command), std::move(monitor), clock, options));
    }
    std::unique_ptr<sim::SimulatedBench> inner;
    sim::DlcProInstrument instrument;
    std::pair<std::unique_ptr<sim::MemoryTcpStream>, std::unique_ptr<sim::MemoryTcpStream>>
        far_ends;
    std::unique_ptr<sim::DlcProDoors> doors;
    test::RewiredBench bench;
};

using Cobolt06 = Harness<Cobolt<protocol::CoboltFamily::mld_06, true>>;
using CoboltDpl = Harness<Cobolt<protocol::CoboltFamily::dpl, true>>;
using Cobolt05 = Harness<Cobolt<protocol::CoboltFamily::gen_05, false>>;
using CoherentObis = Harness<Obis>;
using TopticaDlcPro = Harness<DlcPro>;

}  // namespace

TYPE_TO_STRING(Cobolt06);
TYPE_TO_STRING(CoboltDpl);
TYPE_TO_STRING(Cobolt05);
TYPE_TO_STRING(CoherentObis);
TYPE_TO_STRING(TopticaDlcPro);

OPAL_LASER_SUITE(Cobolt06);
OPAL_LASER_SUITE(CoboltDpl);
OPAL_LASER_SUITE(Cobolt05);
OPAL_LASER_SUITE(CoherentObis);
OPAL_LASER_SUITE(TopticaDlcPro);
