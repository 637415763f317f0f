// USB/IP against bytes: the URB examples are those of the kernel's protocol document, the rest is
// typed from its tables.
#include "protocol/usbip.h"
#include "tests/protocol/wire_bytes.h"

#include <doctest/doctest.h>

using namespace opal::protocol::usbip;
using opal::tests::hex;
using opal::tests::only_whole_decodes;
using opal::tests::zeros;
using opal::tests::operator+;
using Bytes = std::vector<std::byte>;
using Room = std::span<const std::byte>;

namespace {

template <typename T>
Bytes bytes_of(const T& message) {
    const UrbHeader header = encode(message);
    return {header.begin(), header.end()};
}

Device camera() {
    Device device;
    device.path = "/bench";
    device.bus_id = "1-2";
    device.bus = 1;
    device.number = 2;
    device.speed = Speed::super;
    device.vendor_id = 0x1AB2;
    device.product_id = 0x0001;
    device.release = 0x0100;
    device.class_code = 0xEF;
    device.subclass = 2;
    device.protocol = 1;
    device.configuration = 1;
    device.interfaces = {{0xEF, 5, 0}, {0xEF, 5, 2}};
    return device;
}

Bytes camera_bytes() {
    return hex("2f 62 65 6e 63 68") + zeros(250)                                // path
           + hex("31 2d 32") + zeros(29)                                        // bus id
           + hex("00 00 00 01  00 00 00 02  00 00 00 05  1a b2  00 01  01 00")  // ... release
           + hex("ef 02 01  01 01 02");  // class, configuration 1 of 1, two interfaces
}

}  // namespace

TEST_CASE("operations are the document's bytes, both ways") {
    CHECK(encode_list_request() == hex("01 11 80 05 00 00 00 00"));
    CHECK(encode_import_request("1-2") == hex("01 11 80 03 00 00 00 00 31 2d 32") + zeros(29));
    CHECK(encode_import_refusal() == hex("01 11 00 03 00 00 00 01"));
    CHECK(encode_import_reply(camera()) == hex("01 11 00 03 00 00 00 00") + camera_bytes());
    CHECK(camera_bytes().size() == device_bytes);
    const std::array devices{camera(), camera()};
    const Bytes listed = camera_bytes() + hex("ef 05 00 00  ef 05 02 00");
    const Bytes list = hex("00 00 00 02") + listed + listed;
    CHECK(encode_list_reply(devices) == hex("01 11 00 05 00 00 00 00") + list);
    CHECK(encode_list_reply({}) == hex("01 11 00 05 00 00 00 00 00 00 00 00"));

    CHECK(decode_operation(hex("01 11 80 05 00 00 00 00")) ==
          OperationHeader{Operation::list_request, 0});
    CHECK(decode_operation(hex("01 11 00 03 00 00 00 01")) ==
          OperationHeader{Operation::import_reply, 1});
    CHECK_FALSE(decode_operation(hex("01 06 80 05 00 00 00 00")));  // another version
    CHECK_FALSE(decode_operation(hex("01 11 80 07 00 00 00 00")));
    CHECK(decode_bus_id(hex("31 2d 32") + zeros(29)) == "1-2");
    CHECK_FALSE(decode_bus_id(Bytes(32, std::byte{'1'})));  // no end
    const auto imported = decode_imported(camera_bytes());
    REQUIRE(imported);
    Device wanted = camera();
    wanted.interfaces.assign(2, {});
    CHECK(*imported == wanted);
    const auto all = decode_list(list);
    REQUIRE(all);
    CHECK(all->length == list.size());
    REQUIRE(all->devices.size() == 2);
    CHECK(all->devices[1] == camera());
}

TEST_CASE("names longer than their room are cut, and end") {
    Device device = camera();
    device.path.assign(300, 'p');
    device.bus_id.assign(40, 'b');
    const auto again = decode_imported(Room(encode_import_reply(device)).subspan(operation_bytes));
    REQUIRE(again);
    CHECK(again->path == std::string(255, 'p'));
    CHECK(again->bus_id == std::string(31, 'b'));
}

TEST_CASE("transfers are the document's bytes, both ways") {
    // CmdIntrIN: 64 bytes asked of endpoint 1 of device 1-15.
    const Bytes in = hex(
        "00000001 00000d05 0001000f 00000001 00000001 00000200 00000040 ffffffff 00000000 00000004"
        "00000000 00000000");
    // The example's start frame is FFFFFFFF and it counts 0 packets.
    const Submit asked{0xD05, 0x1000F, true, 1, 0x200, 0x40, 0xFFFFFFFF, 0, 4, {}};
    CHECK(bytes_of(asked) == in);
    CHECK(decode_urb(in) == UrbMessage{asked});
    // CmdIntrOUT
    const Bytes out = hex(
        "00000001 00000d06 0001000f 00000000 00000001 00000000 00000040 ffffffff 00000000 00000004"
        "00000000 00000000");
    CHECK(decode_urb(out) ==
          UrbMessage{Submit{0xD06, 0x1000F, false, 1, 0, 0x40, 0xFFFFFFFF, 0, 4, {}}});
    // A control request: GET_DESCRIPTOR(device), 18 bytes.
    Submit control{1, 0x10002, true, 0, 0x200, 18, 0, 0, 0, {}};
    const Bytes setup = hex("80 06 00 01 00 00 12 00");
    std::copy(setup.begin(), setup.end(), control.setup.begin());
    const Bytes control_bytes = hex(
        "00000001 00000001 00010002 00000001 00000000 00000200 00000012 00000000 00000000 00000000"
        "80 06 00 01 00 00 12 00");
    CHECK(bytes_of(control) == control_bytes);
    CHECK(decode_urb(control_bytes) == UrbMessage{control});
    // RetIntrOut: the device's number, direction and endpoint are 0.
    const Bytes done = hex(
        "00000003 00000d06 00000000 00000000 00000000 00000000 00000040 00000000 00000000 00000000"
        "00000000 00000000");
    CHECK(bytes_of(Submitted{0xD06, 0, 0x40}) == done);
    CHECK(decode_urb(done) == UrbMessage{Submitted{0xD06, 0, 0x40}});
    const Bytes stalled = hex(
        "00000003 00000007 00000000 00000000 00000000 ffffffe0 00000000 00000000 00000000 00000000"
        "00000000 00000000");
    CHECK(bytes_of(Submitted{7, status::stalled, 0}) == stalled);
    CHECK(decode_urb(stalled) == UrbMessage{Submitted{7, -32, 0}});
    const Bytes unlink = hex(
        "00000002 00000d07 0001000f 00000001 00000001 00000d05 00000000 00000000 00000000 00000000"
        "00000000 00000000");
    CHECK(bytes_of(Unlink{0xD07, 0x1000F, true, 1, 0xD05}) == unlink);
    CHECK(decode_urb(unlink) == UrbMessage{Unlink{0xD07, 0x1000F, true, 1, 0xD05}});
    const Bytes unlinked = hex(
        "00000004 00000d07 00000000 00000000 00000000 ffffff98 00000000 00000000 00000000 00000000"
        "00000000 00000000");
    CHECK(bytes_of(Unlinked{0xD07, status::connection_reset}) == unlinked);
    CHECK(decode_urb(unlinked) == UrbMessage{Unlinked{0xD07, -104}});
}

TEST_CASE("what is none is refused") {
    const Bytes good = bytes_of(Submit{});
    const auto changed = [&](std::size_t at, int value) {
        Bytes bytes = good;
        bytes[at] = static_cast<std::byte>(value);
        return bytes;
    };
    CHECK(decode_urb(good));
    CHECK_FALSE(decode_urb(changed(3, 0)));
    CHECK_FALSE(decode_urb(changed(3, 5)));
    CHECK_FALSE(decode_urb(changed(15, 2)));   // direction
    CHECK_FALSE(decode_urb(changed(19, 16)));  // endpoint
}

TEST_CASE("every beginning is too short") {
    CHECK(only_whole_decodes(encode_list_request(), [](Room b) { return decode_operation(b); }));
    CHECK(only_whole_decodes(hex("31") + zeros(31), [](Room b) { return decode_bus_id(b); }));
    CHECK(only_whole_decodes(camera_bytes(), [](Room b) { return decode_imported(b); }));
    CHECK(only_whole_decodes(hex("00 00 00 01") + camera_bytes() + hex("ef 05 00 00  ef 05 02 00"),
                             [](Room b) { return decode_list(b); }));
    for (const UrbMessage& message :
         std::vector<UrbMessage>{Submit{}, Unlink{}, Submitted{}, Unlinked{}})
        CHECK(only_whole_decodes(bytes_of(message), [](Room b) { return decode_urb(b); }));
}

TEST_CASE("a list that announces more than it has is none, however much it announces") {
    CHECK_FALSE(decode_list(hex("ff ff ff ff") + camera_bytes()));
}
