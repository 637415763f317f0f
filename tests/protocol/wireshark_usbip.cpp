// Wireshark as the judge of our USB/IP messages: a list, an import, and transfers of every kind.
// Skipped where tshark is missing.
#include "protocol/usbip.h"
#include "tests/protocol/tshark.h"
#include "tests/protocol/wire_bytes.h"

#include <iostream>

using namespace opal::protocol::usbip;
using opal::tests::lines_of;
using opal::tests::output_of;
using opal::tests::operator+;

TEST_CASE("every message is one to Wireshark, and means the same") {
    if (!opal::tests::tshark_is_here()) {
        std::cout << "skipped: tshark is not installed\n";
        return;
    }
    constexpr std::uint16_t lister = 50000;
    constexpr std::uint16_t user = 50001;
    const opal::tests::TemporaryFile file;
    opal::tests::Capture capture(file.path());
    const auto host = [&](const std::vector<std::byte>& bytes) {
        capture.add_tcp(user, default_port, bytes);
    };
    const auto server = [&](const std::vector<std::byte>& bytes) {
        capture.add_tcp(default_port, user, bytes);
    };
    const auto urb = [](const UrbMessage& message) {
        const UrbHeader header = encode(message);
        return std::vector<std::byte>(header.begin(), header.end());
    };
    Device device;
    device.path = "/opal/1-1";
    device.bus_id = "1-1";
    device.bus = device.number = 1;
    device.speed = Speed::full;
    device.vendor_id = 0x0451;
    device.product_id = 0xC900;
    device.interfaces = {{3, 0, 0}};
    capture.add_tcp(lister, default_port, encode_list_request());
    const auto list = encode_list_reply({&device, 1});
    capture.add_tcp(default_port, lister, list);
    host(encode_import_request("1-1"));
    device.interfaces.clear();
    server(encode_import_reply(device));
    const auto report = opal::tests::zeros(64);
    Submit submit{1, 0x10001, true, 0, 0, 18, 0, 0, 0, {}};
    const auto setup = opal::tests::hex("80 06 00 01 00 00 12 00");
    std::copy(setup.begin(), setup.end(), submit.setup.begin());
    host(urb(submit));
    server(urb(Submitted{1, 0, 18}) +
           opal::tests::hex("12 01 00 02 00 00 00 40 51 04 00 c9 00 01 01 02 03 01"));
    host(urb(Submit{2, 0x10001, false, 1, 0, 64, 0, 0, 1, {}}) + report);
    server(urb(Submitted{2, 0, 64}));
    host(urb(Submit{3, 0x10001, true, 1, 0, 64, 0, 0, 1, {}}));
    host(urb(Unlink{4, 0x10001, true, 1, 3}));
    server(urb(Unlinked{4, status::connection_reset}));
    host(urb(Submit{5, 0x10001, true, 1, 0, 64, 0, 0, 1, {}}));
    server(urb(Submitted{5, status::stalled, 0}));
    capture.close();

    const std::string run =
        "tshark -n -d tcp.port==3240,usbip -r " + file.path().string() + " 2>/dev/null ";
    CHECK(lines_of(output_of(run + "-Y usbip")) == capture.packets());
    CHECK(output_of(run + "-Y _ws.malformed") == "");
    CHECK(output_of(run + "-Y 'usbip.operation' -T fields -e usbip.operation") ==
          "0x8005\n0x0005\n0x8003\n0x0003\n");
    CHECK(output_of(run + "-Y 'usbip.busid' -T fields -e usbip.busid | sort -u") == "1-1\n");
    CHECK(output_of(run + "-Y usbip.urb -T fields -e usbip.urb | tr '\\n' ' '") ==
          "0x00000001 0x00000003 0x00000001 0x00000003 0x00000001 0x00000002 0x00000004 0x00000001 "
          "0x00000003 ");
    // An unlink has two: its own and that of the transfer it ends.
    CHECK(output_of(run + "-Y usbip.sequence_no -T fields -e usbip.sequence_no | tr '\\n' ' '") ==
          "1 1 2 2 3 4,3 4 5 5 ");
}
