// What the checks of a contract run a bench with, for other tests; it lives with the checks.
#pragma once

#include "contract/bench_run.h"
