// VectorTargets: runs a check once per instruction set this machine has and Highway compiled.
#pragma once

#include <doctest/doctest.h>
#include <hwy/highway.h>

namespace opal::test {

template <class Check>
void for_each_vector_target(const Check& check) {
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
        hwy::SetSupportedTargetsForTest(target);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
        CAPTURE(hwy::TargetName(target));
        check();
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace opal::test
