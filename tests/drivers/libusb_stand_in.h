// LibusbStandIn: what a test says about the bus that libusb_stand_in.cpp pretends to be: one device
// FFFE:0001 with one interface and the bulk endpoint 0x81.
#pragma once

#include <libusb-1.0/libusb.h>

#include <vector>

namespace opal::tests {

struct LibusbStandIn {
    int handle_events_returns = 0;  // without any wait
    bool reads_end = false;         // events complete all submitted reads
    bool closed = false;
    long events_asked = 0;
    std::vector<libusb_transfer*> submitted;
    std::vector<libusb_transfer*> freed;
};

LibusbStandIn& libusb_stand_in();

}  // namespace opal::tests
