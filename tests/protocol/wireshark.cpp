// Wireshark as the judge of our encoders: every GVCP and GVSP message we can write goes into a
// capture file, and tshark must find each of them, none malformed. Skipped where tshark is missing.
#include "protocol/gvcp_identity.h"
#include "protocol/gvcp_messages.h"
#include "protocol/gvcp_registers.h"
#include "protocol/gvsp.h"
#include "protocol/gvsp_payloads.h"
#include "tests/protocol/tshark.h"
#include "tests/protocol/wire_bytes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <string>

using namespace opal::protocol;
using opal::tests::Capture;
using opal::tests::encoded;
using opal::tests::lines_of;
using opal::tests::output_of;
using opal::tests::TemporaryFile;
using opal::tests::tshark_is_here;
using opal::tests::zeros;
using Room = std::span<std::byte>;

namespace {

constexpr std::uint16_t stream_port = 40000;

}  // namespace

TEST_CASE("every control message is one to Wireshark") {
    if (!tshark_is_here()) {
        std::cout << "skipped: tshark is not installed\n";
        return;
    }
    using namespace gvcp;
    const TemporaryFile file;
    Capture capture(file.path());
    const auto command = [&](auto&& encode) {
        capture.add_udp(50000, device_port, encoded(encode));
    };
    const auto answer = [&](auto&& encode) {
        capture.add_udp(device_port, 50000, encoded(encode));
    };
    const std::array<std::uint32_t, 1> address{reg::control_privilege};
    const std::array<RegisterWrite, 1> write{{{reg::control_privilege, control_access}}};
    const auto data = zeros(16);
    const std::array<Event, 2> events{{{0x9001, 0, 7, 0x1234}, {0x0009, 0xFFFF, 0, 1}}};
    Identity identity;
    identity.mac = 0x02ABCDEF0123;
    identity.serial.assign("S001");

    command([](Room r) { return encode_discovery(1, true, r); });
    answer([&](Room r) { return encode_discovery_ack(1, identity, r); });
    command([](Room r) { return encode_force_ip(2, {0x02ABCDEF0123, 1, 2, 3}, r); });
    answer([](Room r) { return encode_empty_ack(Status::success, Command::force_ip, 2, r); });
    command([&](Room r) { return encode_read_registers(3, address, r); });
    answer([&](Room r) { return encode_register_values(3, address, r); });
    command([&](Room r) { return encode_write_registers(4, write, r); });
    answer([](Room r) { return encode_pending_ack(4, 1500, r); });
    answer(
        [](Room r) { return encode_write_ack(Status::success, Command::write_register, 4, 1, r); });
    command([](Room r) { return encode_read_memory(5, {reg::first_url, 16}, r); });
    answer([&](Room r) { return encode_memory_values(5, {reg::first_url, data}, r); });
    command([&](Room r) { return encode_write_memory(6, {reg::user_name, data}, r); });
    answer([](Room r) {
        return encode_write_ack(Status::access_denied, Command::write_memory, 6, 0, r);
    });
    command([](Room r) { return encode_packet_resend(7, {false, 0, 9, 5, 6}, r); });
    command([](Room r) { return encode_packet_resend(8, {true, 0, 9, 5, 6}, r); });
    command([&](Room r) { return encode_events(9, events, false, true, r); });
    command([&](Room r) { return encode_events(10, std::span(events).first(1), true, true, r); });
    command([&](Room r) { return encode_event_data(11, {events[0], data}, false, true, r); });
    command([](Room r) { return encode_action(12, {1, 2, 3, {}}, true, r); });
    command([](Room r) { return encode_action(13, {1, 2, 3, 4}, true, r); });
    capture.close();

    const std::string run = "tshark -n -r " + file.path().string() + " 2>/dev/null ";
    CHECK(lines_of(output_of(run + "-Y gvcp")) == capture.packets());
    CHECK(output_of(run + "-Y _ws.malformed") == "");
    CHECK(output_of(run + "-Y gvcp -T fields -e gvcp.cmd.command | sort -u | grep -v '^$'") ==
          "0x0002\n0x0004\n0x0040\n0x0080\n0x0082\n0x0084\n0x0086\n0x00c0\n0x00c2\n0x0100\n");
}

TEST_CASE("every stream packet is one to Wireshark") {
    if (!tshark_is_here()) {
        std::cout << "skipped: tshark is not installed\n";
        return;
    }
    using namespace gvsp;
    const TemporaryFile file;
    Capture capture(file.path());
    const auto packet = [&](const Header& header, auto&& body) {
        capture.add_udp(50001, stream_port, encoded([&](Room r) {
                            const std::size_t head = encode_header(header, r);
                            return head + body(r.subspan(head));
                        }));
    };
    const auto pixels = [](Room r) {
        std::fill_n(r.begin(), 64, std::byte{0x80});
        return std::size_t{64};
    };
    const auto nothing = [](Room) { return std::size_t{0}; };
    Leader leader;
    leader.image = {0x01080001, 8, 8, 0, 0, 0, 0};
    Trailer trailer;
    trailer.size_y = 8;
    for (const bool extended : {false, true}) {
        for (const bool chunks : {false, true}) {
            leader.with_chunks = trailer.with_chunks = chunks;
            packet({gvcp::Status::success, extended, 0, Format::leader, 0, 1, 0},
                   [&](Room r) { return encode_leader(leader, r); });
            packet({gvcp::Status::success, extended, 0, Format::payload, 0, 1, 1}, pixels);
            packet({gvcp::Status::success, extended, 0, Format::trailer, 0, 1, 2},
                   [&](Room r) { return encode_trailer(trailer, r); });
        }
        packet({gvcp::Status::packet_resend, extended, 0, Format::payload, 0, 1, 1}, pixels);
        packet({gvcp::Status::packet_unavailable, extended, 0, Format::payload, 0, 1, 1}, nothing);
        leader.with_chunks = trailer.with_chunks = false;
        const auto data = zeros(64);
        packet({gvcp::Status::success, extended, 0, Format::all_in, 0, 2, 0}, [&](Room r) {
            return encode_all_in({leader, trailer, data}, r);
        });
    }
    const std::array<Part, 2> parts{};
    packet({gvcp::Status::success, true, 0, Format::leader, 2, 3, 0},
           [&](Room r) { return encode_multipart_leader(5, parts, r); });
    const auto data = zeros(64);
    packet({gvcp::Status::success, true, 0, Format::multipart, 0, 3, 1}, [&](Room r) {
        return encode_part_data({1, 0x40, 0, data}, r);
    });
    capture.close();

    const std::string run = "tshark -n -r " + file.path().string() +
                            " -d udp.port==" + std::to_string(stream_port) + ",gvsp 2>/dev/null ";
    CHECK(lines_of(output_of(run + "-Y gvsp")) == capture.packets());
    CHECK(output_of(run + "-Y _ws.malformed") == "");
    CHECK(output_of(run + "-Y gvsp -T fields -e gvsp.format | sort -u") ==
          "0x01\n0x02\n0x03\n0x04\n0x81\n0x82\n0x83\n0x84\n0x87\n");
}
