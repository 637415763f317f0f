// Wireshark as the judge of both our sides of USB3 Vision: a whole session of the driver with the
// virtual camera goes into a capture file, and tshark must know every packet of it, find none
// malformed, and read the values we meant. Skipped where tshark is missing.
#include "protocol/little_endian.h"
#include "tests/instruments/u3v_bench.h"
#include "tests/protocol/tshark.h"
#include "tests/protocol/wire_bytes.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iostream>
#include <vector>

using namespace opal;
using namespace std::chrono_literals;
using tests::lines_of;
using tests::output_of;

namespace {

// A capture file of link type 220: every packet behind the 64 bytes that Linux' usbmon writes.
class UsbCapture {
public:
    explicit UsbCapture(const std::filesystem::path& file) : out_(file, std::ios::binary) {
        for (const std::uint32_t word : {0xA1B2C3D4u, 0x00040002u, 0u, 0u, 1u << 20, 220u})
            put(word);
    }
    void control_in(const std::vector<std::byte>& setup, std::span<const std::byte> answer) {
        ++id_;
        add('S', 2, 0x80, setup, {}, 0);
        add('C', 2, 0x80, {}, answer, 0);
    }
    void bulk(std::uint8_t endpoint, std::span<const std::byte> bytes) {
        ++id_;
        ++transfers_;
        const bool in = (endpoint & 0x80) != 0;
        const std::span<const std::byte> none;
        add('S', 3, endpoint, {}, in ? none : bytes, -115);
        add('C', 3, endpoint, {}, in ? bytes : none, 0);
    }
    void close() { out_.close(); }
    std::uint64_t transfers() const { return transfers_; }

private:
    void add(char type, unsigned kind, std::uint8_t endpoint, std::span<const std::byte> setup,
             std::span<const std::byte> data, int status) {
        std::vector<std::byte> head;
        protocol::append_le32(head, static_cast<std::uint32_t>(id_));
        protocol::append_le32(head, 0);
        for (const unsigned byte : {static_cast<unsigned>(type), kind, unsigned{endpoint}, 7u})
            protocol::append_u8(head, byte);
        protocol::append_le16(head, 1);                              // bus
        protocol::append_u8(head, setup.empty() ? '-' : 0u);         // setup is there: 0
        protocol::append_u8(head, data.empty() ? '<' : 0u);          // data are there: 0
        for (int i = 0; i < 3; ++i) protocol::append_le32(head, 0);  // time
        protocol::append_le32(head, static_cast<std::uint32_t>(status));
        protocol::append_le32(head, static_cast<std::uint32_t>(data.size()));
        protocol::append_le32(head, static_cast<std::uint32_t>(data.size()));
        for (std::size_t i = 0; i < 8; ++i)
            protocol::append_u8(head, i < setup.size() ? std::to_integer<unsigned>(setup[i]) : 0u);
        head.resize(64);
        const auto size = static_cast<std::uint32_t>(head.size() + data.size());
        for (const std::uint32_t word : {static_cast<std::uint32_t>(++packets_), 0u, size, size})
            put(word);
        write(head);
        write(data);
    }
    void put(std::uint32_t word) { out_.write(reinterpret_cast<const char*>(&word), 4); }
    void write(std::span<const std::byte> bytes) {
        out_.write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
    }

    std::ofstream out_;
    std::uint64_t id_ = 0;
    std::uint64_t packets_ = 0;
    std::uint64_t transfers_ = 0;
};

// Everything that goes through it is written down.
class Tap final : public hal::UsbDevice {
public:
    Tap(std::unique_ptr<hal::UsbDevice> inner, UsbCapture& capture)
        : inner_(std::move(inner)), capture_(capture) {}
    const hal::UsbDeviceInfo& info() const override { return inner_->info(); }
    hal::Time now() const override { return inner_->now(); }
    void claim(int interface) override { inner_->claim(interface); }
    std::size_t control(const hal::UsbSetup& setup, std::span<std::byte> data,
                        hal::Deadline deadline) override {
        return inner_->control(setup, data, deadline);
    }
    void write(std::uint8_t endpoint, std::span<const std::byte> bytes,
               hal::Deadline deadline) override {
        inner_->write(endpoint, bytes, deadline);
        capture_.bulk(endpoint, bytes);
    }
    void submit(std::uint8_t endpoint, hal::UsbTransfer& transfer) override {
        inner_->submit(endpoint, transfer);
    }
    hal::UsbTransfer* reap(std::uint8_t endpoint, hal::Deadline deadline) override {
        hal::UsbTransfer* const transfer = inner_->reap(endpoint, deadline);
        if (transfer && transfer->length > 0)
            capture_.bulk(endpoint,
                          std::span<const std::byte>(transfer->room).first(transfer->length));
        return transfer;
    }
    void cancel(std::uint8_t endpoint) override { inner_->cancel(endpoint); }
    void clear_halt(std::uint8_t endpoint) override { inner_->clear_halt(endpoint); }

private:
    std::unique_ptr<hal::UsbDevice> inner_;
    UsbCapture& capture_;
};

}  // namespace

TEST_CASE("a session of driver and virtual camera is USB3 Vision to Wireshark") {
    if (!tests::tshark_is_here()) {
        std::cout << "skipped: tshark is not installed\n";
        return;
    }
    const tests::TemporaryFile file;
    UsbCapture capture(file.path());
    tests::U3vTable wire(contract::small_scene());
    const hal::Deadline soon = hal::Deadline::after(wire.table.clock(), 1s);
    std::vector<std::byte> device(18);
    wire.usb.host->control({0x80, 6, 0x0100, 0}, device, soon);
    capture.control_in(tests::hex("80 06 00 01 00 00 12 00"), device);
    capture.control_in(tests::hex("80 06 00 02 00 00 ff 00"), wire.usb.host->info().configuration);
    drivers::u3v::U3vCamera camera(std::make_unique<Tap>(std::move(wire.usb.host), capture),
                                   wire.table.clock(), tests::U3vTable::driver_options());
    hal::CameraSettings settings;
    settings.region = {0, 0, 32, 64};
    settings.exposure = 100us;
    settings.trigger = hal::TriggerSource::software;
    camera.configure(settings);
    camera.arm(3);
    hal::Frame frame;
    for (int i = 0; i < 3; ++i) {
        camera.trigger();
        REQUIRE(camera.receive(frame, hal::Deadline::after(wire.table.clock(), 1s)));
    }
    camera.disarm();
    capture.close();

    const std::string run = "tshark -n -r " + file.path().string() + " 2>/dev/null ";
    CHECK(lines_of(output_of(run + "-Y u3v")) >= capture.transfers());
    CHECK(output_of(run + "-Y '_ws.malformed || _ws.expert.severity == \"Error\"'") == "");
    CHECK(output_of(run + "-Y u3v.gencp.command_id -T fields -e u3v.gencp.command_id | sort -u") ==
          "0x0800\n0x0801\n0x0802\n0x0803\n");
    CHECK(output_of(run + "-Y u3v.stream.block_id -T fields -e u3v.stream.block_id") ==
          "0\n0\n1\n1\n2\n2\n");
    CHECK(output_of(run + "-Y u3v.stream.valid_payload_size -T fields "
                          "-e u3v.stream.valid_payload_size | sort -u") == "0x0000000000000800\n");
}
