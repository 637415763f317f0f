// SelftestJunit: the cases of a self test as JUnit XML, which every CI server reads: one
// <testsuite> per suite, one <testcase> per case, <failure> and <skipped> with their reasons.
#pragma once

#include "cli/selftest_run.h"

#include <string>
#include <utility>
#include <vector>

namespace opal::cli {

struct JunitFacts {
    std::string name;  // of the whole: "opal selftest on simulated bench 'lab'"
    std::vector<std::pair<std::string, std::string>> properties;
};

std::string junit_xml(const JunitFacts& facts, const std::vector<SelftestCase>& cases);

}  // namespace opal::cli
