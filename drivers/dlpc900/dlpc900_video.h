// Dlpc900Video: a DLPC900 that shows the bit planes of what a display sends it (video patterns,
// mode 2): up to 24 one-bit patterns with every frame, and no upload. Everything the board has to
// be told; the display itself is the caller's: a screen of the board's own size at its native rate,
// nothing scaled, dithered or colour-managed, or planes are corrupted.
//
//   plane k of a frame: bit k % 8 of channel k / 8, see video_frame()
//
// Rules: start is not aligned with any frame, so whoever has to know which frame a pattern came
// from draws a number into it. Whether the display's channels arrive as they were sent is proven by
// three solid colours, seen by the camera.
#pragma once

#include "drivers/dlpc900/dlpc900_dmd.h"
#include "drivers/dlpc900/dlpc900_link.h"
#include "hal/bit_pattern.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace opal::drivers {

struct Dlpc900VideoPlan {
    enum class Port : std::uint8_t { hdmi = 1, display_port = 2 };
    Port port = Port::hdmi;
    double frames_hz = 60;  // of the display
    int planes = 24;        // that are shown, from 0 on
    std::chrono::microseconds exposure{600};
    std::chrono::microseconds dark{0};
    Dlpc900Output output;  // a pulse with each plane
};

class Dlpc900Video {
public:
    // Stopped, in mode 2. Throws DeviceError: out_of_range for planes that do not fit into a frame,
    // refused if no video comes in. `clock`: that of the device; outlives this.
    Dlpc900Video(std::unique_ptr<hal::UsbDevice> device, hal::Clock& clock,
                 const Dlpc900VideoPlan& plan);
    ~Dlpc900Video();
    Dlpc900Video(const Dlpc900Video&) = delete;
    Dlpc900Video& operator=(const Dlpc900Video&) = delete;

    void start();
    void stop();
    // Its sequencer runs, and the video it shows comes in.
    bool showing();

private:
    void lock_source(const Dlpc900VideoPlan& plan, hal::Clock& clock);
    void tell_table(const Dlpc900VideoPlan& plan);
    unsigned main_status(const char* operation);

    Dlpc900Link link_;
    int controllers_ = 1;
};

// Which channel of the display's frame (0 red, 1 green, 2 blue) carries planes 0-7, 8-15 and 16-23.
using Dlpc900Channels = std::array<int, 3>;
inline constexpr Dlpc900Channels dlpc900_usual_channels{2, 0, 1};
// The frame that shows up to 24 patterns of equal shape: rows from the top down, pixels from the
// left, red, green and blue, a byte each.
std::vector<std::byte> video_frame(std::span<const hal::BitPattern> planes,
                                   Dlpc900Channels channels = dlpc900_usual_channels);

}  // namespace opal::drivers
