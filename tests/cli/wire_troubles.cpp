// A bench of real sockets in trouble: cameras that go and come back, cables that lose edges, and
// strangers at every port. Whatever happens, a frame is right or it is not used.
#include "drivers/asio_tcp_stream.h"
#include "drivers/asio_udp_port.h"
#include "drivers/gige/open_camera.h"
#include "protocol/gvcp_messages.h"
#include "protocol/gvcp_registers.h"
#include "protocol/gvsp.h"
#include "sim/faults/fault_file.h"
#include "sim/simulated_bench.h"
#include "tests/cli/served_wire.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <thread>

using namespace opal;
using namespace opal::tests;
using namespace std::chrono_literals;
namespace gvcp = protocol::gvcp;
namespace reg = protocol::gvcp::reg;

namespace {

Taken direct(int patterns) {
    return acquire(*sim::make_simulated_bench(exact_scene(), {2, nullptr}), patterns);
}

constexpr std::array<std::uint16_t, 3> tcp_ports{1998, 1999, 21845};

double resident_mib() {
    std::ifstream file("/proc/self/statm");
    double pages = 0;
    file >> pages >> pages;
    return pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

// Somebody on the camera's own machine who wants the worst for everybody, until destroyed.
class Stranger {
public:
    explicit Stranger(const ServedWire& served)
        : address_(served.address),
          camera_{served.host, gvcp::device_port},
          port_(drivers::open_udp_port({served.host, 0})),
          thread_([this](const std::stop_token& stop) { molest(stop); }) {}

    std::uint64_t sent() const { return sent_; }

private:
    void send(hal::UdpAddress to, std::span<const std::byte> bytes) {
        port_->send(to, bytes);
        ++sent_;
    }
    std::span<std::byte> garbage(std::size_t most) {
        const std::size_t size = random_() % most;
        for (std::size_t i = 0; i < size; ++i) bytes_[i] = static_cast<std::byte>(random_());
        return std::span(bytes_).first(size);
    }
    // Writes that would stop the stream or steal it, whole and cut short.
    void steal() {
        const std::array<gvcp::RegisterWrite, 3> writes{
            {{reg::control_privilege, 0}, {reg::stream_port, 9}, {reg::control_privilege, 2}}};
        for (const gvcp::RegisterWrite& write : writes) {
            const std::size_t size = gvcp::encode_write_registers(++id_, {&write, 1}, bytes_);
            send(camera_, std::span(bytes_).first(size));
            send(camera_, std::span(bytes_).first(random_() % size));
        }
    }
    // Acknowledges that nobody asked for, to the driver's control port.
    void answer_for_the_camera(std::uint16_t port) {
        const std::uint32_t value = 0;
        for (int i = 0; i < 64; ++i) {
            const std::size_t size = gvcp::encode_register_values(++id_, {&value, 1}, bytes_);
            send({camera_.host, port}, std::span(bytes_).first(size));
        }
    }
    // Packets of the blocks to come, white, to the driver's stream port.
    void send_frames(std::uint16_t port) {
        for (std::uint64_t block = 1; block < 100; ++block) {
            for (std::uint32_t packet = 0; packet < 3; ++packet) {
                protocol::gvsp::Header header;
                header.block = block;
                header.packet = packet;
                header.format = packet == 0   ? protocol::gvsp::Format::leader
                                : packet == 1 ? protocol::gvsp::Format::payload
                                              : protocol::gvsp::Format::trailer;
                std::fill(bytes_.begin(), bytes_.end(), std::byte{0xFF});
                const std::size_t begin = protocol::gvsp::encode_header(header, bytes_);
                send({camera_.host, port}, std::span(bytes_).first(begin + 64 * 80));
            }
        }
    }
    void knock(std::uint16_t tcp_port) {
        try {
            const auto stream =
                drivers::connect_tcp(address_, tcp_port, hal::Deadline::after(clock_, 100ms));
            stream->write(garbage(2000), hal::Deadline::after(clock_, 100ms));
            ++sent_;
        } catch (const hal::DeviceError&) {  // its queue is full: fine
        }
    }
    void molest(const std::stop_token& stop) {
        const auto control = drivers::gige::open_control("gige://" + address_, clock_);
        while (!stop.stop_requested()) {
            try {
                molest_once(*control.channel);
            } catch (const hal::DeviceError&) {  // a busy machine lost a reply
            }
            std::this_thread::sleep_for(5ms);
        }
    }

    void molest_once(drivers::gige::ControlChannel& channel) {
        send(camera_, garbage(600));
        steal();
        answer_for_the_camera(
            static_cast<std::uint16_t>(channel.read_register(reg::application_port)));
        send_frames(static_cast<std::uint16_t>(channel.read_register(reg::stream_port)));
        for (const std::uint16_t port : tcp_ports) knock(port);
    }

    const std::string address_;
    const hal::UdpAddress camera_;
    hal::SteadyClock clock_;
    std::unique_ptr<hal::UdpPort> port_;
    std::mt19937 random_{5};
    std::array<std::byte, 8192> bytes_{};
    std::uint16_t id_ = 0;
    std::atomic<std::uint64_t> sent_{0};
    std::jthread thread_;
};

}  // namespace

TEST_CASE("a camera that goes is named, and a bench opened again works") {
    constexpr int patterns = 20;
    const Taken expected = direct(patterns);
    ServedWire served;
    auto wired = drivers::make_wire_bench(served.plan());
    acquire(*wired, patterns);
    served.camera.reset();  // its plug is pulled
    // The frames stay away, or the heartbeat notices first.
    const std::string gone = fault_of([&] { acquire(*wired, patterns); },
                                      {hal::ErrorKind::timeout, hal::ErrorKind::disconnected});
    check_says(gone, "gige://" + served.address);
    CHECK(served.bench.light().status().state == hal::LaserState::off);
    served.open_camera();
    wired.reset();
    wired = drivers::make_wire_bench(served.plan());
    CHECK(equal_frames(acquire(*wired, patterns), expected) == patterns);
}

TEST_CASE("a camera that was restarted has let go: disconnected, until the bench is opened again") {
    ServedWire served;
    auto wired = drivers::make_wire_bench(served.plan());
    served.camera.reset();
    served.open_camera();
    // The heartbeat notices within a second, or the next command does.
    const hal::Deadline deadline = hal::Deadline::after(wired->clock(), 20s);
    std::string text;
    while (text.empty() && !deadline.passed(wired->clock())) {
        try {
            const contract::RunTiming timing = contract::comfortable_timing(*wired, 100us);
            CHECK(timing.pattern > 0us);
            wired->clock().wait_for(50ms);
        } catch (const hal::DeviceError& error) {
            CHECK((error.kind() == hal::ErrorKind::disconnected ||
                   error.kind() == hal::ErrorKind::refused));
            text = error.what();
        }
    }
    check_says(text, "gige://" + served.address);
    wired.reset();
    wired = drivers::make_wire_bench(served.plan());
    CHECK(acquire(*wired, 5).frames.size() == 5);
}

TEST_CASE("edges that get lost, come early, late or twice: runs are repeated, no frame is wrong") {
    constexpr int patterns = 60;
    const Taken expected = direct(patterns);
    for (const char* const fault :
         {"trigger_lost", "extra_edge", "edge_at_arm", "armed_late", "dead_time", "merged_triggers",
          "sequence_ends_early", "start_ignored"}) {
        CAPTURE(fault);
        // In the first run of 64, after six exposures of the sentinels.
        const auto schedule = sim::parse_faults(
            "seed: 1\nfaults:\n  - fault: " + std::string(fault) + "\n    at_frame: 30\n", fault);
        ServedWire served(&schedule);
        const auto wired = drivers::make_wire_bench(served.plan());
        const Taken got = acquire(*wired, patterns);
        CHECK(equal_frames(got, expected) == patterns);
        CHECK(got.stats.repeated_runs >= 1);
    }
}

TEST_CASE("strangers at every port: no crash, no wrong frame, no lost control, no memory") {
    constexpr int patterns = 200;
    const Taken expected = direct(patterns);
    ServedWire served;
    const auto wired = drivers::make_wire_bench(served.plan());
    acquire(*wired, patterns);  // storage has grown to what work takes
    const double before_mib = resident_mib();
    std::uint64_t sent = 0;
    {
        const Stranger stranger(served);
        for (int round = 0; round < 3; ++round)
            CHECK(equal_frames(acquire(*wired, patterns), expected) == patterns);
        sent = stranger.sent();
    }
    CHECK(sent > 1000);
    // Sockets, threads and the allocator's habits; the strangers' bytes alone would be more.
    CHECK(resident_mib() - before_mib < 64);
}
