// The simulated bench with direct devices keeps every device contract.
#include "tests/contract/bench_suites.h"
#include "tests/contract/clock_suite.h"
#include "tests/contract/small_bench.h"

// doctest opens its own namespace in these macros, so they stand outside any other.
using namespace opal::contract;

TYPE_TO_STRING(SmallBench);

OPAL_BENCH_SUITE(SmallBench);
OPAL_DMD_SUITE(SmallBench);
OPAL_CAMERA_SUITE(SmallBench);
OPAL_LASER_SUITE(SmallBench);
OPAL_LIGHT_SUITE(SmallBench);
OPAL_CLOCK_SUITE(SmallBench);
