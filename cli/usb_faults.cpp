// Faults of cables: see usb_faults.h.
#include "cli/usb_faults.h"

#include <chrono>

namespace opal::cli {

using sim::FaultKind;
using sim::U3vFaults;

bool spoil(sim::VirtualU3vCamera& camera, const sim::Fault& fault) {
    switch (fault.kind) {
        case FaultKind::usb_stall:
            camera.spoil_next_frame(U3vFaults::Fate::stalled);
            return true;
        case FaultKind::usb_short_packet:
            camera.spoil_next_frame(U3vFaults::Fate::silent_short);
            return true;
        case FaultKind::usb_no_trailer:
            camera.spoil_next_frame(U3vFaults::Fate::no_trailer);
            return true;
        case FaultKind::usb_overrun:
            camera.spoil_next_frame(U3vFaults::Fate::overrun);
            return true;
        case FaultKind::usb_reply_lost:
            camera.spoil_next_reply(U3vFaults::Reply::lost, {});
            return true;
        case FaultKind::usb_slow_reply:
            camera.spoil_next_reply(
                U3vFaults::Reply::fine,
                std::chrono::duration_cast<hal::Duration>(
                    std::chrono::duration<double, std::milli>(fault.values[0])));
            return true;
        default:
            return false;
    }
}

bool spoil(sim::Dlpc900Instrument& board, const sim::Fault& fault) {
    switch (fault.kind) {
        case FaultKind::board_refusal:
            board.scene.refusals = 1;
            return true;
        case FaultKind::upload_spoilt:
            board.scene.spoiled_uploads = 1;  // the next picture
            return true;
        default:
            return false;
    }
}

}  // namespace opal::cli
