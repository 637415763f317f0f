// Fields of DLPC900 boards: see bench_fields_dlpc900.h.
#include "cli/bench_fields_dlpc900.h"

#include "cli/bench_field_values.h"

#include <fmt/format.h>

namespace opal::cli {

using drivers::DeviceKind;
using Plan = drivers::WireBenchPlan;

void add_dlpc900_leaving(std::vector<BenchField>& fields) {
    fields.push_back({"dmd.standby_at_end",
                      false,
                      {DeviceKind::dlpc900},
                      "yes or no",
                      "whether the board goes to standby whenever OPAL is done with it, as it "
                      "should before its power goes; the next opening waits two minutes then. "
                      "opal standby does it once. Without it: no",
                      [](Plan& plan, const std::string& text) {
                          const auto standby = is_second(text, "no", "yes");
                          plan.dmd_facts.standby_at_end = standby.value_or(false);
                          return standby.has_value();
                      },
                      [](const Plan& plan) {
                          return plan.dmd_facts.standby_at_end ? quoted("yes") : std::string();
                      }});
}

void add_dlpc900_triggers(std::vector<BenchField>& fields) {
    fields.push_back({"trigger.output",
                      false,
                      {DeviceKind::dlpc900},
                      "1 or 2",
                      "which of the board's outputs is wired to the camera: TRIG_OUT_1 is as long "
                      "as the exposures and needs dark times, TRIG_OUT_2 has pulses of its own. "
                      "Without it: 2",
                      [](Plan& plan, const std::string& text) {
                          const auto first = is_second(text, "2", "1");
                          plan.trigger.output = first.value_or(false) ? 1 : 2;
                          return first.has_value();
                      },
                      [](const Plan& plan) {
                          return plan.trigger.output == 2 ? std::string()
                                                          : fmt::format("{}", plan.trigger.output);
                      }});
    fields.push_back({"trigger.delay_us",
                      false,
                      {DeviceKind::dlpc900},
                      "a whole number, -20 to 20000, in us",
                      "from the mirrors' command to the beginning of a pulse; patterns are shown "
                      "as long after it as without it. Without it: 0",
                      [](Plan& plan, const std::string& text) {
                          const auto us = whole_us(text, -20, 20000);
                          plan.trigger.delay = us.value_or(hal::Duration{0});
                          return us.has_value();
                      },
                      [](const Plan& plan) {
                          const hal::Duration delay = plan.trigger.delay;
                          return delay == hal::Duration{0} ? std::string() : text_in_us(delay);
                      }});
    fields.push_back({"trigger.input",
                      false,
                      {DeviceKind::dlpc900},
                      "rising or falling",
                      "something drives TRIG_IN_1, and these edges count: entries can wait for "
                      "them. Without it: nothing is wired there",
                      [](Plan& plan, const std::string& text) {
                          plan.trigger.input_falling = is_second(text, "rising", "falling");
                          return plan.trigger.input_falling.has_value();
                      },
                      [](const Plan& plan) {
                          const auto falling = plan.trigger.input_falling;
                          if (!falling) return std::string();
                          return quoted(*falling ? "falling" : "rising");
                      }});
    fields.push_back({"trigger.input_delay_us",
                      false,
                      {DeviceKind::dlpc900},
                      "a whole number, 104 to 65535, in us",
                      "from an edge at TRIG_IN_1 to the mirrors. Without it: 105",
                      [](Plan& plan, const std::string& text) {
                          plan.trigger.input_delay = whole_us(text, 104, 65535);
                          return plan.trigger.input_delay.has_value();
                      },
                      [](const Plan& plan) { return text_in_us(plan.trigger.input_delay); }});
    fields.push_back({"trigger.gate",
                      false,
                      {DeviceKind::dlpc900},
                      "high or low",
                      "the level of TRIG_IN_2 at which the board runs. Without it: high",
                      [](Plan& plan, const std::string& text) {
                          const auto low = is_second(text, "high", "low");
                          plan.trigger.gate_inverted = low.value_or(false);
                          return low.has_value();
                      },
                      [](const Plan& plan) {
                          return plan.trigger.gate_inverted ? quoted("low") : std::string();
                      }});
}

}  // namespace opal::cli
