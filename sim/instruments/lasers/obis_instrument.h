// ObisInstrument: a Coherent OBIS as its serial line shows it, around a laser on the optical table.
//
// Handshaking can be off when somebody opens it, as a host program before may have left it. AM:STAT
// ON is taken whenever the key is on, and light comes when the laser has warmed up and after the
// CDRH delay. With the key out the status word says so, and says "interlock open" whatever the door
// does.
#pragma once

#include "hal/laser.h"
#include "protocol/obis.h"
#include "protocol/text_lines.h"
#include "sim/instruments/lasers/line_instrument.h"

#include <cstdint>
#include <string>

namespace opal::sim {

struct ObisScene {
    std::string model = "OBIS 660nm 100mW LX";
    std::string serial = "VLX123456";
    double wavelength_nm = 660;
    double label_power_mw = 100;
    bool handshake = true;
    bool key_on = true;
    hal::Duration emission_delay{0};  // CDRH: 5 s
    hal::Duration cold_for{0};        // from power-up
    std::uint32_t more_status = 0;    // bits the status word has besides: faults
    bool silent = false;              // answers nothing
    bool stuck_on = false;            // AM:STAT OFF is answered OK, and nothing happens
};

class ObisInstrument final : public LineInstrument {
public:
    // `light`: armed and told what to do by this instrument alone. Both must outlive it.
    ObisInstrument(hal::Laser& light, hal::Clock& clock, const ObisScene& scene);

    std::string receive(std::span<const std::byte> bytes) override;
    ObisScene scene;

private:
    std::string answer(const protocol::ObisCommand& command);
    std::string query(const std::string& header);
    int change(const protocol::ObisCommand& command);  // 0, or the error's number
    int set_power(const std::string& watts);
    void settle();
    std::uint32_t status_word() const;

    hal::Laser& light_;
    hal::Clock& clock_;
    protocol::LineSplitter lines_;
    double power_mw_ = 0;
    bool asked_ = false;
    bool lit_ = false;
    const hal::Time warm_at_;
    hal::Time light_at_{};
};

}  // namespace opal::sim
