// That light does not come back by itself: after a door, a key, a delay, a lost connection.
#include "tests/instruments/laser_fault_bench.h"

#include <optional>
#include <stdexcept>
#include <vector>

using namespace opal;
using namespace opal::test;
using namespace std::chrono_literals;
using hal::ErrorKind;
using hal::LaserState;

namespace {

// A command line into which the peer, or somebody else, talks without end.
class Chatter final : public hal::TcpStream {
public:
    Chatter(std::unique_ptr<hal::TcpStream> inner, hal::Clock& clock)
        : inner_(std::move(inner)), clock_(clock) {}

    // nullopt: quiet; 0: faster than anybody reads; else one byte each time.
    std::optional<hal::Duration> every;

    const std::string& peer() const override { return inner_->peer(); }
    void write(std::span<const std::byte> bytes, hal::Deadline deadline) override {
        inner_->write(bytes, deadline);
    }
    std::size_t read(std::span<std::byte> into, hal::Deadline deadline) override {
        if (!every) return inner_->read(into, deadline);
        if (++reads_ > 100000) throw std::logic_error("read without end");
        std::size_t count = into.size();
        if (*every > 0ns) {
            if (clock_.now() < next_ && deadline.passed(clock_)) return 0;
            clock_.wait_until(next_);
            next_ = clock_.now() + *every;
            count = 1;
        }
        for (std::byte& b : into.first(count)) b = std::byte{'x'};
        return count;
    }
    void close() override { inner_->close(); }

private:
    std::unique_ptr<hal::TcpStream> inner_;
    hal::Clock& clock_;
    hal::Time next_{};
    int reads_ = 0;
};

}  // namespace

TEST_CASE("DLC pro: a door that opens and closes again finds nothing to light") {
    DlcBench dlc;
    hal::Laser& laser = dlc.bench.laser();
    arm(laser, 20);
    laser.emit();
    CHECK(dlc.light());
    dlc.inner->set_interlock(false);
    CHECK(laser.status().state == LaserState::fault);
    dlc.inner->set_interlock(true);
    dlc.inner->clock().wait_for(1s);  // the doors look at the instrument meanwhile
    CHECK_FALSE(dlc.light());
    const hal::LaserStatus status = laser.status();
    CHECK(status.state == LaserState::fault);
    CHECK(status.fault.find("interlock") != std::string::npos);
    CHECK_FALSE(dlc.light());
}

TEST_CASE("DLC pro: enabled by hand while it is off or armed is a fault, and undone") {
    DlcBench dlc;
    hal::Laser& laser = dlc.bench.laser();
    const auto enable = [&] {
        dlc.instrument.command(protocol::bytes_of("(param-set! 'laser1:dl:cc:enabled #t)\n"));
    };
    dlc.inner->set_interlock(false);
    enable();  // dark behind the open door
    CHECK(laser.status().state == LaserState::fault);
    dlc.inner->set_interlock(true);
    dlc.inner->clock().wait_for(1s);
    CHECK_FALSE(dlc.light());
    laser.off();
    arm(laser, 20);
    dlc.instrument.scene.key_locked = true;
    enable();
    CHECK(laser.status().fault.find("only armed") != std::string::npos);
    dlc.instrument.scene.key_locked = false;
    dlc.inner->clock().wait_for(1s);
    CHECK_FALSE(dlc.light());
}

TEST_CASE("DLC pro: dark but enabled is not off") {
    DlcBench dlc;
    hal::Laser& laser = dlc.bench.laser();
    arm(laser, 20);
    laser.emit();
    dlc.instrument.scene.stuck_on = true;
    dlc.instrument.scene.key_locked = true;  // dark, for as long as the key is there
    check_fault(ErrorKind::timeout, {"or that it will come", "Block the beam"},
                [&] { laser.off(); });
    dlc.instrument.scene.stuck_on = false;
    laser.off();
    dlc.instrument.scene.key_locked = false;
    dlc.inner->clock().wait_for(1s);
    CHECK_FALSE(dlc.light());
}

TEST_CASE("Cobolt: a key that is turned after off finds nothing that waits for it") {
    sim::CoboltScene scene;
    scene.cdrh = true;
    CoboltBench cobolt(scene);
    hal::Laser& laser = cobolt.bench.laser();
    arm(laser, 20);
    check_fault(ErrorKind::refused, {"key", "off"}, [&] { laser.emit(); });
    cobolt.instrument.turn_key();
    cobolt.inner->clock().wait_for(1s);
    CHECK_FALSE(cobolt.light());
    CHECK(laser.status().state == LaserState::off);
}

TEST_CASE("OBIS: a safety delay that runs on is not off") {
    sim::ObisScene scene;
    scene.emission_delay = 5s;
    ObisBench obis(scene);
    hal::Laser& laser = obis.bench.laser();
    const auto request = [&] {
        obis.instrument.receive(protocol::bytes_of("SOUR:AM:STAT ON\r\n"));
    };
    obis.instrument.scene.stuck_on = true;
    request();
    check_fault(ErrorKind::timeout, {"or that it will come"}, [&] { laser.off(); });
    obis.instrument.scene.stuck_on = false;
    laser.off();
    request();
    CHECK(laser.status().state == LaserState::fault);
    obis.inner->clock().wait_for(10s);
    laser.status();
    CHECK_FALSE(obis.light());
}

TEST_CASE("a cold laser takes the command and gives light when it is warm") {
    SUBCASE("Cobolt 05") {
        sim::CoboltScene scene;
        scene.family = protocol::CoboltFamily::gen_05;
        scene.label_power_mw = label_mw;
        scene.cold_for = 90s;
        scene.emission_delay = 5s;
        SerialLaserBench<sim::CoboltInstrument, sim::CoboltScene> cobolt(
            scene, [](auto host, hal::Clock& clock) {
                drivers::CoboltOptions options;
                options.family = protocol::CoboltFamily::gen_05;
                options.label_power_mw = options.limit_mw = label_mw;
                return drivers::open_cobolt(std::move(host), clock, options);
            });
        arm(cobolt.bench.laser(), 20);
        cobolt.bench.laser().emit();
        CHECK(cobolt.inner->clock().now() >= hal::Time(95s));
        CHECK(cobolt.bench.laser().status().state == LaserState::warming_up);
    }
    SUBCASE("OBIS") {
        sim::ObisScene scene;
        scene.cold_for = 100s;
        scene.emission_delay = 5s;
        ObisBench obis(scene, 120s);
        arm(obis.bench.laser(), 20);
        obis.bench.laser().emit();
        CHECK(obis.inner->clock().now() >= hal::Time(105s));
        CHECK(obis.light());
    }
    SUBCASE("colder than its manual says") {
        sim::ObisScene scene;
        scene.cold_for = 600s;
        ObisBench obis(scene, 120s);
        arm(obis.bench.laser(), 20);
        check_fault(ErrorKind::refused, {"warming up", "the laser is off"},
                    [&] { obis.bench.laser().emit(); });
        obis.inner->clock().wait_for(600s);
        CHECK(obis.bench.laser().status().state == LaserState::off);
        CHECK_FALSE(obis.light());
    }
}

TEST_CASE("DLC pro: off() connects again when the connection is reset") {
    DlcBench dlc;
    hal::Laser& laser = dlc.bench.laser();
    arm(laser, 20);
    laser.emit();
    dlc.far_ends.first->unplug();
    check_fault(ErrorKind::disconnected, {}, [&] { laser.status(); });
    CHECK(dlc.light());
    laser.off();
    CHECK_FALSE(dlc.light());
    CHECK(laser.status().state == LaserState::off);
}

TEST_CASE("off() believes the new connection only if the same laser answers") {
    CoboltBench first;
    CoboltBench second;
    second.instrument.scene.serial = "54321";
    std::vector<std::unique_ptr<sim::MemorySerialLine>> far_ends;
    const auto line_to = [&](CoboltBench& cobolt) -> std::unique_ptr<hal::SerialLine> {
        auto [host, device] = sim::make_serial_pair(virtual_clock(*first.inner), "serial:again");
        sim::serve(cobolt.instrument, *device);
        far_ends.push_back(std::move(device));
        return std::move(host);
    };
    CoboltBench* behind = &second;
    int opened = 0;
    drivers::CoboltOptions options;
    options.label_power_mw = options.limit_mw = label_mw;
    const auto laser = drivers::open_cobolt(line_to(first), first.inner->clock(), options, [&] {
        ++opened;
        return line_to(*behind);
    });
    arm(*laser, 20);
    laser->emit();
    far_ends.back()->unplug();
    check_fault(ErrorKind::timeout, {"another laser", "emission is unknown", "Block the beam"},
                [&] { laser->off(); });
    CHECK(opened == 1);
    CHECK(first.light());
    far_ends.back()->unplug();
    behind = &first;
    laser->off();
    CHECK(opened == 2);
    CHECK_FALSE(first.light());
}

TEST_CASE("DLC pro: whoever floods the command line does not keep off() waiting") {
    DlcBench dlc;
    sim::VirtualClock& clock = virtual_clock(*dlc.inner);
    auto chatter = std::make_unique<Chatter>(dlc.connect(), clock);
    Chatter& line = *chatter;
    const auto laser =
        drivers::open_dlcpro(std::move(chatter), nullptr, clock, {40, 1, 780, label_mw, 500ms});
    arm(*laser, 20);
    laser->emit();
    CHECK(dlc.light());
    hal::Duration every{0};
    SUBCASE("faster than it is read") {}
    SUBCASE("a byte now and then, for hours") {
        every = 100ms;
    }
    line.every = every;
    const hal::Time begin = clock.now();
    check_fault(ErrorKind::timeout, {"emission is unknown"}, [&] { laser->off(); });
    CHECK(clock.now() - begin < 5s);  // two attempts of 2 s
    CHECK_FALSE(dlc.light());         // all the same
    line.every.reset();
    laser->off();
}
