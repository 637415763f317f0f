// What goes wrong between a laser driver and its laser, and that nobody is left in doubt about
// light.
#include "tests/instruments/laser_fault_bench.h"

using namespace opal;
using namespace opal::test;
using namespace std::chrono_literals;
using hal::ErrorKind;
using hal::LaserState;

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
    virtual_clock(*cobolt.inner).call_at(cobolt.inner->clock().now() + 4s, [&] {
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
    auto [host, device] = sim::make_serial_pair(virtual_clock(*first.inner), "serial:second");
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

TEST_CASE("OBIS: the key out hides the interlock, and no key means no light") {
    ObisBench obis;
    hal::Laser& laser = obis.bench.laser();
    obis.instrument.scene.key_on = false;
    CHECK_FALSE(laser.status().interlock_closed);  // nobody can tell
    check_fault(ErrorKind::refused, {"key is off", "turn it on"}, [&] { laser.arm(label_mw); });
    CHECK(laser.status().state == LaserState::off);
    obis.instrument.scene.key_on = true;
    CHECK(laser.status().interlock_closed);
    arm(laser, 20);
    obis.instrument.scene.key_on = false;
    CHECK(laser.status().fault == "the key is off: turn it on");
    laser.off();
    obis.instrument.scene.key_on = true;
    arm(laser, 20);
    laser.emit();
    obis.instrument.scene.key_on = false;  // turned while emitting
    CHECK(laser.status().state == LaserState::fault);
    laser.off();
}

TEST_CASE("OBIS: faults of the head's hardware and of the controller are faults") {
    namespace bits = protocol::obis_status;
    ObisBench obis;
    hal::Laser& laser = obis.bench.laser();
    const auto refused = [&](std::uint32_t bit, const char* words) {
        obis.instrument.scene.more_status = bit;
        check_fault(ErrorKind::refused, {words}, [&] { laser.arm(label_mw); });
    };
    refused(bits::fault, "an unnamed fault");  // SYST:FAUL? says 0
    refused(bits::hardware_fault, "a hardware fault");
    refused(bits::controller_error, "an error of the controller");
    refused(bits::controller_fault, "a fault of the controller");
    refused(bits::controller_fault | bits::fault, "a fault of the controller, an unnamed fault");
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

TEST_CASE("DLC pro: a current that is clipped turns the laser off") {
    sim::DlcProScene scene;
    scene.clip_ma = 90.0;
    DlcBench dlc(scene);
    hal::Laser& laser = dlc.bench.laser();
    for (const bool lit : {false, true}) {
        CAPTURE(lit);
        arm(laser, 10);
        if (lit) laser.emit();
        CHECK(dlc.light() == lit);
        dlc.instrument.scene.clip_ma = 60;  // someone lowers the limit at the front panel
        check_fault(ErrorKind::unsafe, {"85", "clipped", "took 60"}, [&] { laser.set_power(45); });
        CHECK(laser.status().state == LaserState::off);
        CHECK_FALSE(dlc.light());
        dlc.instrument.scene.clip_ma = 90;
    }
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

TEST_CASE("Cobolt: a measured power that cannot be is asked for again") {
    CoboltBench cobolt;
    hal::Laser& laser = cobolt.bench.laser();
    arm(laser, 20);
    laser.emit();
    cobolt.inner->clock().wait_for(1s);
    cobolt.instrument.scene.stray_powers = 1;
    CHECK(laser.status().measured_power_mw == doctest::Approx(20));
    cobolt.instrument.scene.stray_powers = 2;  // it insists
    CHECK(laser.status().measured_power_mw == doctest::Approx(1000));
}

TEST_CASE("DLC pro: the monitoring line that ends is a fault once, then it is done without") {
    DlcBench dlc;
    hal::Laser& laser = dlc.bench.laser();
    arm(laser, 20);
    laser.emit();
    dlc.far_ends.second->unplug();
    const hal::LaserStatus status = laser.status();
    CHECK(status.state == LaserState::fault);
    CHECK(status.fault.find("monitoring line") != std::string::npos);
    laser.off();
    CHECK_FALSE(dlc.light());
    arm(laser, 20);
    laser.emit();
    CHECK(dlc.light());
    CHECK(laser.status().fault.empty());
}

TEST_CASE("DLC pro: the monitoring port keeps only names there are, for one connection") {
    DlcBench dlc;
    const auto ask = [&](const char* text) {
        return dlc.instrument.monitor(protocol::bytes_of(text));
    };
    const std::string unknown = ask("(add 'nope 50)\n");
    CHECK(unknown.find("-3") != std::string::npos);
    CHECK(unknown.find("nope") != std::string::npos);
    CHECK(dlc.instrument.events().find("nope") == std::string::npos);
    CHECK(ask("(add 'frontkey-locked 50)\n").find("'frontkey-locked #f") != std::string::npos);
    dlc.instrument.scene.key_locked = true;
    CHECK(dlc.instrument.events().find("'frontkey-locked #t") != std::string::npos);
    dlc.instrument.monitor_connected();
    dlc.instrument.scene.key_locked = false;
    CHECK(dlc.instrument.events().empty());
}
