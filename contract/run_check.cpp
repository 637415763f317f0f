// run_check: one check on one rig, and the bench put back afterwards. See checks.h and trial.h.
#include "contract/checks.h"
#include "contract/trial.h"

#include <fmt/format.h>

#include <filesystem>

namespace opal::contract {

namespace {

// Every device by itself: one that no longer answers must not keep the others from being put back.
void put_back(Trial& trial) {
    const auto attempt = [&](const char* what, auto&& act) {
        try {
            act();
        } catch (const std::exception& e) {
            trial.expect(false, fmt::format("{}: {}", what, e.what()), "put back", 0);
        }
    };
    attempt("the laser cannot be turned off", [&] {
        const hal::LaserState left = trial.bench().laser().status().state;
        trial.expect(left != hal::LaserState::emitting && left != hal::LaserState::warming_up,
                     "the check left the laser on", "put back", 0);
        trial.bench().laser().off();
        trial.expect(trial.bench().laser().status().state == hal::LaserState::off,
                     "the laser was told to go off and does not say that it is", "put back", 0);
    });
    attempt("the DMD cannot be stopped", [&] { trial.bench().dmd().stop(); });
    attempt("the camera cannot be disarmed", [&] { trial.bench().camera().disarm(); });
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
    put_back(trial);
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
    std::vector<Check> dark;
    std::vector<Check> lit;
    // Light comes first among what emits: it finds the exposure for the rest.
    for (auto& list : {bench_checks(), laser_checks(), light_checks(), dmd_checks(),
                       camera_checks(), pairing_checks()})
        for (const Check& check : list) (check.light == Light::none ? dark : lit).push_back(check);
    dark.insert(dark.end(), lit.begin(), lit.end());
    return dark;
}

}  // namespace opal::contract
