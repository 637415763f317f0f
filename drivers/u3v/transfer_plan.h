// TransferPlan: how the payload of a USB3 Vision frame is cut into transfers that both sides know
// of: `count` of `size` bytes, then a last one for the rest.
//
//   payload 1 440 000, alignment 1024, at most 1 MiB:   1 x 1 048 576, then 392 192
//
// Rule: every size is a multiple of the device's alignment and of the endpoint's packets, so that
// nothing the device sends can be more than was asked for. The storage of a frame is as large as
// the plan; what lies behind the payload is cut off later.
#pragma once

#include <cstddef>
#include <cstdint>

namespace opal::drivers::u3v {

struct TransferPlan {
    std::uint32_t size = 0;
    std::uint32_t count = 0;
    std::uint32_t last = 0;  // 0: none
    std::size_t room() const { return std::size_t{size} * count + last; }
    std::size_t transfers() const { return count + (last > 0 ? 1u : 0u); }
    bool operator==(const TransferPlan&) const = default;
};

// `step`: the larger of alignment and packet, a power of two; `largest` is at least that.
constexpr TransferPlan plan_transfers(std::uint64_t payload, std::uint32_t step,
                                      std::uint32_t largest) {
    TransferPlan plan;
    const std::uint64_t whole = payload / step * step;
    plan.size = static_cast<std::uint32_t>(whole < largest ? whole : largest / step * step);
    if (plan.size > 0) plan.count = static_cast<std::uint32_t>(payload / plan.size);
    const std::uint64_t rest = payload - std::uint64_t{plan.size} * plan.count;
    plan.last = static_cast<std::uint32_t>((rest + step - 1) / step * step);
    return plan;
}

}  // namespace opal::drivers::u3v
