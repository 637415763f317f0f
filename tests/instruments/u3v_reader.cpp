// The driver's reader of a USB3 Vision stream on a scripted endpoint whose system writes to the
// rooms of cancelled reads at the last moment, when they are reaped, as usbfs does.
#include "drivers/u3v/stream_reader.h"
#include "hal/error.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <string>
#include <vector>

using namespace opal;
using namespace std::chrono_literals;
namespace u3v = drivers::u3v;
namespace wire = protocol::u3v;
using hal::UsbOutcome;

namespace {

constexpr std::size_t packet_bytes = 1024;
constexpr std::byte late{0xEE};  // what comes when nobody wants it any more
constexpr std::byte pixel{7};

struct Piece {
    std::vector<std::byte> bytes;
    UsbOutcome outcome = UsbOutcome::complete;
};

// Sends its pieces one by one, and then nothing.
class ScriptedUsb final : public hal::UsbDevice {
public:
    ScriptedUsb(u3v::FrameStore& store, std::deque<Piece> pieces)
        : pieces_(std::move(pieces)), store_(store) {}

    const hal::UsbDeviceInfo& info() const override { return info_; }
    hal::Time now() const override { return hal::SteadyClock{}.now(); }
    void claim(int) override {}
    std::size_t control(const hal::UsbSetup& setup, std::span<std::byte>, hal::Deadline) override {
        CHECK(reads_.empty());
        CHECK(setup.request_type == 0x02);  // to an endpoint
        CHECK(setup.request == 3);          // SET_FEATURE
        CHECK(setup.value == 0);            // ENDPOINT_HALT
        CHECK(setup.index == 0x82);
        calls += "halt ";
        if (refuses_halt)
            throw hal::DeviceError(hal::ErrorKind::refused, "usb", "control", "stalled");
        return 0;
    }
    void write(std::uint8_t, std::span<const std::byte>, hal::Deadline) override {}
    void submit(std::uint8_t, hal::UsbTransfer& transfer) override {
        transfer.length = 0;
        reads_.push_back(&transfer);
    }
    hal::UsbTransfer* reap(std::uint8_t, hal::Deadline deadline) override {
        take_frames();
        latest = deadline.at;
        if (reads_.empty() || (cancelled_ ? deaf : pieces_.empty())) return nullptr;
        hal::UsbTransfer* const read = reads_.front();
        reads_.pop_front();
        if (cancelled_) {
            std::fill(read->room.begin(), read->room.end(), late);
            read->outcome = UsbOutcome::cancelled;
            cancelled_ = !reads_.empty();
            return read;
        }
        const Piece piece = std::move(pieces_.front());
        pieces_.pop_front();
        REQUIRE(piece.bytes.size() <= read->room.size());
        std::copy(piece.bytes.begin(), piece.bytes.end(), read->room.begin());
        read->length = piece.bytes.size();
        read->outcome = piece.outcome;
        return read;
    }
    void script(std::deque<Piece> pieces) { pieces_ = std::move(pieces); }
    void cancel(std::uint8_t) override {
        take_frames();
        cancelled_ = !reads_.empty();
    }
    void clear_halt(std::uint8_t) override { calls += "clear "; }

    // As a consumer on a thread of its own would: whatever is there belongs to it, and no read that
    // is still under way may point into it.
    void take_frames() {
        while (auto frame = store_.take()) {
            const std::byte* const begin = frame->data.data();
            for (const hal::UsbTransfer* read : reads_) {
                const bool outside = read->room.data() >= begin + frame->data.capacity() ||
                                     read->room.data() + read->room.size() <= begin;
                CHECK(outside);
            }
            frames.push_back(std::move(*frame));
        }
    }

    std::vector<drivers::genapi::WireFrame> frames;
    std::string calls;
    bool refuses_halt = false;
    bool deaf = false;  // cancelled reads do not end
    hal::Time latest{};

private:
    const hal::UsbDeviceInfo info_;
    std::deque<Piece> pieces_;
    u3v::FrameStore& store_;
    std::deque<hal::UsbTransfer*> reads_;
    bool cancelled_ = false;
};

Piece leader(std::uint64_t id) {
    std::vector<std::byte> bytes(wire::image_leader_size);
    wire::encode_leader({id, wire::PayloadType::image, 9, 0x01080001, 4, 4, 0, 0, 0}, bytes);
    return {bytes};
}

Piece trailer(std::uint64_t id, std::uint64_t valid) {
    std::vector<std::byte> bytes(32);
    wire::encode_trailer({id, wire::Status::success, valid, 4, 0}, wire::PayloadType::image, bytes);
    return {bytes};
}

Piece pixels(std::size_t count, UsbOutcome outcome = UsbOutcome::complete) {
    return {std::vector<std::byte>(count, pixel), outcome};
}

// A payload of two packets and 20 bytes, in three transfers of a packet each.
constexpr std::size_t payload_bytes = 2 * packet_bytes + 20;

struct Reader {
    explicit Reader(std::deque<Piece> pieces)
        : usb(store, std::move(pieces)),
          reader(usb, endpoint(), store, clock, "camera", {1u << 20, 1u << 20, 4},
                 [this](bool on) { usb.calls += on ? "on " : "off "; }) {
        store.begin(100);
        begin();
    }
    static wire::Channel endpoint() {
        wire::Channel endpoint;
        endpoint.in = 0x82;
        endpoint.packet_bytes = packet_bytes;
        return endpoint;
    }
    void begin() {
        u3v::StreamReader::Sizes sizes;
        sizes.plan = u3v::plan_transfers(payload_bytes, packet_bytes, packet_bytes);
        sizes.payload = payload_bytes;
        sizes.leader = sizes.trailer = packet_bytes;
        reader.begin(sizes);
    }
    // Everything that was sent.
    void run() {
        while (reader.pump({clock.now()})) {
        }
        usb.take_frames();
    }
    // Frame `at` has pixels, and zeros in these ranges.
    void check_frame(std::size_t at, const std::vector<drivers::genapi::MissingRange>& missing) {
        REQUIRE(usb.frames.size() > at);
        const auto& frame = usb.frames[at];
        CHECK(frame.missing == missing);
        REQUIRE(frame.data.size() == payload_bytes);
        for (std::size_t i = 0; i < payload_bytes; ++i) {
            const bool gone = std::any_of(missing.begin(), missing.end(), [&](const auto& range) {
                return i >= range.begin && i < range.end;
            });
            REQUIRE(frame.data[i] == (gone ? std::byte{0} : pixel));
        }
    }

    const hal::SteadyClock clock;
    u3v::FrameStore store;
    ScriptedUsb usb;
    u3v::StreamReader reader;
};

// The numbers a run's frames get, and how many frames it counts as lost.
struct Run {
    std::vector<std::uint64_t> numbers;
    std::uint64_t lost = 0;
    bool operator==(const Run&) const = default;
};

}  // namespace

TEST_CASE("a frame is handed out when no read points into it any more") {
    SUBCASE("its trailer comes early") {
        Reader reader({leader(0), pixels(packet_bytes), trailer(0, payload_bytes)});
        reader.run();
        CHECK(reader.usb.frames.size() == 1);
        reader.check_frame(0, {{packet_bytes, payload_bytes}});
        CHECK(reader.reader.statistics().hunts == 1);
        reader.reader.end();
    }
    SUBCASE("the endpoint fails in mid frame") {
        Reader reader({leader(0), pixels(packet_bytes), pixels(0, UsbOutcome::failed)});
        reader.run();
        CHECK(reader.usb.frames.size() == 1);
        reader.check_frame(0, {{packet_bytes, payload_bytes}});
        reader.reader.end();
    }
    SUBCASE("the next leader comes instead of its trailer") {
        Reader reader({leader(0), pixels(packet_bytes), pixels(packet_bytes), pixels(20), leader(1),
                       leader(2), pixels(packet_bytes), pixels(packet_bytes), pixels(20),
                       trailer(2, payload_bytes)});
        reader.run();
        CHECK(reader.usb.frames.size() == 2);
        reader.check_frame(0, {});
        CHECK(reader.usb.frames[0].doubtful);
        reader.check_frame(1, {});
        CHECK(reader.usb.frames[1].number == 2);
        reader.reader.end();
    }
}

TEST_CASE("a trailer is not taken for the last pixels, which are fewer bytes than it has") {
    SUBCASE("after an earlier piece came short") {
        Reader reader({leader(0), pixels(100), pixels(packet_bytes), trailer(0, payload_bytes)});
        reader.run();
        reader.check_frame(0, {{100, packet_bytes}, {2 * packet_bytes, payload_bytes}});
        reader.reader.end();
    }
    SUBCASE("when only the last piece is gone") {
        Reader reader(
            {leader(0), pixels(packet_bytes), pixels(packet_bytes), trailer(0, payload_bytes)});
        reader.run();
        reader.check_frame(0, {{2 * packet_bytes, payload_bytes}});
        reader.reader.end();
    }
}

TEST_CASE("a halt: the stream is switched off, the endpoint reset, the stream switched on") {
    for (const bool refuses : {false, true}) {
        CAPTURE(refuses);
        Reader reader({leader(0), pixels(0, UsbOutcome::stalled), leader(2), pixels(packet_bytes),
                       pixels(packet_bytes), pixels(20), trailer(2, payload_bytes)});
        reader.usb.refuses_halt = refuses;
        reader.run();
        CHECK(reader.usb.calls == "off halt clear on ");
        REQUIRE(reader.usb.frames.size() == 2);
        reader.check_frame(0, {{0, payload_bytes}});
        reader.check_frame(1, {});
        CHECK(reader.reader.statistics().stalls == 1);
        reader.reader.end();
    }
}

TEST_CASE("reads that do not end when called back are waited for in vain, but not for ever") {
    Reader reader({leader(0), pixels(packet_bytes)});
    reader.run();
    reader.usb.deaf = true;
    reader.reader.end();
    CHECK(reader.usb.latest < reader.clock.now() + 3s);
    // Their rooms are the system's, so nothing may be read behind them.
    try {
        reader.begin();
        FAIL("a reader whose reads are gone reads on");
    } catch (const hal::DeviceError& error) {
        CHECK(error.kind() == hal::ErrorKind::disconnected);
        CHECK(std::string(error.what()).find("cable") != std::string::npos);
    }
    CHECK(reader.usb.frames.empty());
}

TEST_CASE("block ids: from 0 in every run, as the standard says, or on and on") {
    Reader reader({});
    bool first = true;
    const auto run = [&](std::vector<std::uint64_t> ids) {
        if (!first) {
            reader.reader.end();
            reader.begin();
        }
        first = false;
        std::deque<Piece> pieces;
        for (const std::uint64_t id : ids)
            for (const Piece& piece : {leader(id), pixels(packet_bytes), pixels(packet_bytes),
                                       pixels(20), trailer(id, payload_bytes)})
                pieces.push_back(piece);
        reader.usb.script(std::move(pieces));
        reader.usb.frames.clear();
        reader.run();
        Run result{{}, reader.reader.statistics().lost};
        for (const auto& frame : reader.usb.frames) result.numbers.push_back(frame.number);
        return result;
    };
    SUBCASE("a camera that begins anew: what is lost at the beginning shows, every time") {
        CHECK(run({0, 1, 2}) == Run{{0, 1, 2}, 0});
        CHECK(run({2, 3}) == Run{{2, 3}, 2});
        CHECK(run({4}) == Run{{4}, 4});  // the very id that a camera counting on would send
        CHECK(run({0, 1}) == Run{{0, 1}, 0});
        CHECK(run({2}) == Run{{2}, 2});
    }
    SUBCASE("a camera that counts on: one false alarm, and from then on the truth") {
        CHECK(run({0, 1, 2}) == Run{{0, 1, 2}, 0});
        CHECK(run({3, 4}) == Run{{3, 4}, 3});
        CHECK(run({5, 6}) == Run{{0, 1}, 0});
        CHECK(run({8, 9}) == Run{{1, 2}, 1});  // a real loss
        CHECK(run({10, 12}) == Run{{0, 2}, 1});
        // It was switched off and on.
        CHECK(run({0}) == Run{{0}, 0});
        CHECK(run({2}) == Run{{2}, 2});
    }
    SUBCASE("one that counts on and is far already") {
        CHECK(run({5000, 5001}) == Run{{0, 1}, 0});
        CHECK(run({5002, 5003}) == Run{{0, 1}, 0});
        CHECK(run({5005}) == Run{{1}, 1});
    }
    reader.reader.end();
}
