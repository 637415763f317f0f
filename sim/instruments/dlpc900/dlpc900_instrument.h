// Dlpc900Instrument: a board with TI's DLPC900 as its HID interface shows it, around a DMD of the
// optical table with the same mirrors and as many slots as it has table entries.
//
// It refuses what the real one refuses, with the same codes, and keeps its habits: a table counts
// from the configuration on; pictures are kept by index and looked at when they are shown; a bad
// upload is no error and shows the splash screen; another number of entries forgets the pictures;
// an unread reply is lost with the next command.
#pragma once

#include "hal/dmd.h"
#include "protocol/dlpc900_image.h"
#include "protocol/dlpc900_messages.h"
#include "protocol/dlpc900_packet.h"
#include "sim/doors/memory_usb.h"

#include <map>
#include <optional>
#include <vector>

namespace opal::sim {

struct Dlpc900Scene {
    int board = 1;  // 0x0206: 1 DLP6500, 2 DLP9000
    protocol::Dlpc900Version version{6, 0, 0};
    bool silent = false;        // answers nothing
    int refusals = 0;           // so many of the next commands are refused as a device failure
    bool spoil_upload = false;  // a byte of each picture is lost on the way
    // How fast it takes what hosts write; real ones are said to take 150 to 350 kB/s. 0: at once.
    std::uint32_t bytes_per_s = 0;
};

class Dlpc900Instrument {
public:
    // `mirrors`: told what to do by this instrument alone. `clock`: the bench's. All outlive it.
    Dlpc900Instrument(UsbGadget& usb, hal::Dmd& mirrors, const hal::Clock& clock,
                      const Dlpc900Scene& scene = {});
    ~Dlpc900Instrument();
    Dlpc900Instrument(const Dlpc900Instrument&) = delete;
    Dlpc900Instrument& operator=(const Dlpc900Instrument&) = delete;

    // The descriptors of such a board.
    static hal::UsbDeviceInfo usb_info();
    std::uint64_t image_bytes() const { return image_bytes_; }
    bool showing_splash() const { return splash_; }
    Dlpc900Scene scene;

private:
    enum class Code : std::uint8_t {
        none = 0,
        failure = 2,
        unknown = 3,
        mode = 5,
        parameter = 6,
        bit_position = 10,
        not_stored = 11,
        delay = 13,
        exposure = 14,
        number = 15
    };
    struct Stored {  // of one controller
        std::size_t announced = 0;
        std::vector<std::byte> file;
    };
    using Word = protocol::Dlpc900Word;

    void take(std::span<const std::byte> report);
    Code write(Word word, std::span<const std::byte> data);
    std::optional<std::vector<std::byte>> read(Word word) const;
    Code define(std::span<const std::byte> data);
    Code configure(std::span<const std::byte> data);
    Code begin_image(std::span<const std::byte> data, std::size_t controller);
    Code image_data(std::span<const std::byte> data, std::size_t controller);
    Code start_stop(std::span<const std::byte> data);
    Code start();
    bool load_image(int image);  // its planes into the mirrors' slots; false: it cannot be read

    UsbGadget& usb_;
    hal::Dmd& mirrors_;
    const hal::Clock& clock_;
    hal::Time ready_at_{};  // for the next report
    const protocol::Dlpc900Board& board_;
    protocol::Dlpc900CommandReader commands_;
    Code last_error_ = Code::none;
    std::uint8_t mode_ = 1;
    std::map<std::uint16_t, protocol::Dlpc900Entry> defined_;
    std::vector<protocol::Dlpc900Entry> table_;
    std::uint32_t shown_ = 0;
    std::map<int, std::vector<Stored>> images_;  // by index, one for each controller
    std::vector<int> receiving_;                 // which image, per controller
    std::vector<bool> loaded_;                   // images that are in the mirrors' slots
    std::uint64_t image_bytes_ = 0;
    bool splash_ = false;
};

}  // namespace opal::sim
