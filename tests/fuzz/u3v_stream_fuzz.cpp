// Fuzz target: a USB3 Vision stream as a hostile camera sends it. The input is cut into transfers
// at each 0xFE 0xED (0xFE 0xEE: the endpoint stalls); whatever they are, the reader hands out
// frames that say what is missing, in order, and gives every read back.
#include "tests/fuzz/fuzz_target.h"

#include "drivers/u3v/stream_reader.h"
#include "hal/error.h"

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

namespace opal::fuzz {

namespace u3v = drivers::u3v;

namespace {

constexpr std::size_t payload_bytes = 2500;
constexpr std::size_t packet_bytes = 1024;

// A device that has sent these transfers and then says nothing more.
class Script final : public hal::UsbDevice {
public:
    explicit Script(std::span<const std::byte> input) {
        std::vector<std::byte> piece;
        for (std::size_t i = 0; i < input.size(); ++i) {
            const bool mark = input[i] == std::byte{0xFE} && i + 1 < input.size() &&
                              (input[i + 1] == std::byte{0xED} || input[i + 1] == std::byte{0xEE});
            if (!mark) {
                piece.push_back(input[i]);
                continue;
            }
            pieces_.push_back({std::move(piece), input[++i] == std::byte{0xEE}});
            piece.clear();
        }
        pieces_.push_back({std::move(piece), false});
    }
    ~Script() override { require(reads_.empty(), "every read comes back"); }

    const hal::UsbDeviceInfo& info() const override { return info_; }
    hal::Time now() const override { return hal::SteadyClock{}.now(); }
    void claim(int) override {}
    std::size_t control(const hal::UsbSetup&, std::span<std::byte>, hal::Deadline) override {
        return 0;
    }
    void write(std::uint8_t, std::span<const std::byte>, hal::Deadline) override {}
    void submit(std::uint8_t, hal::UsbTransfer& transfer) override {
        transfer.length = 0;
        transfer.outcome = hal::UsbOutcome::pending;
        reads_.push_back(&transfer);
    }
    hal::UsbTransfer* reap(std::uint8_t, hal::Deadline) override {
        if (reads_.empty() || (pieces_.empty() && !cancelled_)) return nullptr;
        hal::UsbTransfer* const read = reads_.front();
        reads_.pop_front();
        if (cancelled_) {
            read->outcome = hal::UsbOutcome::cancelled;
            cancelled_ = !reads_.empty();
            return read;
        }
        auto [bytes, stalled] = std::move(pieces_.front());
        pieces_.pop_front();
        read->length = std::min(bytes.size(), read->room.size());
        std::copy_n(bytes.begin(), read->length, read->room.begin());
        read->outcome = stalled                            ? hal::UsbOutcome::stalled
                        : bytes.size() > read->room.size() ? hal::UsbOutcome::overflow
                                                           : hal::UsbOutcome::complete;
        return read;
    }
    void cancel(std::uint8_t) override { cancelled_ = !reads_.empty(); }
    void clear_halt(std::uint8_t) override {}

private:
    struct Piece {
        std::vector<std::byte> bytes;
        bool stalled = false;
    };
    hal::UsbDeviceInfo info_;
    std::deque<Piece> pieces_;
    std::deque<hal::UsbTransfer*> reads_;
    bool cancelled_ = false;
};

void append(Bytes& to, std::span<const std::byte> bytes, std::uint8_t mark) {
    for (const std::byte b : bytes) to.push_back(std::to_integer<std::uint8_t>(b));
    to.push_back(0xFE);
    to.push_back(mark);
}

}  // namespace

std::vector<Bytes> seeds() {
    namespace wire = protocol::u3v;
    Bytes whole;
    Bytes broken;
    std::array<std::byte, 64> room;
    for (std::uint64_t k = 0; k < 4; ++k) {
        const wire::Leader leader{k, wire::PayloadType::image, 9, 0x01080001, 50, 50, 0, 0, 0};
        const wire::Trailer trailer{k, wire::Status::success, payload_bytes, 50, 0};
        const std::vector<std::byte> image(payload_bytes, std::byte{7});
        const auto head = std::span<const std::byte>(room).first(wire::encode_leader(leader, room));
        append(whole, head, 0xED);
        append(broken, head, k == 2 ? 0xEE : 0xED);
        append(whole, std::span(image).first(2048), 0xED);
        append(whole, std::span(image).subspan(2048), 0xED);
        append(broken, std::span(image).first(300), 0xED);
        const auto tail = std::span<const std::byte>(room).first(
            wire::encode_trailer(trailer, wire::PayloadType::image, room));
        append(whole, tail, 0xED);
        append(broken, tail, 0xED);
    }
    return {whole, broken};
}

std::vector<std::string> words() {
    return {"U3VL", "U3VT", "\xFE\xED", "\xFE\xEE", std::string("\x01\x40", 2)};
}

void feed(std::span<const std::byte> input) {
    u3v::FrameStore store;
    protocol::u3v::Channel endpoint;
    endpoint.in = 0x82;
    endpoint.packet_bytes = packet_bytes;
    Script usb(input);
    const hal::SteadyClock clock;
    u3v::StreamReader reader(usb, endpoint, store, clock, "camera", {1u << 20, 16384, 4},
                             [](bool) {});
    u3v::StreamReader::Sizes sizes;
    sizes.plan = u3v::plan_transfers(payload_bytes, packet_bytes, 1u << 20);
    sizes.payload = payload_bytes;
    sizes.leader = sizes.trailer = packet_bytes;
    store.begin(1000);
    reader.begin(sizes);
    try {
        while (reader.pump({hal::Time::max()})) {
        }
    } catch (const hal::DeviceError& error) {
        require_one_line(error.what());
    }
    reader.end();
    std::uint64_t next = 0;
    while (const auto frame = store.take()) {
        require(frame->number >= next, "frames come in order");
        next = frame->number + 1;
        require(frame->data.size() == payload_bytes, "a frame has its size");
        std::size_t begin = 0;
        for (const auto& range : frame->missing) {
            require(range.begin >= begin && range.begin < range.end && range.end <= payload_bytes,
                    "missing ranges are in order");
            begin = range.end;
            for (std::size_t i = range.begin; i < range.end; ++i)
                require(frame->data[i] == std::byte{0}, "missing bytes are 0");
        }
    }
}

}  // namespace opal::fuzz
