// FoundDevice: something `opal devices` came across, and what stands in the way of using it. Each
// kind of link has a file that looks for its devices; none opens, stops or switches anything.
#pragma once

#include "hal/clock.h"

#include <string>
#include <vector>

namespace opal::cli {

struct FoundDevice {
    std::string uri;    // as in bench files
    std::string about;  // "camera OPAL VirtualGigE  serial SIM-1  firmware 1.0"
    std::string state;  // "free", "in use by 10.0.0.1", "may be opened"
    bool free = false;
    std::vector<std::string> obstacles;  // each with what to do about it
};

struct DeviceSearch {
    std::string address;  // asked alone; empty: everybody on this machine's networks
    hal::Duration patience{0};
};

struct SearchResult {
    std::vector<FoundDevice> devices;
    std::vector<std::string> notes;
};

// Each takes little longer than `patience`. Safe to run beside one another.
SearchResult find_gige_cameras(const DeviceSearch& search);
// What is plugged in. Looks only.
SearchResult find_usb_cameras();
SearchResult find_usb_dmds();
// Lasers by the makers' USB numbers, other serial ports as what they are. Looks only.
SearchResult find_serial_lasers();
// Lasers and DMDs at the addresses they have by default, on this machine, or at the one asked for.
// Connects and hangs up: these protocols have no other way to be seen.
SearchResult find_tcp_instruments(const DeviceSearch& search);

}  // namespace opal::cli
