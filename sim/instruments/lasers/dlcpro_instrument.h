// DlcProInstrument: a Toptica DLC pro as its command and monitoring lines show it, around a laser
// on the optical table.
//
// The diode's power rises by the slope above its threshold. Emission needs the current source
// enabled, the front key unlocked and the interlock closed; opening the interlock leaves the source
// enabled and dark. Currents beyond the clip are clipped and answered with 2.
#pragma once

#include "hal/laser.h"
#include "protocol/dlcpro.h"
#include "protocol/text_lines.h"
#include "sim/instruments/lasers/line_instrument.h"

#include <functional>
#include <map>
#include <string>

namespace opal::sim {

struct DlcProScene {
    std::string serial = "DLC PRO_012345";
    std::string product = "DL pro 780";
    double threshold_ma = 40;
    double slope_mw_per_ma = 1;
    double clip_ma = 140;
    bool key_locked = false;
    bool echo = false;
    bool silent = false;    // answers nothing
    bool stuck_on = false;  // "enabled #f" is answered 0, and nothing happens
};

class DlcProInstrument {
public:
    // `light`: armed and told what to do by this instrument alone. Both must outlive it.
    DlcProInstrument(hal::Laser& light, hal::Clock& clock, const DlcProScene& scene);

    // What the command port sends to whoever connects.
    std::string greeting() const;
    std::string command(std::span<const std::byte> bytes);
    // A host connects to the monitoring port: it has asked for nothing yet.
    void monitor_connected();
    std::string monitor(std::span<const std::byte> bytes);
    // What the monitoring line pushes now: what was added and has changed since it was last told,
    // and every value asked for once.
    std::string events();
    DlcProScene scene;

private:
    protocol::DlcReply answer(const protocol::DlcCommand& command);
    protocol::DlcReply value_of(const std::string& name) const;
    protocol::DlcReply set(const std::string& name, const protocol::DlcValue& value);
    std::string event(const std::string& name, const protocol::DlcReply& reply) const;
    void settle();

    hal::Laser& light_;
    hal::Clock& clock_;
    protocol::LineSplitter commands_;
    protocol::LineSplitter requests_;
    std::map<std::string, std::string> watched_;  // name of a parameter -> what was last told
    double current_ma_ = 0;
    bool enabled_ = false;
    bool lit_ = false;
};

}  // namespace opal::sim
