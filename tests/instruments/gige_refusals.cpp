// The virtual GigE Vision camera refuses what a real one refuses, with the status codes a real one
// uses: commands and answers as bytes typed from the protocol's documents.
#include "tests/instruments/gige_client.h"

#include <doctest/doctest.h>

#include <chrono>
#include <vector>

using namespace opal;
using namespace std::chrono_literals;
using namespace opal::tests;

TEST_CASE("registers: unknown, read-only, unaligned, out of range, commands nobody knows") {
    tests::GigeTable wire(contract::small_scene());
    Client client(wire);
    expect(client, "42 01 00 80 00 04 00 01 | 00 00 00 00",
           "00 00 00 81 00 04 00 01 | 00 02 00 00");  // version 2.0
    expect(client, "42 01 00 80 00 04 00 00 | 00 00 09 04",
           "00 00 00 81 00 04 00 00 | 00 00 00 01");  // a probe with id 0
    expect(client, "42 01 00 80 00 04 00 02 | 00 00 90 00", "80 03 00 81 00 00 00 02");
    expect(client, "42 01 00 80 00 04 00 03 | 00 00 00 02", "80 05 00 81 00 00 00 03");
    expect(client, "42 01 00 84 00 08 00 04 | 00 00 00 48 00 00 00 03", "80 05 00 85 00 00 00 04");
    expect(client, "42 01 00 84 00 08 00 05 | 00 00 00 48 00 00 02 1c", "80 02 00 85 00 00 00 05");
    expect(client, "42 01 00 44 00 00 00 06", "80 01 00 45 00 00 00 06");
    // Concatenated: version and control privilege.
    expect(client, "42 01 00 80 00 08 00 07 | 00 00 00 00 00 00 0a 00",
           "00 00 00 81 00 08 00 07 | 00 02 00 00 00 00 00 00");
    expect(client, "42 01 00 84 00 08 00 08 | 00 00 00 48 00 00 00 08",
           "00 00 00 85 00 0c 00 08 | 00 00 00 48 4f 50 41 4c 00 00 00 00");  // "OPAL"

    expect(client, "42 01 00 82 00 08 00 09 | 00 00 a0 00 00 00 00 20",
           "80 06 00 83 00 04 00 09 | 00 00 00 00");  // a write without control
    expect(client, take_control, control_taken);
    expect(client, "42 01 00 82 00 08 00 0a | 00 00 00 00 00 00 00 01",
           "80 04 00 83 00 04 00 0a | 00 00 00 00");
    expect(client, "42 01 00 82 00 08 00 0b | 00 00 a0 00 00 00 ff ff",
           "80 02 00 83 00 04 00 0b | 00 00 00 00");  // wider than the sensor
    expect(client, "42 01 00 82 00 08 00 0c | 00 00 90 00 00 00 00 00",
           "80 03 00 83 00 04 00 0c | 00 00 00 00");
    // The first of two is done, the second is not.
    expect(client, "42 01 00 82 00 10 00 0d | 00 00 a0 00 00 00 00 20 00 00 a0 18 00 00 00 00",
           "80 04 00 83 00 04 00 0d | 00 00 00 01");
    expect(client, "42 01 00 80 00 04 00 0e | 00 00 a0 00",
           "00 00 00 81 00 04 00 0e | 00 00 00 20");
    // WRITEMEM has the same effect as WRITEREG.
    expect(client, "42 01 00 86 00 08 00 0f | 00 00 a0 00 00 00 00 10",
           "00 00 00 87 00 04 00 0f | 00 00 00 04");
    expect(client, "42 01 00 80 00 04 00 10 | 00 00 a0 00",
           "00 00 00 81 00 04 00 10 | 00 00 00 10");
    // No acknowledge wanted, none sent; another key is silence; so is rubbish.
    CHECK_FALSE(client.ask("42 00 00 80 00 04 00 11 | 00 00 00 00"));
    CHECK_FALSE(client.ask("43 01 00 80 00 04 00 12 | 00 00 00 00"));
    CHECK_FALSE(client.ask("42 01 00 80 00 ff 00 13 | 00 00 00 00"));
    CHECK_FALSE(client.ask("42"));
}

TEST_CASE("one client controls; others read, until control is exclusive or given back") {
    tests::GigeTable wire(contract::small_scene());
    Client first(wire);
    Client second(wire);
    expect(first, take_control, control_taken);
    expect(second, "42 01 00 82 00 08 00 21 | 00 00 0a 00 00 00 00 02",
           "80 06 00 83 00 04 00 21 | 00 00 00 00");
    expect(second, "42 01 00 82 00 08 00 22 | 00 00 a0 00 00 00 00 10",
           "80 06 00 83 00 04 00 22 | 00 00 00 00");
    expect(second, "42 01 00 80 00 04 00 23 | 00 00 0a 00",
           "00 00 00 81 00 04 00 23 | 00 00 00 02");
    expect(first, "42 01 00 82 00 08 00 24 | 00 00 0a 00 00 00 00 03",
           "00 00 00 83 00 04 00 24 | 00 00 00 01");
    expect(second, "42 01 00 80 00 04 00 25 | 00 00 0a 00", "80 06 00 81 00 00 00 25");
    const auto found = second.ask("42 01 00 02 00 00 ff ff");
    REQUIRE(found);
    CHECK(found->size() == 256);
    CHECK(wire.camera.owner() == first.port().local());
    expect(first, "42 01 00 82 00 08 00 26 | 00 00 0a 00 00 00 00 00",
           "00 00 00 83 00 04 00 26 | 00 00 00 01");
    expect(second, "42 01 00 82 00 08 00 27 | 00 00 0a 00 00 00 00 02",
           "00 00 00 83 00 04 00 27 | 00 00 00 01");
}

TEST_CASE("silence for longer than the heartbeat timeout ends control and stream") {
    tests::GigeTable wire(contract::small_scene());
    Client client(wire);
    expect(client, take_control, control_taken);
    expect(client, "42 01 00 82 00 08 00 31 | 00 00 0d 00 00 00 c0 00",
           "00 00 00 83 00 04 00 31 | 00 00 00 01");
    wire.table.clock().wait_for(2900ms);
    expect(client, "42 01 00 80 00 04 00 32 | 00 00 0a 00",
           "00 00 00 81 00 04 00 32 | 00 00 00 02");
    wire.table.clock().wait_for(2900ms);  // since the last command
    CHECK(wire.camera.owner());
    wire.table.clock().wait_for(200ms);
    CHECK_FALSE(wire.camera.owner());
    expect(client, "42 01 00 80 00 04 00 33 | 00 00 0d 00",
           "00 00 00 81 00 04 00 33 | 00 00 00 00");
}

TEST_CASE("a command sent again is answered again and not done again") {
    tests::GigeTable wire(contract::small_scene());
    Client client(wire);
    expect(client, take_control, control_taken);
    // A test packet is what a command does here: SCDA, SCP, then SCPS with the fire bit, 576 bytes.
    const hal::UdpAddress here = client.port().local();
    auto command = hex("42 01 00 82 00 10 00 41 | 00 00 0d 18 c0 a8 01 01 00 00 0d 00 00 00");
    command.push_back(static_cast<std::byte>(here.port >> 8));
    command.push_back(static_cast<std::byte>(here.port & 0xFF));
    client.port().send(tests::camera_address, command);
    REQUIRE(client.receive());
    const char* const fire = "42 01 00 82 00 08 00 42 | 00 00 0d 04 c0 00 02 40";
    const auto one = client.ask(fire);
    const auto two = client.receive();
    REQUIRE(one);
    REQUIRE(two);
    CHECK(one->size() + two->size() == 12 + 576 - 28);
    expect(client, fire, "00 00 00 83 00 04 00 42 | 00 00 00 01");
    CHECK_FALSE(client.receive());
    // The fire bit reads back 0.
    expect(client, "42 01 00 80 00 04 00 43 | 00 00 0d 04",
           "00 00 00 81 00 04 00 43 | 40 00 02 40");
}

TEST_CASE("what shapes a frame is locked while frames are taken") {
    tests::GigeTable wire(contract::small_scene());
    const auto camera = wire.open();
    hal::CameraSettings settings;
    settings.region = {0, 0, 48, 64};
    settings.exposure = 100us;
    camera->configure(settings);
    camera->arm(1);
    for (const char* feature : {"Width", "PixelFormat", "TriggerMode"}) {
        CAPTURE(feature);
        CHECK(camera->features().restriction(feature).find("locked") != std::string::npos);
    }
    // Behind the description's back the camera itself says no.
    camera->features().set_integer("TLParamsLocked", 0);
    try {
        camera->features().set_integer("Width", 32);
        FAIL("accepted");
    } catch (const hal::DeviceError& error) {
        CHECK(error.kind() == hal::ErrorKind::refused);
        CHECK(std::string(error.what()).find("0x8006") != std::string::npos);
    }
    camera->disarm();
    camera->features().set_integer("Width", 32);
}

TEST_CASE("control with switchover: not offered, refused, and control stays where it was") {
    tests::GigeTable wire(contract::small_scene());
    Client client(wire);
    for (const char* value : {"04", "06", "07"}) {
        const std::string command =
            std::string("42 01 00 82 00 08 00 51 | 00 00 0a 00 00 00 00 ") + value;
        expect(client, command.c_str(), "80 02 00 83 00 04 00 51 | 00 00 00 00");
        CHECK_FALSE(wire.camera.owner());
    }
    // With a key, and from somebody else.
    expect(client, "42 01 00 82 00 08 00 52 | 00 00 0a 00 12 34 00 02",
           "80 02 00 83 00 04 00 52 | 00 00 00 00");
    expect(client, take_control, control_taken);
    expect(client, "42 01 00 82 00 08 00 53 | 00 00 0a 00 00 00 00 06",
           "80 02 00 83 00 04 00 53 | 00 00 00 00");
    CHECK(wire.camera.owner() == client.port().local());
    Client second(wire);
    expect(second, "42 01 00 82 00 08 00 54 | 00 00 0a 00 00 00 00 06",
           "80 06 00 83 00 04 00 54 | 00 00 00 00");
}

TEST_CASE("discovery: neighbours are answered by themselves, others so that everybody hears it") {
    tests::GigeTable wire(contract::small_scene());
    Client neighbour(wire);
    const auto far = wire.network.open_udp({0x0A000007, 0}, {true, 1 << 20, 0});
    const auto heard = [&](hal::UdpPort& port) {
        std::vector<std::byte> room(2048);
        hal::UdpArrival arrival;
        arrival.room = room;
        const auto soon = hal::Deadline::after(wire.table.clock(), 1ms);
        // From the camera's own address, whatever the question came to.
        return port.receive({&arrival, 1}, soon) == 1 && arrival.length == 256 &&
               arrival.from == tests::camera_address;
    };
    // Somebody on the camera's network with the same port number hears what is broadcast.
    const auto witness = wire.network.open_udp({0xC0A80140, far->local().port}, {true, 1 << 20, 0});
    far->send(tests::camera_address, hex("42 11 00 02 00 00 ff ff"));
    CHECK(heard(*far));
    CHECK(heard(*witness));
    far->send(tests::camera_address, hex("42 01 00 02 00 00 ff ff"));
    CHECK(heard(*far));
    CHECK_FALSE(heard(*witness));
    REQUIRE(neighbour.ask("42 11 00 02 00 00 ff ff"));
    CHECK_FALSE(heard(*witness));
}

TEST_CASE("nothing is sent after AcquisitionStop, and nothing at all to a closed stream channel") {
    sim::GigeCameraOptions options;
    options.link_mbit = 1;  // a frame takes 27 ms: most of it still waits when the stop comes
    tests::GigeTable wire(contract::small_scene(), options);
    Client client(wire);
    const auto stream = wire.open_port();
    const auto count = [&] {
        std::vector<std::byte> room(2048);
        hal::UdpArrival arrival;
        arrival.room = room;
        int n = 0;
        while (stream->receive({&arrival, 1}, hal::Deadline::after(wire.table.clock(), 100ms)) > 0)
            ++n;
        return n;
    };
    const auto aim = [&](int id) {
        auto command = hex("42 01 00 82 00 10 00 61 | 00 00 0d 18 c0 a8 01 01 00 00 0d 00 00 00");
        command[7] = static_cast<std::byte>(id);
        command.push_back(static_cast<std::byte>(stream->local().port >> 8));
        command.push_back(static_cast<std::byte>(stream->local().port & 0xFF));
        client.port().send(tests::camera_address, command);
        REQUIRE(client.receive());
    };
    expect(client, take_control, control_taken);
    aim(0x61);
    // Packets of 576 bytes, a test pattern, free running.
    expect(client, "42 01 00 82 00 10 00 62 | 00 00 0d 04 40 00 02 40 00 00 a0 20 00 00 00 01",
           "00 00 00 83 00 04 00 62 | 00 00 00 02");
    const char* const start = "42 01 00 82 00 08 00 63 | 00 00 a0 34 00 00 00 01";
    expect(client, start, "00 00 00 83 00 04 00 63 | 00 00 00 01");
    wire.table.clock().wait_for(10ms);
    expect(client, "42 01 00 82 00 08 00 64 | 00 00 a0 38 00 00 00 01",
           "00 00 00 83 00 04 00 64 | 00 00 00 01");
    std::vector<std::byte> room(2048);
    hal::UdpArrival arrival;
    arrival.room = room;
    int sent = 0;
    while (stream->receive({&arrival, 1}, hal::Deadline{wire.table.clock().now()}) > 0) ++sent;
    CHECK(sent > 0);
    CHECK(count() == 0);
    expect(client, "42 01 00 82 00 08 00 65 | 00 00 a0 34 00 00 00 01",
           "00 00 00 83 00 04 00 65 | 00 00 00 01");
    wire.table.clock().wait_for(40ms);
    // SCP = 0: a closed channel takes no test packets and no packets again either.
    expect(client, "42 01 00 82 00 08 00 66 | 00 00 0d 00 00 00 00 00",
           "00 00 00 83 00 04 00 66 | 00 00 00 01");
    while (stream->receive({&arrival, 1}, hal::Deadline{wire.table.clock().now()}) > 0) {
    }
    client.port().send(tests::camera_address,
                       hex("42 00 00 40 00 0c 00 67 | 00 00 00 01 00 00 00 00 00 00 00 02"));
    expect(client, "42 01 00 82 00 08 00 68 | 00 00 0d 04 c0 00 02 40",
           "00 00 00 83 00 04 00 68 | 00 00 00 01");
    CHECK(count() == 0);
    // Opened again elsewhere: what is asked for again goes there.
    aim(0x6A);
    client.port().send(tests::camera_address,
                       hex("42 00 00 40 00 0c 00 69 | 00 00 00 01 00 00 00 00 00 00 00 02"));
    CHECK(count() >= 1);
}

TEST_CASE("a missed trigger is told as an event, again until it is acknowledged") {
    tests::GigeTable wire(contract::small_scene());
    Client client(wire);
    Client messages(wire);
    const auto stream = wire.open_port();
    const auto aim = [&](const char* command, std::uint16_t port) {
        auto bytes = hex(command);
        bytes.push_back(static_cast<std::byte>(port >> 8));
        bytes.push_back(static_cast<std::byte>(port & 0xFF));
        client.port().send(tests::camera_address, bytes);
        REQUIRE(client.receive());
    };
    expect(client, take_control, control_taken);
    aim("42 01 00 82 00 10 00 71 | 00 00 0d 18 c0 a8 01 01 00 00 0d 00 00 00",
        stream->local().port);
    aim("42 01 00 82 00 10 00 72 | 00 00 0b 10 c0 a8 01 01 00 00 0b 00 00 00",
        messages.port().local().port);
    // Software trigger on, exposure 100 ms, events on, start; time stamps begin anew.
    expect(client,
           "42 01 00 82 00 30 00 73 | 00 00 a0 60 00 00 00 01 00 00 a0 64 00 00 00 00"
           "00 00 a0 50 00 0f 42 40 00 00 a0 c0 00 00 00 01 00 00 09 44 00 00 00 01"
           "00 00 a0 34 00 00 00 01",
           "00 00 00 83 00 04 00 73 | 00 00 00 06");
    expect(client, "42 01 00 82 00 08 00 74 | 00 00 a0 6c 00 00 00 01",
           "00 00 00 83 00 04 00 74 | 00 00 00 01");
    CHECK_FALSE(messages.receive());
    expect(client, "42 01 00 82 00 08 00 75 | 00 00 a0 6c 00 00 00 01",
           "00 00 00 83 00 04 00 75 | 00 00 00 01");
    // 16 bytes: event 9001 of stream channel 0 and no block; then its time, 1 ms after the start.
    const auto event = messages.receive();
    REQUIRE(event);
    REQUIRE(event->size() == 24);
    const auto head = hex("42 01 00 c0 00 10 00 01 | 00 00 90 01 00 00 00 00 00 00 00 00");
    CHECK(std::equal(head.begin(), head.end(), event->begin()));
    CHECK((*event)[20] == std::byte{0});
    CHECK((*event)[21] < std::byte{0x30});
    // Not acknowledged: three times more, 200 ms apart.
    for (int again = 0; again < 3; ++again) {
        const auto same = messages.receive(210ms);
        REQUIRE(same);
        CHECK(*same == *event);
    }
    CHECK_FALSE(messages.receive(1s));
    // Another, acknowledged: once.
    expect(client, "42 01 00 82 00 08 00 76 | 00 00 a0 6c 00 00 00 01",
           "00 00 00 83 00 04 00 76 | 00 00 00 01");
    expect(client, "42 01 00 82 00 08 00 77 | 00 00 a0 6c 00 00 00 01",
           "00 00 00 83 00 04 00 77 | 00 00 00 01");
    const auto other = messages.receive();
    REQUIRE(other);
    CHECK((*other)[7] == std::byte{2});
    messages.port().send(tests::camera_address, hex("00 00 00 c1 00 00 00 02"));
    CHECK_FALSE(messages.receive(1s));
}
