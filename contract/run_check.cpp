// run_check: one check on one rig, and the bench put back afterwards. See checks.h and trial.h.
#include "contract/checks.h"
#include "contract/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace opal::contract {

namespace {

// As often as EmissionGuard tries: one lost answer must not leave a laser on.
constexpr int off_attempts = 3;

// Whether the laser says that it is off.
bool turned_off(Trial& trial) {
    std::string why;
    for (int attempt = 0; attempt < off_attempts; ++attempt) {
        try {
            trial.bench().laser().off();
            if (trial.bench().laser().status().state == hal::LaserState::off) return true;
            why = "it was told to and does not say that it is";
        } catch (const std::exception& e) {
            why = e.what();
        }
    }
    trial.expect(false, "the laser cannot be turned off: " + why, "put back", 0);
    return false;
}

// Every device by itself: one that no longer answers must not keep the others from being put back.
// Returns whether the bench is dark.
bool put_back(Trial& trial) {
    const auto attempt = [&](const char* what, auto&& act) {
        try {
            act();
        } catch (const std::exception& e) {
            trial.expect(false, fmt::format("{}: {}", what, e.what()), "put back", 0);
        }
    };
    attempt("the laser does not answer", [&] {
        const hal::LaserState left = trial.bench().laser().status().state;
        trial.expect(left != hal::LaserState::emitting && left != hal::LaserState::warming_up,
                     "the check left the laser on", "put back", 0);
    });
    const bool dark = turned_off(trial);
    attempt("the DMD cannot be stopped", [&] { trial.bench().dmd().stop(); });
    attempt("the camera cannot be disarmed", [&] { trial.bench().camera().disarm(); });
    return dark;
}

}  // namespace

void Trial::skip(const std::string& why) {
    skipped_ = why;
    throw Skipped();
}

bool Trial::expect(bool good, const std::string& text, const char* file, int line) {
    if (!good)
        failures_.push_back(line > 0
                                ? fmt::format("{} ({}:{})", text,
                                              std::filesystem::path(file).filename().string(), line)
                                : text);
    return good;
}

Result run_check(const Check& check, Rig& rig) {
    Result result;
    Trial trial(rig);
    const hal::Time begin = rig.bench().clock().now();
    bool reopened = false;
    try {
        if (check.fresh) {
            reopened = rig.reopen();
            if (!reopened) trial.skip("needs a bench that was just opened");
        }
        check.run(trial);
    } catch (const Skipped&) {
        result.outcome = Outcome::skipped;
    } catch (const Abandoned&) {
        // What was wrong has been noted.
    } catch (const std::exception& e) {
        trial.expect(false, e.what(), "", 0);
    }
    result.dark = put_back(trial);
    if (!reopened && !check.fresh)
        result.bench_seconds =
            std::chrono::duration<double>(rig.bench().clock().now() - begin).count();
    if (!trial.failures().empty()) {
        result.outcome = Outcome::failed;
        result.reasons = trial.failures();
    } else if (result.outcome == Outcome::skipped) {
        result.reasons = {trial.skipped()};
    }
    return result;
}

std::vector<Check> all_checks() {
    std::vector<Check> all;
    for (auto& list : {bench_checks(), laser_checks(), light_checks(), dmd_checks(),
                       camera_checks(), pairing_checks()})
        all.insert(all.end(), list.begin(), list.end());
    // What needs no light; whether light goes off again, first by the laser's word, then by the
    // camera's, which also finds the exposure for the rest; the rest.
    const auto turn = [](const Check& check) {
        if (check.light == Light::none) return 0;
        if (std::string_view(check.suite) == "light") return 2;
        return check.gate ? 1 : 3;
    };
    std::stable_sort(all.begin(), all.end(),
                     [&](const Check& a, const Check& b) { return turn(a) < turn(b); });
    return all;
}

}  // namespace opal::contract
