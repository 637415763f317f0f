// CoboltInstrument: a Cobolt laser as its serial line shows it, around a laser on the optical
// table.
//
// The states are those of the real one (protocol/cobolt.h): a CDRH unit answers OK to @cob1 and
// waits for its key, "l0" or not, until @cob0; light comes after the safety delay, and not before
// the temperatures are reached; an open interlock leaves a fault that only "cf" clears. Upper case
// is a syntax error.
#pragma once

#include "hal/laser.h"
#include "protocol/cobolt.h"
#include "protocol/text_lines.h"
#include "sim/instruments/lasers/line_instrument.h"

namespace opal::sim {

struct CoboltScene {
    protocol::CoboltFamily family = protocol::CoboltFamily::mld_06;
    std::string serial = "12345";
    std::string model = "0488-06-01-0100-100";
    double label_power_mw = 100;
    bool cdrh = false;      // the key has to be turned after @cob1
    bool autostart = true;  // false: OEM unit, "l1" works
    hal::Duration emission_delay{0};
    hal::Duration cold_for{0};  // from power-up; "waiting for temperatures", which the 05 alone has
    // What goes wrong on the line.
    bool echo = false;         // repeats each command first
    int empty_replies = 0;     // so many of the next replies are an empty line
    int lost_commands = 0;     // so many of the next commands are lost on the line
    bool silent = false;       // answers nothing
    bool stuck_on = false;     // "l0" answers OK and light stays
    bool wrong_power = false;  // takes half of the power asked for
    int stray_powers = 0;      // so many of the next "pa?" answer a 1 that means nothing
};

class CoboltInstrument final : public LineInstrument {
public:
    // `light`: armed and told what to do by this instrument alone. Both must outlive it.
    CoboltInstrument(hal::Laser& light, hal::Clock& clock, const CoboltScene& scene);

    std::string receive(std::span<const std::byte> bytes) override;
    void turn_key();  // off and on again, as a person would
    CoboltScene scene;

private:
    protocol::CoboltReply answer(const protocol::CoboltCommand& command);
    protocol::CoboltReply query(const std::string& name);
    protocol::CoboltReply set_power(const std::string& watts);
    void start();
    void settle();  // the delay is over, the interlock has opened
    int operating_state() const;
    bool cold() const;

    hal::Laser& light_;
    hal::Clock& clock_;
    protocol::LineSplitter lines_;
    double power_mw_ = 0;
    bool asked_ = false;  // to emit
    bool waits_for_key_ = false;
    bool lit_ = false;
    int fault_ = 0;
    const hal::Time warm_at_;
    hal::Time light_at_{};
};

}  // namespace opal::sim
