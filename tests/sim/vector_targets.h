// VectorTargets: runs a check once per instruction set this machine has and Highway compiled.
#pragma once

#include <doctest/doctest.h>
#include <hwy/highway.h>

#include <string>

namespace opal::test {

template <class Check>
void for_each_vector_target(const Check& check) {
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
        hwy::SetSupportedTargetsForTest(target);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
        const std::string name = hwy::TargetName(target);
        CAPTURE(name);
        check();
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace opal::test
