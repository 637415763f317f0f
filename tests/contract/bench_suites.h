// The contract checks (contract/checks.h) as doctest cases, one per device. A harness `H` owns a
// bench, `H().bench()`, and says what it can: H::has_door_switch and set_interlock(closed),
// H::has_trigger_input, H::time_tolerance(); optionally mirror_lag() (contract/rig.h).
#pragma once

#include "contract/checks.h"

#include <doctest/doctest.h>

#include <memory>

namespace opal::contract {

template <typename H>
class HarnessRig final : public Rig {
public:
    hal::Bench& bench() override { return harness_->bench(); }
    bool reopen() override {
        harness_.reset();
        harness_ = std::make_unique<H>();
        return true;
    }
    bool has_door_switch() const override { return H::has_door_switch; }
    void set_interlock(bool closed) override {
        if constexpr (H::has_door_switch) harness_->set_interlock(closed);
    }
    bool has_trigger_input() const override { return H::has_trigger_input; }
    hal::Duration time_tolerance() const override { return H::time_tolerance(); }
    std::optional<hal::Duration> mirror_lag() const override {
        if constexpr (requires(H & h) { h.mirror_lag(); })
            return harness_->mirror_lag();
        else
            return std::nullopt;
    }

private:
    std::unique_ptr<H> harness_ = std::make_unique<H>();
};

// Every check on a bench of its own. One that is skipped says so and fails nothing.
template <typename H>
void run_all(const std::vector<Check>& checks) {
    REQUIRE_FALSE(checks.empty());
    for (const Check& check : checks) {
        INFO(check.title);
        HarnessRig<H> rig;
        const Result result = run_check(check, rig);
        if (result.outcome == Outcome::skipped)
            MESSAGE(check.title << ": skipped: " << result.reasons.front());
        else
            for (const std::string& reason : result.reasons) FAIL_CHECK(reason);
    }
}

TEST_CASE_TEMPLATE_DEFINE("Bench contract", H, bench_suite) {
    run_all<H>(bench_checks());
}
TEST_CASE_TEMPLATE_DEFINE("Laser contract", H, laser_suite) {
    run_all<H>(laser_checks());
}
TEST_CASE_TEMPLATE_DEFINE("Dmd contract", H, dmd_suite) {
    run_all<H>(dmd_checks());
}
TEST_CASE_TEMPLATE_DEFINE("Camera contract", H, camera_suite) {
    run_all<H>(camera_checks());
}
TEST_CASE_TEMPLATE_DEFINE("Light contract", H, light_suite) {
    run_all<H>(light_checks());
}
TEST_CASE_TEMPLATE_DEFINE("Pairing contract", H, pairing_suite) {
    run_all<H>(pairing_checks());
}

#define OPAL_BENCH_SUITE(...) TEST_CASE_TEMPLATE_INVOKE(bench_suite, __VA_ARGS__)
#define OPAL_LASER_SUITE(...) TEST_CASE_TEMPLATE_INVOKE(laser_suite, __VA_ARGS__)
#define OPAL_DMD_SUITE(...) TEST_CASE_TEMPLATE_INVOKE(dmd_suite, __VA_ARGS__)
#define OPAL_CAMERA_SUITE(...) TEST_CASE_TEMPLATE_INVOKE(camera_suite, __VA_ARGS__)
#define OPAL_LIGHT_SUITE(...) TEST_CASE_TEMPLATE_INVOKE(light_suite, __VA_ARGS__)
#define OPAL_PAIRING_SUITE(...) TEST_CASE_TEMPLATE_INVOKE(pairing_suite, __VA_ARGS__)

}  // namespace opal::contract
