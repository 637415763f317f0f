// DirectDmd: hal::Dmd straight on the optical table, without a wire in between.
//
// Patterns are reduced to light when they are loaded, once; showing them costs nothing.
#pragma once

#include "hal/dmd.h"
#include "hal/error.h"
#include "sim/table/light_pool.h"
#include "sim/table/optical_table.h"

#include <memory>
#include <string>
#include <vector>

namespace opal::sim {

class DirectDmd final : public hal::Dmd {
public:
    DirectDmd(OpticalTable& table, const Scene& scene);
    ~DirectDmd() override;
    DirectDmd(const DirectDmd&) = delete;
    DirectDmd& operator=(const DirectDmd&) = delete;

    const hal::DmdInfo& info() const override { return info_; }
    void load(std::uint32_t first_slot, std::span<const hal::BitPattern> patterns) override;
    void program(const hal::PatternSequence& sequence) override;
    void start() override;
    void stop() override;
    hal::DmdStatus status() override;
    // From the next program() on edges come so much later than the mirrors are commanded, those of
    // entry 0 not earlier.
    void delay_edges(hal::Duration delay) { edge_delay_ = delay; }

private:
    [[noreturn]] void fail(hal::ErrorKind kind, const char* operation,
                           const std::string& text) const;
    void check(const hal::PatternSequence& sequence) const;
    void check_entry(const hal::PatternSequence& sequence, std::size_t index) const;
    bool running() const;
    hal::Duration run_time() const;
    void resolve();
    std::shared_ptr<const ShownSequence> spoiled(std::shared_ptr<const ShownSequence> asked);

    OpticalTable& table_;
    hal::DmdInfo info_;
    LightPool pool_;
    std::vector<std::shared_ptr<const ChannelAmplitudes>> memory_;  // by slot; empty: not loaded
    std::vector<std::shared_ptr<const ChannelAmplitudes>> older_;   // before that; for faults
    hal::BitPattern stuck_;                                         // room for a pattern's faults
    hal::PatternSequence sequence_;                                 // programmed
    hal::Duration edge_delay_{0};
    std::shared_ptr<const ShownSequence> shown_;  // the same, resolved; empty after load/program
    // The run entries_started counts; its sequence goes when patterns are loaded, its count stays.
    std::shared_ptr<const ShownSequence> started_sequence_;
    hal::Duration started_at_{0};
    hal::Duration stopped_at_ = hal::Duration::max();
    std::uint64_t entries_started_ = 0;
};

}  // namespace opal::sim
