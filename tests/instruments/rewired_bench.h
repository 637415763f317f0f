// RewiredBench: a simulated bench with one of its devices behind a wire, which goes before what it
// speaks to; and what tests of such devices ask for.
#pragma once

#include "hal/bench.h"
#include "hal/error.h"
#include "sim/simulated_bench.h"
#include "sim/table/virtual_clock.h"

#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace opal::test {

class RewiredBench final : public hal::Bench {
public:
    explicit RewiredBench(sim::SimulatedBench& inner) : inner_(inner) {}
    void wire(std::unique_ptr<hal::Laser> laser) { laser_ = std::move(laser); }
    void wire(std::unique_ptr<hal::Dmd> dmd) { dmd_ = std::move(dmd); }
    hal::Dmd& dmd() override { return dmd_ ? *dmd_ : inner_.dmd(); }
    hal::Camera& camera() override { return inner_.camera(); }
    hal::Laser& laser() override { return laser_ ? *laser_ : inner_.laser(); }
    hal::Clock& clock() override { return inner_.clock(); }
    const std::string& name() const override { return inner_.name(); }
    const std::string& identity() const override { return inner_.identity(); }
    double laser_limit_mw() const override { return inner_.laser_limit_mw(); }

private:
    sim::SimulatedBench& inner_;
    std::unique_ptr<hal::Dmd> dmd_;
    std::unique_ptr<hal::Laser> laser_;
};

inline sim::VirtualClock& virtual_clock(hal::Bench& bench) {
    return dynamic_cast<sim::VirtualClock&>(bench.clock());
}

// One entry for each, with a trigger, 300 us and 200 us of dark.
inline hal::PatternSequence sequence_of_slots(std::initializer_list<std::uint32_t> slots) {
    using namespace std::chrono_literals;
    hal::PatternSequence sequence;
    for (const std::uint32_t slot : slots)
        sequence.entries.push_back({slot, 300us, 200us, hal::StartOn::previous_end, true});
    return sequence;
}

// What a call throws; nothing and "no fault" if it does not.
struct Fault {
    std::optional<hal::ErrorKind> kind;
    std::string text;
};

template <class Call>
Fault fault_of(Call&& call) {
    try {
        call();
    } catch (const hal::DeviceError& error) {
        return {error.kind(), error.what()};
    }
    return {std::nullopt, "no fault"};
}

}  // namespace opal::test
