// What goes wrong between a laser driver and its laser, and that nobody is left in doubt about
// light.
#include "drivers/lasers/cobolt_laser.h"
#include "drivers/lasers/dlcpro_laser.h"
#include "drivers/lasers/obis_laser.h"
#include "hal/error.h"
#include "sim/instruments/lasers/cobolt_instrument.h"
#include "sim/instruments/lasers/dlcpro_doors.h"
#include "sim/instruments/lasers/obis_instrument.h"
#include "tests/instruments/laser_bench.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>

using namespace opal;
using namespace std::chrono_literals;
using hal::ErrorKind;
using hal::LaserState;

namespace {

constexpr double label_mw = 50;  // contract::small_scene()

std::unique_ptr<hal::Laser> open_cobolt(std::unique_ptr<hal::SerialLine> line, hal::Clock& clock,
                                        double label) {
    drivers::CoboltOptions options;
    options.label_power_mw = label;
    options.limit_mw = label_mw;
    options.warm_up = 500ms;
    return drivers::open_cobolt(std::move(line), clock, options);
}

struct CoboltBench : test::SerialLaserBench<sim::CoboltInstrument, sim::CoboltScene> {
    explicit CoboltBench(sim::CoboltScene scene = {}, double label = label_mw)
        : SerialLaserBench(labelled(scene), [=](auto host, hal::Clock& clock) {
              return open_cobolt(std::move(host), clock, label);
          }) {}
    static sim::CoboltScene labelled(sim::CoboltScene scene) {
        scene.label_power_mw = label_mw;
        return scene;
    }
    bool light() { return inner->laser().status().measured_power_mw > 0; }
};

struct ObisBench : test::SerialLaserBench<sim::ObisInstrument, sim::ObisScene> {
    explicit ObisBench(sim::ObisScene scene = {})
        : SerialLaserBench(scene, [](auto host, hal::Clock& clock) {
              return drivers::open_obis(std::move(host), clock, {label_mw, 500ms});
          }) {}
};

struct DlcBench {
    explicit DlcBench(sim::DlcProScene scene = {})
        : inner(sim::make_simulated_bench(contract::small_scene(), {2, nullptr})),
          instrument(inner->laser(), inner->clock(), scene),
          bench(*inner) {
        sim::VirtualClock& clock = test::virtual_clock(*inner);
        auto [command, far_command] = sim::make_tcp_pair(clock, "memory:1998", "host");
        auto [monitor, far_monitor] = sim::make_tcp_pair(clock, "memory:1999", "host");
        far_ends = {std::move(far_command), std::move(far_monitor)};
        doors = std::make_unique<sim::DlcProDoors>(instrument, *far_ends.first, *far_ends.second,
                                                   clock);
        bench.wire(drivers::open_dlcpro(std::move(command), std::move(monitor), clock,
                                        {40, 1, 780, label_mw, 500ms}));
    }
    std::unique_ptr<sim::SimulatedBench> inner;
    sim::DlcProInstrument instrument;
    std::pair<std::unique_ptr<sim::MemoryTcpStream>, std::unique_ptr<sim::MemoryTcpStream>>
        far_ends;
    std::unique_ptr<sim::DlcProDoors> doors;
    test::RewiredBench bench;
};

// The fault `call` throws: its kind, and words its message holds.
void check_fault(ErrorKind kind, std::initializer_list<const char*> words,
                 const std::function<void()>& call) {
    try {
        call();
        FAIL_CHECK("no fault came");
    } catch (const hal::DeviceError& error) {
        const std::string text = error.what();
        CAPTURE(text);
        CHECK(error.kind() == kind);
        for (const std::string word : words) {
            CAPTURE(word);
            CHECK(text.find(word) != std::string::npos);
        }
    }
}

void arm(hal::Laser& laser, double power_mw) {
    laser.arm(label_mw);
    laser.set_power(power_mw);
}

}  // namespace

TEST_CASE("no answer is not darkness: off() says that emission is unknown, and off again later") {
    CoboltBench cobolt;
    hal::Laser& laser = cobolt.bench.laser();
    arm(laser, 20);
    laser.emit();
    cobolt.instrument.scene.silent = true;
    check_fault(ErrorKind::timeout, {"emission is unknown", "no reply"}, [&] { laser.off(); });
    CHECK(cobolt.light());
    cobolt.instrument.scene.silent = false;
    laser.off();
    CHECK(laser.status().state == LaserState::off);
    CHECK_FALSE(cobolt.light());
}

TEST_CASE("an off that is lost on the line is sent again") {
    CoboltBench cobolt;
    hal::Laser& laser = cobolt.bench.laser();
    arm(laser, 20);
    laser.emit();
    CHECK(cobolt.light());
    cobolt.instrument.scene.lost_commands = 1;
    laser.off();
    CHECK_FALSE(cobolt.light());
}

TEST_CASE("a laser that says OK to off and goes on is not believed") {
    CoboltBench cobolt;
    hal::Laser& laser = cobolt.bench.laser();
    arm(laser, 20);
    laser.emit();
    cobolt.instrument.scene.stuck_on = true;
    check_fault(ErrorKind::timeout, {"still reports emission", "Block the beam"},
                [&] { laser.off(); });
    cobolt.instrument.scene.stuck_on = false;
    laser.off();
    CHECK_FALSE(cobolt.light());
}

TEST_CASE("a set point that comes back different turns the laser off") {
    CoboltBench cobolt;
    hal::Laser& laser = cobolt.bench.laser();
    arm(laser, 20);
    laser.emit();
    cobolt.instrument.scene.wrong_power = true;
    check_fault(ErrorKind::refused, {"30 mW was sent", "15 mW", "label"},
                [&] { laser.set_power(30); });
    CHECK(laser.status().state == LaserState::off);
    CHECK_FALSE(cobolt.light());
}

TEST_CASE("the maximum has to agree with the label, in milliwatts or in watts") {
    check_fault(ErrorKind::unsafe, {"label says 500 mW", "50"}, [] { CoboltBench({}, 500); });
    check_fault(ErrorKind::out_of_range, {"label"}, [] { CoboltBench({}, 0); });
    sim::CoboltScene watts;
    watts.family = protocol::CoboltFamily::gen_05;
    CoboltBench cobolt(watts);
    CHECK(cobolt.bench.laser().info().max_power_mw == doctest::Approx(50));
}

TEST_CASE("OK is no light: a CDRH unit waits for its key") {
    sim::CoboltScene scene;
    scene.cdrh = true;
    CoboltBench cobolt(scene);
    hal::Laser& laser = cobolt.bench.laser();
    arm(laser, 20);
    check_fault(ErrorKind::refused, {"key", "off"}, [&] { laser.emit(); });
    CHECK(laser.status().state == LaserState::off);

    arm(laser, 20);
    test::virtual_clock(*cobolt.inner).call_at(cobolt.inner->clock().now() + 4s, [&] {
        cobolt.instrument.turn_key();
    });
    laser.emit();
    CHECK(cobolt.light());
    laser.off();
}

TEST_CASE("echoes and empty replies are seen through") {
    sim::CoboltScene scene;
    scene.echo = true;
    scene.empty_replies = 1;
    CoboltBench cobolt(scene);
    hal::Laser& laser = cobolt.bench.laser();
    cobolt.instrument.scene.empty_replies = 1;
    arm(laser, 12.5);
    CHECK(laser.status().set_power_mw == doctest::Approx(12.5));
    cobolt.instrument.scene.empty_replies = 2;
    check_fault(ErrorKind::corrupt, {"empty reply came twice"}, [&] { laser.status(); });
}

TEST_CASE("a laser that is on when the driver opens it is off afterwards") {
    CoboltBench first;
    hal::Laser& inner = first.inner->laser();
    arm(first.bench.laser(), 20);
    first.bench.laser().emit();
    // The line is opened anew, as after a crash of the program that had it.
    auto [host, device] = sim::make_serial_pair(test::virtual_clock(*first.inner), "serial:second");
    sim::serve(first.instrument, *device);
    const auto second = open_cobolt(std::move(host), first.inner->clock(), label_mw);
    CHECK(second->status().state == LaserState::off);
    CHECK(inner.status().state == LaserState::off);
}

TEST_CASE("nobody there is a timeout that says where to look") {
    sim::CoboltScene scene;
    scene.silent = true;
    check_fault(ErrorKind::timeout, {"serial:memory", "check cable"},
                [&] { CoboltBench b(scene); });
    sim::ObisScene obis;
    obis.silent = true;
    check_fault(ErrorKind::timeout, {"obis serial:memory"}, [&] { ObisBench b(obis); });
    sim::DlcProScene dlc;
    dlc.silent = true;
    check_fault(ErrorKind::timeout, {"dlcpro memory:1998", "1998"}, [&] { DlcBench b(dlc); });
}

TEST_CASE("OBIS: the key's bit is not the interlock's, and no key means no light") {
    ObisBench obis;
    hal::Laser& laser = obis.bench.laser();
    arm(laser, 20);
    obis.instrument.scene.key_on = false;
    CHECK(laser.status().interlock_closed);
    check_fault(ErrorKind::refused, {"-221"}, [&] { laser.emit(); });
    CHECK(laser.status().state == LaserState::off);
    obis.instrument.scene.key_on = true;
    arm(laser, 20);
    laser.emit();
    obis.instrument.scene.key_on = false;  // turned while emitting
    CHECK(laser.status().state == LaserState::fault);
    laser.off();
}

TEST_CASE("OBIS: light comes after the CDRH delay") {
    sim::ObisScene scene;
    scene.emission_delay = 5s;
    ObisBench obis(scene);
    hal::Laser& laser = obis.bench.laser();
    arm(laser, 20);
    const hal::Time asked = obis.inner->clock().now();
    laser.emit();
    CHECK(obis.inner->clock().now() - asked >= 5s);
    CHECK(laser.status().measured_power_mw > 0);
    laser.off();
}

TEST_CASE("DLC pro: enabled is not emission while the front key is locked") {
    sim::DlcProScene scene;
    scene.key_locked = true;
    scene.echo = true;
    DlcBench dlc(scene);
    hal::Laser& laser = dlc.bench.laser();
    arm(laser, 20);
    check_fault(ErrorKind::refused, {"front key"}, [&] { laser.emit(); });
    CHECK(laser.status().state == LaserState::off);
}

TEST_CASE("DLC pro: a current that is clipped is refused, not taken") {
    sim::DlcProScene scene;
    scene.clip_ma = 90.0;
    DlcBench dlc(scene);
    hal::Laser& laser = dlc.bench.laser();
    laser.arm(label_mw);
    dlc.instrument.scene.clip_ma = 60;  // someone lowers the limit at the front panel
    check_fault(ErrorKind::unsafe, {"clipped"}, [&] { laser.set_power(45); });
    laser.off();
}

TEST_CASE("DLC pro: an interlock that opens and closes between two readings is noticed") {
    DlcBench dlc;
    hal::Laser& laser = dlc.bench.laser();
    arm(laser, 20);
    dlc.inner->set_interlock(false);
    dlc.inner->clock().wait_for(200ms);
    dlc.inner->set_interlock(true);
    dlc.inner->clock().wait_for(200ms);
    const hal::LaserStatus status = laser.status();
    CHECK(status.state == LaserState::fault);
    CHECK(status.fault.find("interlock") != std::string::npos);
    laser.off();
    arm(laser, 20);
    laser.emit();
    dlc.inner->clock().wait_for(100ms);
    CHECK(laser.status().measured_power_mw > 0);
}

TEST_CASE("the cable is pulled while the laser is on") {
    CoboltBench cobolt;
    hal::Laser& laser = cobolt.bench.laser();
    arm(laser, 20);
    laser.emit();
    cobolt.line->unplug();
    check_fault(ErrorKind::disconnected, {"adapter"}, [&] { laser.status(); });
    check_fault(ErrorKind::timeout, {"emission is unknown", "Block the beam"},
                [&] { laser.off(); });
}
